package flags_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/internal/webtest"
)

// echo is a flag whose variant is what a rule finds.
func echo(rule string, variants ...string) string {
	var all []string
	for _, v := range append(variants, "none") {
		all = append(all, `"`+v+`": "`+v+`"`)
	}
	return `{"flags": {"f": {"state": "ENABLED", "variants": {` + strings.Join(all, ",") + `}, "defaultVariant": "none", "targeting": ` + rule + `}}}`
}

func fixed(t testing.TB, definition string, opts ...flags.Option) *flags.Flags {
	t.Helper()
	m := flags.NewMemory()
	if err := m.Set("", []byte(definition)); err != nil {
		t.Fatal(err)
	}
	return open(t, m, opts...)
}

func TestTargetingKey(t *testing.T) {
	t.Parallel()
	all := fixed(t, echo(`{"var": "targetingKey"}`, "key", "attribute", "user_id", "ann", "shop"))
	ann := cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "ann"}
	service := cpodkit.Identity{TenantID: "acme", AppID: "shop"}
	userID := map[string]any{"user_id": "user_id"}
	both := map[string]any{"user_id": "user_id", "targetingKey": "attribute"}
	for name, c := range map[string]struct {
		handle  flags.Handle
		context *flags.Context
		want    string
	}{
		"the context's":          {all.For(ann), &flags.Context{TargetingKey: "key", Attributes: both}, "key"},
		"the context's, as JSON": {all.For(ann), &flags.Context{Attributes: both}, "attribute"},
		"the context's user_id":  {all.For(ann), &flags.Context{Attributes: userID}, "user_id"},
		"the token's user":       {all.For(ann), nil, "ann"},
		"the token's app":        {all.For(service), &flags.Context{}, "shop"},
		"nobody's":               {all.Trusted("acme"), nil, "none"},
	} {
		if v, err := c.handle.String(t.Context(), "f", "", c.context); v != c.want || err != nil {
			t.Errorf("%s: the targeting key is %q, %v; want %q", name, v, err, c.want)
		}
	}
	if len(both) != 2 || len(userID) != 1 {
		t.Error("an evaluation has changed the context")
	}
}

// Rules see the identity that the server has verified, whatever the client sends.
func TestIdentityInContext(t *testing.T) {
	t.Parallel()
	ann := cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "ann"}
	forged := &flags.Context{Attributes: map[string]any{"identity": map[string]any{"tenant": "evil", "user": "evil", "claims": map[string]any{"plan": "evil"}}}}
	claims := flags.WithClaims(func(_ context.Context, id cpodkit.Identity) map[string]any {
		return map[string]any{"plan": "pro", "of": id.UserID}
	})
	for rule, want := range map[string]string{
		"identity.tenant": "acme", "identity.app": "shop", "identity.user": "ann", "identity.claims.plan": "pro", "identity.claims.of": "ann",
		"identity.other": "none",
	} {
		all := fixed(t, echo(`{"var": "`+rule+`"}`, "evil", "acme", "shop", "ann", "pro"), claims)
		if v, err := all.For(ann).String(t.Context(), "f", "", forged); v != want || err != nil {
			t.Errorf("%s is %q, %v; want %q", rule, v, err, want)
		}
	}
	all := fixed(t, echo(`{"var": "identity.tenant"}`, "acme"), claims)
	if v, _ := all.Trusted("acme").String(t.Context(), "f", "", nil); v != "acme" {
		t.Errorf("the tenant of trusted code is %q", v)
	}
	whole := all.For(ann).Complete(t.Context(), nil)
	set, err := flags.Parse([]byte(echo(`{"var": ["identity.user"]}`, "ann")))
	if err != nil {
		t.Fatal(err)
	}
	if r := set.Evaluate("f", whole); r.Variant != "ann" {
		t.Errorf("the completed context leads to %+v", r)
	}
}

