package kv_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// calls are all calls on one key.
func calls(path, query string) []request {
	return []request{
		{method: "PUT", path: path + query, body: `{"value":"x"}`},
		{method: "GET", path: path + query},
		{method: "HEAD", path: path + query},
		{method: "DELETE", path: path + query},
		{method: "POST", path: path + "/incr" + query},
		{method: "GET", path: path + "/ttl" + query},
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	writes := map[string]bool{"PUT": true, "DELETE": true, "POST": true}
	for _, r := range calls("k", "") {
		r.token = "unknown"
		if got := s.wantError(r, cpodkit.CodeMissingToken); got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s without a token has no challenge", r.method)
		}
		r.token = "scopeless"
		s.wantError(r, cpodkit.CodeInvalidScope)
		r.token = "impossible"
		s.wantError(r, cpodkit.CodeForbidden)

		scope := "read"
		r.token = "writer"
		if writes[r.method] {
			scope, r.token = "write", "reader"
		}
		challenge := s.wantError(r, cpodkit.CodeInvalidScope).header.Get("WWW-Authenticate")
		if !strings.Contains(challenge, `scope="storage.private.`+scope+`"`) {
			t.Errorf("%s %s: the challenge is %s", r.method, r.path, challenge)
		}
	}
	for _, r := range calls("k", "?tier=user") {
		s.wantError(r, cpodkit.CodeUserRequired)
	}
	for _, r := range calls("k", "?tier=shared") {
		r.token = "reader"
		s.wantError(r, cpodkit.CodeInvalidScope)
	}
	// A body is not even looked at before the scope is.
	s.wantError(request{token: "reader", method: "PUT", path: "k", body: strings.Repeat("x", 7<<20)}, cpodkit.CodeInvalidScope)
}

func TestQueryParameters(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	for _, query := range []string{
		"?tier=", "?tier=Private", "?tier=system", "?tier=private&tier=shared", "?tier=private&tier=private",
		"?app=beta", "?tier=shared&app=beta", "?app=*", "?tier=%zz", "?a;b",
	} {
		for _, r := range calls("k", query) {
			s.wantError(r, cpodkit.CodeBadRequest)
		}
	}
	for _, r := range calls("k", "?tier=user&app=beta") {
		r.token = "ann"
		s.wantError(r, cpodkit.CodeBadRequest)
	}
}

// TestIdentitiesAreIsolated gives the same key to every identity and tier, and
// checks that each finds its own value and nobody else's.
func TestIdentitiesAreIsolated(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	places := []struct{ token, tier string }{
		{"alpha", "private"}, {"beta", "private"}, {"elsewhere", "private"},
		{"ann", "user"}, {"ann-beta", "user"}, {"bob", "user"},
		{"alpha", "shared"}, {"elsewhere", "shared"},
	}
	for _, p := range places {
		r := request{token: p.token, method: "PUT", path: "k?tier=" + p.tier, body: `{"value":"` + p.token + p.tier + `"}`}
		s.want(r, 204, "")
	}
	for _, p := range places {
		path := "k?tier=" + p.tier
		s.want(request{token: p.token, method: "GET", path: path}, 200, `{"value":"`+p.token+p.tier+`"}`)
	}
	s.want(request{token: "beta", method: "GET", path: "k?tier=shared"}, 200, `{"value":"alphashared"}`)
	s.want(request{token: "ann", method: "GET", path: "k"}, 200, `{"value":"alphaprivate"}`)
	for i, p := range places {
		s.want(request{token: p.token, method: "DELETE", path: "k?tier=" + p.tier}, 204, "")
		for _, other := range places[i+1:] {
			s.want(request{token: other.token, method: "HEAD", path: "k?tier=" + other.tier}, 200, "")
		}
	}
}

// broken is a driver whose every call fails.
type broken struct{ err error }

func (d broken) Get(context.Context, string) (string, error)  { return "", d.err }
func (d broken) Exists(context.Context, string) (bool, error) { return false, d.err }
func (d broken) Set(context.Context, string, string, time.Duration, bool) (bool, error) {
	return false, d.err
}
func (d broken) Delete(context.Context, string, *string) (bool, error) { return false, d.err }
func (d broken) Incr(context.Context, string, int64) (int64, error)    { return 0, d.err }
func (d broken) TTL(context.Context, string) (time.Duration, error)    { return 0, d.err }
func (d broken) Close() error                                          { return nil }

func TestDriverErrors(t *testing.T) {
	t.Parallel()
	const secret = "10.0.0.7:6379"
	for _, test := range []struct {
		name string
		err  error
		want cpodkit.Code
	}{
		{"raw", errors.New("dial " + secret), cpodkit.CodeInternal},
		{"unavailable", fmt.Errorf("dial %s: %w", secret, cpodkit.CodeUnavailable), cpodkit.CodeUnavailable},
		{"unavailable with words", cpodkit.Errorf(cpodkit.CodeUnavailable, "dial %s", secret), cpodkit.CodeUnavailable},
		{"deadline", fmt.Errorf("read %s: %w", secret, context.DeadlineExceeded), cpodkit.CodeTimeout},
		{"another code", cpodkit.Errorf(cpodkit.CodeInvalidToken, "no %s", secret), cpodkit.CodeInternal},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, broken{test.err})
			for _, r := range calls("k", "") {
				got := s.wantError(r, test.want)
				if strings.Contains(got.body, secret) {
					t.Errorf("%s %s shows the driver's words: %s", r.method, r.path, got.body)
				}
				if test.want == cpodkit.CodeUnavailable && got.header.Get("Retry-After") == "" {
					t.Errorf("%s %s has no Retry-After", r.method, r.path)
				}
			}
		})
	}
	store, err := kv.New(broken{fmt.Errorf("read: %w", context.Canceled)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.For(identity("t", "a", everything...)).Get(t.Context(), "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get with a cancelled context: %v", err)
	}
}

