package docs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	sdk "github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/flags/flagstest"
	"github.com/cpodkit/cpodkit/flags/openfeature"
	"github.com/cpodkit/cpodkit/internal/webtest"
)

// flagsFile makes the file of the page.
func flagsFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "flags.json")
	if err := os.WriteFile(name, []byte(`{"flags": {
		"dark_mode": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
			"targeting": {"if": [{"==": [{"var": "plan"}, "pro"]}, "on", null]}},
		"new-checkout": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
			"targeting": {"if": [{"==": [{"var": "identity.claims.plan"}, "pro"]}, "on"]}},
		"banner": {"state": "ENABLED", "variants": {"red": "r", "blue": "b"}, "defaultVariant": "red",
			"targeting": {"fractional": [["red", 90], ["blue", 10]]}}
	}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFlags(t *testing.T) {
	t.Parallel()
	identity := cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "ann"}
	name := flagsFile(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	evaluate := func() (bool, error) {
		file, err := flags.NewFile(ctx, name)
		if err != nil {
			return false, err
		}
		all, err := flags.New(file)
		if err != nil {
			return false, err
		}
		go all.Run(ctx) // keeps the flags current

		plan := &flags.Context{Attributes: map[string]any{"plan": "pro"}}
		return all.For(identity).Bool(ctx, "dark_mode", false, plan)
	}
	if on, err := evaluate(); !on || err != nil {
		t.Errorf("the flag is %t, %v", on, err)
	}
	must(t, func() error { return guarded(ctx, identity, name) })
	must(t, func() error { return throughOpenFeature(ctx, name) })
	must(t, func() error { return details(ctx, identity, name) })
}

func details(ctx context.Context, identity cpodkit.Identity, name string) error {
	file, err := flags.NewFile(ctx, name)
	if err != nil {
		return err
	}
	tenants := flags.NewMemory()
	all, err := flags.New(flags.Merge(file, tenants))
	if err != nil {
		return err
	}
	result, err := all.For(identity).Evaluate(ctx, "banner", nil)
	if err != nil {
		return err // the flags have never been read
	}
	color, result := result.String("red")
	if color == "" || result.Reason != flags.ReasonTargetingMatch {
		return fmt.Errorf("the result is %+v", result)
	}
	return all.Ping(ctx)
}

// claimsOf stands for what an authentication knows of a request.
func claimsOf(context.Context) map[string]any {
	return map[string]any{"plan": "pro", "email": "ann@example.com"}
}

func guarded(ctx context.Context, identity cpodkit.Identity, name string) error {
	file, err := flags.NewFile(ctx, name)
	if err != nil {
		return err
	}
	all, err := flags.New(file, flags.WithClaims(func(ctx context.Context, _ cpodkit.Identity) map[string]any {
		return map[string]any{"plan": claimsOf(ctx)["plan"]}
	}))
	if err != nil {
		return err
	}
	checkout := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "paid") })
	authenticate := webtest.As(identity)
	mux := http.NewServeMux()
	mux.Handle("GET /checkout", flags.Require("new-checkout")(checkout))
	mux.HandleFunc("GET /home", func(w http.ResponseWriter, r *http.Request) {
		dark, err := flags.FromContext(r.Context()).Bool(r.Context(), "dark_mode", false, nil)
		if err != nil {
			cpodkit.WriteError(w, r, err)
			return
		}
		fmt.Fprint(w, dark)
	})
	handler := authenticate(all.Attach(mux))
	anonymous := all.Attach(mux)
	return errors.Join(
		wantStatus(handler, "/checkout", http.StatusOK), wantStatus(handler, "/home", http.StatusOK),
		wantStatus(anonymous, "/checkout", http.StatusUnauthorized),
	)
}

func throughOpenFeature(ctx context.Context, name string) error {
	file, err := flags.NewFile(ctx, name)
	if err != nil {
		return err
	}
	all, err := flags.New(file)
	if err != nil {
		return err
	}
	api := isolated.NewAPI()
	provider, err := openfeature.New(ctx, openfeature.InProcess(all, "acme"))
	if err != nil {
		return err
	}
	if err := api.SetProviderAndWait(ctx, provider); err != nil {
		return err
	}
	pro := sdk.NewEvaluationContext("ann", map[string]any{"plan": "pro"})
	dark, err := api.NewClient().BooleanValue(ctx, "dark_mode", false, pro)
	if err == nil && !dark {
		err = errors.New("it is not dark")
	}
	return errors.Join(err, api.Shutdown(ctx))
}

func TestFlagsSuite(t *testing.T) {
	t.Parallel()
	flagstest.Run(t, func(testing.TB) flagstest.Editor {
		source := flags.NewMemory()
		return flagstest.Editor{
			Source: source,
			Put: func(t testing.TB, tenantID, definition string) {
				t.Helper()
				if err := source.Set(tenantID, []byte(definition)); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}
