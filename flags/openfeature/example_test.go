package openfeature_test

import (
	"context"
	"fmt"

	sdk "github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"

	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/flags/openfeature"
)

func Example() {
	ctx := context.Background()
	source := flags.NewMemory()
	err := source.Set("acme", []byte(`{"flags": {"dark-mode": {
		"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
		"targeting": {"if": [{"==": [{"var": "plan"}, "pro"]}, "on", null]}}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	all, err := flags.New(source)
	if err != nil {
		fmt.Println(err)
		return
	}
	provider, err := openfeature.New(ctx, openfeature.InProcess(all, "acme"))
	if err != nil {
		fmt.Println(err)
		return
	}
	api := isolated.NewAPI()
	if err := api.SetProviderAndWait(ctx, provider); err != nil {
		fmt.Println(err)
		return
	}
	client := api.NewClient()
	fmt.Println(client.BooleanValue(ctx, "dark-mode", false, sdk.NewEvaluationContext("ann", map[string]any{"plan": "pro"})))
	fmt.Println(api.Shutdown(ctx))
	// Output:
	// true <nil>
	// <nil>
}
