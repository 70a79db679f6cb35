//go:build unix

package main

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// foreignTokens of one issuer are accepted by all servers, and refused by all once one has
// revoked them. All see its new keys, and none minds that its key server is down.
func (in *installation) foreignTokens(t *testing.T) {
	private := map[string]any{"scope": "storage.private.read"}
	everywhere := func(what, token string, want bool) time.Duration {
		t.Helper()
		began := time.Now()
		for i, p := range in.replicas {
			eventually(t, fmt.Sprintf("server %d: %s", i, what), func() bool {
				accepted, status := in.accepts(p, token)
				if status >= http.StatusInternalServerError {
					t.Errorf("server %d: %s: %d", i, what, status)
				}
				return accepted == want
			})
		}
		return time.Since(began)
	}
	var took []time.Duration
	for _, claims := range []map[string]any{{}, {"jti": nil}} { // revoked by id, and by digest
		claims["scope"] = private["scope"]
		for i := range in.replicas {
			claims["sub"] = fmt.Sprint("alice", i)
			token := in.provider.sign(claims)
			everywhere("it is accepted", token, true)
			c := newCaller(t, in.replicas[i].url)
			c.tokens["app"] = in.provider.sign(map[string]any{"scope": "auth.write"})
			if a := c.do(t, "app", "POST /v1/auth/revoke", `{"token":"`+token+`"}`); a.status != http.StatusNoContent {
				t.Fatalf("revoke: %d %s", a.status, a.body)
			}
			took = append(took, everywhere("it is refused", token, false))
		}
	}
	slices.Sort(took)
	t.Logf("a revoked foreign token is refused everywhere after %v (median of %d; slowest %v)", took[len(took)/2], len(took), took[len(took)-1])
	if took[len(took)/2] >= time.Second {
		t.Errorf("the others refuse it only after %v", took[len(took)/2])
	}
	old := in.provider.sign(private)
	everywhere("before a new key", old, true)
	in.provider.rotate("second")
	everywhere("of the new key", in.provider.sign(private), true)
	everywhere("of the key that is gone", old, false)
	known := in.provider.sign(private)
	in.provider.answers(stuck)
	everywhere("while the key server is half-open", known, true)
	everywhere("a new token meanwhile", in.provider.sign(private), true)
	in.provider.serves(in.provider.jwks())
}