func TestHandles(t *testing.T) {
	t.Parallel()
	all := fixed(t, everything)
	ctx := t.Context()
	ann := all.For(cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "ann"})
	staff := &flags.Context{Attributes: map[string]any{"email": "ann@example.com"}}
	if v, err := ann.Bool(ctx, "targeted", false, staff); !v || err != nil {
		t.Errorf("Bool is %v, %v", v, err)
	}
	if v, err := ann.String(ctx, "string", "", nil); v != "text" || err != nil {
		t.Errorf("String is %v, %v", v, err)
	}
	if v, err := ann.Int(ctx, "integer", 0, nil); v != 10 || err != nil {
		t.Errorf("Int is %v, %v", v, err)
	}
	if v, err := ann.Float(ctx, "fraction", 0, nil); v != 3.14 || err != nil {
		t.Errorf("Float is %v, %v", v, err)
	}
	if v, err := ann.Object(ctx, "array", nil, nil); !reflect.DeepEqual(v, []any{1.0, "a"}) || err != nil {
		t.Errorf("Object is %v, %v", v, err)
	}
	if v, err := ann.Int(ctx, "string", -1, nil); v != -1 || err != nil {
		t.Errorf("Int of a string is %v, %v", v, err)
	}
	results, err := ann.EvaluateAll(ctx, staff)
	if err != nil || len(results) != 20 {
		t.Errorf("EvaluateAll is %d results, %v", len(results), err)
	}
	some, err := ann.EvaluateAll(ctx, staff, "targeted", "none", "static")
	if err != nil || len(some) != 3 || some[0].Value != true || some[1].ErrorCode != flags.ErrorFlagNotFound || some[2].Key != "static" {
		t.Errorf("EvaluateAll of three is %+v, %v", some, err)
	}
	if set, err := ann.Set(ctx); err != nil || set.Len() != 20 || !maps.Equal(set.Metadata(), map[string]any{"flagSetId": "shop", "version": 1.0}) {
		t.Errorf("Set is %v, %v", set, err)
	}
}

func TestHandlesWithoutIdentity(t *testing.T) {
	t.Parallel()
	all := fixed(t, everything)
	for name, c := range map[string]struct {
		handle flags.Handle
		want   cpodkit.Code
	}{
		"no identity":     {all.For(cpodkit.Identity{}), cpodkit.CodeMissingToken},
		"no handle":       {flags.FromContext(t.Context()), cpodkit.CodeMissingToken},
		"a long id":       {all.For(cpodkit.Identity{TenantID: strings.Repeat("x", 65), AppID: "a"}), cpodkit.CodeForbidden},
		"no app":          {all.For(cpodkit.Identity{TenantID: "acme"}), cpodkit.CodeForbidden},
		"trusted, no id":  {all.Trusted(""), cpodkit.CodeValidationFailed},
		"trusted, a path": {all.Trusted(".."), cpodkit.CodeValidationFailed},
	} {
		if v, err := c.handle.Bool(t.Context(), "static", false, nil); v || cpodkit.CodeOf(err) != c.want {
			t.Errorf("%s: Bool is %t, %v", name, v, err)
		}
		if _, err := c.handle.EvaluateAll(t.Context(), nil); cpodkit.CodeOf(err) != c.want {
			t.Errorf("%s: EvaluateAll is %v", name, err)
		}
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	source := newFaulty(t, map[string]string{"": checkout})
	all := open(t, source)
	ann := cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "ann"}
	bob := cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "bob"}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	guarded := func(key string) http.Handler { return all.Attach(flags.Require(key)(hello)) }
	call := func(h http.Handler) *webtest.Answer {
		return webtest.Serve(h, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/checkout", nil), "")
	}
	call(webtest.As(ann)(guarded("new-checkout"))).WantStatus(t, http.StatusNoContent)
	call(webtest.As(bob)(guarded("new-checkout"))).WantProblem(t, cpodkit.CodeNotFound)
	call(webtest.As(ann)(guarded("unknown"))).WantProblem(t, cpodkit.CodeNotFound)
	call(guarded("new-checkout")).WantProblem(t, cpodkit.CodeMissingToken)
	call(webtest.As(ann)(flags.Require("new-checkout")(hello))).WantProblem(t, cpodkit.CodeMissingToken)
	source.fail(cpodkit.CodeUnavailable)
	call(webtest.As(cpodkit.Identity{TenantID: "unread", AppID: "a"})(guarded("new-checkout"))).WantProblem(t, cpodkit.CodeUnavailable)
	call(webtest.As(ann)(guarded("new-checkout"))).WantStatus(t, http.StatusNoContent)
}

const checkout = `{"flags": {"new-checkout": {
	"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
	"targeting": {"if": [{"==": [{"var": "identity.user"}, "ann"]}, "on", null]}}}}`
