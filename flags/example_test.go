package flags_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
)

const darkMode = `{
	"flags": {
		"dark-mode": {
			"state": "ENABLED",
			"variants": {"on": true, "off": false},
			"defaultVariant": "off",
			"targeting": {"if": [{"==": [{"var": "plan"}, "pro"]}, "on", null]}
		},
		"banner": {
			"state": "ENABLED",
			"variants": {"red": "#ff0000", "blue": "#0000ff"},
			"defaultVariant": "red",
			"targeting": {"fractional": [["red", 90], ["blue", 10]]}
		}
	}
}`

func Example() {
	ctx := context.Background()
	source := flags.NewMemory()
	if err := source.Set("acme", []byte(darkMode)); err != nil {
		fmt.Println(err)
		return
	}
	all, err := flags.New(source)
	if err != nil {
		fmt.Println(err)
		return
	}
	go all.Run(ctx) // keeps the flags current

	ann := all.For(cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "ann"})
	on, err := ann.Bool(ctx, "dark-mode", false, &flags.Context{Attributes: map[string]any{"plan": "pro"}})
	fmt.Println(on, err)
	result, err := ann.Evaluate(ctx, "banner", nil)
	fmt.Println(result.Value, result.Variant, result.Reason, err)
	// Output:
	// true <nil>
	// #ff0000 red TARGETING_MATCH <nil>
}

func ExampleParse() {
	set, err := flags.Parse([]byte(darkMode))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, plan := range []string{"pro", "free"} {
		result := set.Evaluate("dark-mode", &flags.Context{Attributes: map[string]any{"plan": plan}})
		fmt.Println(plan, result.Value, result.Reason)
	}
	// Output:
	// pro true TARGETING_MATCH
	// free false DEFAULT
}

// A wrong definition says where it is wrong.
func ExamplePosition() {
	definition := []byte("{\"flags\": {\"f\": {\n  \"state\": \"on\",\n  \"variants\": {\"on\": true}\n}}}")
	_, err := flags.Parse(definition)
	fmt.Println(cpodkit.CodeOf(err))
	fmt.Println(flags.Position(definition, "/flags/f/state"))
	// Output:
	// validation_failed
	// 2 3
}

// A folder of definitions, which is watched, and the flags of each tenant over it.
func ExampleMerge() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "flags")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "all.json"), []byte(darkMode), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	ofAll, err := flags.NewFile(ctx, dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	ofTenants := flags.NewMemory()
	all, err := flags.New(flags.Merge(ofAll, ofTenants))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(all.Trusted("acme").Bool(ctx, "dark-mode", true, nil))
	// Output:
	// false <nil>
}

func ExampleRequire() {
	source := flags.NewMemory()
	all, err := flags.New(source)
	if err != nil {
		fmt.Println(err)
		return
	}
	checkout := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "paid") })
	mux := http.NewServeMux()
	mux.Handle("POST /checkout", all.Attach(flags.Require("new-checkout")(checkout)))
}