func TestFullMemoryIsUnavailable(t *testing.T) {
	t.Parallel()
	s := serve(t, memoryOf(t, 1<<10))
	got := s.wantError(request{method: "PUT", path: "k", body: `{"value":"` + strings.Repeat("x", 1<<10) + `"}`}, cpodkit.CodeUnavailable)
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestHandle(t *testing.T) {
	t.Parallel()
	if _, err := kv.New(nil); err == nil {
		t.Error("New took a nil driver")
	}
	store, err := kv.New(kv.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	h := store.For(identity("t1", "alpha", everything...))
	for _, test := range []struct {
		name  string
		value string
		opts  *kv.SetOptions
		want  cpodkit.Code
	}{
		{"no options", "x", nil, ""},
		{"shortest ttl", "x", &kv.SetOptions{TTL: time.Millisecond}, ""},
		{"longest ttl", "x", &kv.SetOptions{TTL: kv.MaxTTL}, ""},
		{"ttl too short", "x", &kv.SetOptions{TTL: time.Millisecond - 1}, cpodkit.CodeValidationFailed},
		{"ttl too long", "x", &kv.SetOptions{TTL: kv.MaxTTL + 1}, cpodkit.CodeValidationFailed},
		{"negative ttl", "x", &kv.SetOptions{TTL: -1}, cpodkit.CodeValidationFailed},
		{"not UTF-8", "\xff", nil, cpodkit.CodeValidationFailed},
		{"largest value", strings.Repeat("x", kv.MaxValue), nil, ""},
		{"value too large", strings.Repeat("x", kv.MaxValue+1), nil, cpodkit.CodePayloadTooLarge},
		{"taken", "y", &kv.SetOptions{IfAbsent: true}, cpodkit.CodePreconditionFailed},
	} {
		if got := cpodkit.CodeOf(h.Set(t.Context(), "k", test.value, test.opts)); got != test.want {
			t.Errorf("%s: Set is %q; want %q", test.name, got, test.want)
		}
	}
	if err := h.Tier("other").Set(t.Context(), "k", "x", nil); !errors.Is(err, cpodkit.CodeBadRequest) {
		t.Errorf("Set in an unknown tier: %v", err)
	}
	if _, err := h.Tier(storage.Shared).Get(t.Context(), "k"); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("Get in another tier: %v", err)
	}
	if _, err := kv.FromContext(t.Context()).Get(t.Context(), "k"); !errors.Is(err, cpodkit.CodeMissingToken) {
		t.Errorf("Get by the handle of an empty context: %v", err)
	}
}

// Trusted code reaches what the identity of the same ids does.
func TestTrusted(t *testing.T) {
	t.Parallel()
	store, err := kv.New(kv.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	id := identity("t1", "alpha", everything...)
	id.UserID = "ann"
	for _, tier := range []storage.Tier{storage.Private, storage.User, storage.Shared} {
		owner := storage.Owner{TenantID: "t1", AppID: "alpha", UserID: id.UserID}
		if err := store.Trusted(owner).Tier(tier).Set(t.Context(), "k", string(tier), nil); err != nil {
			t.Fatal(err)
		}
		if value, err := store.For(id).Tier(tier).Get(t.Context(), "k"); err != nil || value != string(tier) {
			t.Errorf("the entry in %s is %q, %v", tier, value, err)
		}
	}
	tenant := store.Trusted(storage.Owner{TenantID: "t1"})
	if _, err := tenant.Tier(storage.Shared).Get(t.Context(), "k"); err != nil {
		t.Errorf("the shared tier of a tenant: %v", err)
	}
	if _, err := tenant.Get(t.Context(), "k"); !errors.Is(err, cpodkit.CodeForbidden) {
		t.Errorf("the private tier of no app: %v", err)
	}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	store, err := kv.New(kv.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	id := identity("t1", "alpha", everything...)
	if err := store.For(id).Set(t.Context(), "k", "mine", nil); err != nil {
		t.Fatal(err)
	}
	h := store.Attach(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value, err := kv.FromContext(r.Context()).Get(r.Context(), "k")
		if err != nil {
			cpodkit.WriteError(w, r, err)
		} else if value != "mine" {
			t.Errorf("Get = %q", value)
		}
	}))
	for want, ctx := range map[int]context.Context{
		http.StatusOK: cpodkit.WithIdentity(t.Context(), id), http.StatusUnauthorized: t.Context(),
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, "GET", "/", nil))
		if rec.Code != want {
			t.Errorf("status %d; want %d", rec.Code, want)
		}
	}
}
