package flags_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
)

const checkout = `{"flags": {"new-checkout": {
	"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
	"targeting": {"if": [{"==": [{"var": "identity.user"}, "ann"]}, "on", null]}}}}`

func TestHandle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := flags.NewMemory()
		if err := source.Set("acme", []byte(checkout)); err != nil {
			t.Fatal(err)
		}
		all, err := flags.New(source)
		if err != nil {
			t.Fatal(err)
		}
		ann := all.For(cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "ann"})
		if on, err := ann.Bool(t.Context(), "new-checkout", false, nil); !on || err != nil {
			t.Errorf("Bool is %t, %v", on, err)
		}
		bob := all.For(cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "bob"})
		if on, err := bob.Bool(t.Context(), "new-checkout", true, nil); on || err != nil {
			t.Errorf("Bool is %t, %v", on, err)
		}
		go all.Run(t.Context())
		synctest.Wait()
		if err := source.Set("acme", []byte(`{"flags":{}}`)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		r, err := ann.Evaluate(t.Context(), "new-checkout", nil)
		if r.ErrorCode != flags.ErrorFlagNotFound || err != nil {
			t.Errorf("Evaluate is %+v, %v", r, err)
		}
	})
}
