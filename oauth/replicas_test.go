package oauth_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

// newFlows returns servers that share their stores and keys.
func newFlows(t testing.TB, n int) []*flow {
	t.Helper()
	var shared oauth.Config
	all := []*flow{newFlow(t, func(c *oauth.Config) { shared = *c })}
	for range n - 1 {
		f := newFlow(t, func(c *oauth.Config) { *c = shared })
		f.door, f.grants = all[0].door, all[0].grants
		all = append(all, f)
	}
	return all
}

// atOnce calls every replica twice at the same time, and counts the outcomes.
func atOnce(replicas []*flow, call func(f *flow) *webtest.Answer) (answers []*webtest.Answer, counts map[string]int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	counts = map[string]int{}
	for _, f := range slices.Concat(replicas, replicas) {
		wg.Go(func() {
			w := call(f)
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, w)
			counts[outcome(w)]++
		})
	}
	wg.Wait()
	return answers, counts
}

// What one replica begins another one ends.
func TestFlowOverReplicas(t *testing.T) {
	t.Parallel()
	r := newFlows(t, 3)
	c := r[0].app("shop", "web", "orders.read")
	page := browser{r[0], "ann"}.get(request(c.id))
	code := r[1].answer(browser{r[1], "ann"}.decide(page, "allow")).Get("code")
	tokens := r[0].tokens(r[2].redeem(c, code))
	lost := r[0].tokens(r[0].refresh(c, tokens.RefreshToken))
	again := r[0].tokens(r[1].refresh(c, tokens.RefreshToken))
	if lost.RefreshToken != again.RefreshToken {
		t.Error("a retry at another replica gets another refresh token")
	}
	r[0].wantPing(again.AccessToken, "")
	browser{r[2], "ann"}.remove("/v1/oauth/me/grants/shop").WantStatus(t, http.StatusNoContent)
	for _, token := range []string{tokens.AccessToken, lost.AccessToken, again.AccessToken} {
		r[0].wantPing(token, cpodkit.CodeTokenRevoked)
	}
}

// Attack: a code is used many times at once, at several replicas. One wins, and nobody can use
// what it got.
func TestCodeRace(t *testing.T) {
	t.Parallel()
	for range 10 {
		r := newFlows(t, 3)
		c := r[0].app("shop", "browser", "orders.read")
		code := r[0].code(c)
		answers, counts := atOnce(r, func(f *flow) *webtest.Answer { return f.redeem(c, code) })
		if counts["token"] > 1 || counts["token"]+counts["400 invalid_grant"] != len(answers) {
			t.Errorf("got %v", counts)
		}
		for _, w := range answers {
			if outcome(w) == "token" {
				got := r[0].tokens(w)
				r[0].wantPing(got.AccessToken, cpodkit.CodeTokenRevoked)
				if again := outcome(r[1].refresh(c, got.RefreshToken)); again != "400 invalid_grant" {
					t.Errorf("the refresh token works: %q", again)
				}
			}
		}
		if n := r[0].families(); n != 0 {
			t.Errorf("%d families are left", n)
		}
	}
}

// Attack: a refresh token is used many times at once, at several replicas. All get the same
// one, and only one of two is ever current.
func TestRefreshRace(t *testing.T) {
	t.Parallel()
	for range 10 {
		r := newFlows(t, 3)
		c := r[0].app("shop", "browser", "orders.read")
		tokens := r[0].signInTo(c)
		answers, counts := atOnce(r, func(f *flow) *webtest.Answer { return f.refresh(c, tokens.RefreshToken) })
		if counts["token"] == 0 || counts["token"]+counts["503 temporarily_unavailable"] != len(answers) {
			t.Errorf("got %v", counts)
		}
		next := map[string]bool{}
		for _, w := range answers {
			if outcome(w) == "token" {
				next[r[0].tokens(w).RefreshToken] = true
			}
		}
		if len(next) != 1 {
			t.Errorf("%d refresh tokens came of one", len(next))
		}

		// After the time for retries, all of them together end the family.
		r[0].alter(func(family *oauth.Family) { family.RotatedAt = family.RotatedAt.Add(-oauth.RetryTime) })
		_, counts = atOnce(r, func(f *flow) *webtest.Answer { return f.refresh(c, tokens.RefreshToken) })
		if counts["400 invalid_grant"] != 2*len(r) || r[0].families() != 0 {
			t.Errorf("got %v, and %d families are left", counts, r[0].families())
		}
	}
}

// Attack: an assertion is used many times at once, at several replicas. One counts.
func TestAssertionRace(t *testing.T) {
	t.Parallel()
	r := newFlows(t, 3)
	key := newSigning(t, "ES256", "k")
	r[0].withKeys("bot", key)
	assertion := key.sign(t, nil, claimsFor("bot"))
	if _, counts := atOnce(r, func(f *flow) *webtest.Answer { return f.assert(assertion) }); counts["token"] != 1 || counts["401 invalid_client"] != 5 {
		t.Errorf("got %v", counts)
	}
}

// Attack: an assertion is used again after a replica whose clock is ahead has removed what has
// expired.
func TestAssertionIsKeptForOtherClocks(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	key := newSigning(t, "ES256", "k")
	f.withKeys("bot", key)
	claims := claimsFor("bot")
	expires := time.Now().Add(time.Minute)
	claims["exp"] = expires.Unix()
	assertion := key.sign(t, nil, claims)
	if got := outcome(f.assert(assertion)); got != "token" {
		t.Fatalf("got %q", got)
	}
	f.must(f.grants.Prune(t.Context(), expires.Add(authz.ClockSkew/2)))
	if got := outcome(f.assert(assertion)); got != "401 invalid_client" {
		t.Errorf("the second time: %q", got)
	}
}

// Attack: tokens are fetched while their grant is removed. None outlives it.
func TestRemovalRace(t *testing.T) {
	t.Parallel()
	for range 20 {
		r := newFlows(t, 2)
		c := r[0].app("shop", "browser", "orders.read")
		tokens, code := r[0].signInTo(c), r[0].code(c)
		var removed *webtest.Answer
		var wg sync.WaitGroup
		wg.Go(func() { removed = browser{r[1], "ann"}.remove("/v1/oauth/me/grants/shop") })
		answers, _ := atOnce(r[:1], func(f *flow) *webtest.Answer { return f.refresh(c, tokens.RefreshToken) })
		answers = append(answers, r[0].redeem(c, code))
		wg.Wait()
		removed.WantStatus(t, http.StatusNoContent)
		for _, w := range answers {
			if outcome(w) == "token" {
				r[0].wantPing(r[0].tokens(w).AccessToken, cpodkit.CodeTokenRevoked)
			}
		}
		if n := r[0].families(); n != 0 {
			t.Errorf("%d families are left", n)
		}
	}
}

// shaky is a store whose calls fail while it is down.
type shaky struct {
	oauth.GrantStore
	mu   sync.Mutex
	down string // the call that fails
}

func (s *shaky) fails(call string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down == call {
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "The store of %s is down.", "secrets")
	}
	return nil
}

func (s *shaky) Grant(ctx context.Context, tenantID, userID, clientID string) (oauth.Grant, error) {
	if err := s.fails("Grant"); err != nil {
		return oauth.Grant{}, err
	}
	return s.GrantStore.Grant(ctx, tenantID, userID, clientID)
}

func (s *shaky) Family(ctx context.Context, id string) (oauth.Family, error) {
	if err := s.fails("Family"); err != nil {
		return oauth.Family{}, err
	}
	return s.GrantStore.Family(ctx, id)
}

func (s *shaky) UpdateFamily(ctx context.Context, f oauth.Family) error {
	if err := s.fails("UpdateFamily"); err != nil {
		return err
	}
	return s.GrantStore.UpdateFamily(ctx, f)
}

func (s *shaky) CreateFamily(ctx context.Context, f oauth.Family) error {
	if err := s.fails("CreateFamily"); err != nil {
		return err
	}
	return s.GrantStore.CreateFamily(ctx, f)
}

func (s *shaky) UseOnce(ctx context.Context, id string, until time.Time) error {
	if err := s.fails("UseOnce"); err != nil {
		return err
	}
	return s.GrantStore.UseOnce(ctx, id, until)
}

// A store that does not answer is 503, and takes nothing away: the same call works later.
func TestStoreIsDown(t *testing.T) {
	t.Parallel()
	store := &shaky{GrantStore: oauth.NewMemoryGrants()}
	f := newFlow(t, func(c *oauth.Config) { c.Grants = store })
	f.grants = store
	c := f.app("shop", "web", "orders.read")
	key := newSigning(t, "ES256", "k")
	f.withKeys("bot", key)
	var code string
	var tokens userTokens
	ann := browser{f, "ann"}
	for _, step := range []struct {
		name, down string // calls, split by spaces
		call       func() *webtest.Answer
	}{
		{"authorize", "Grant CreateFamily", func() *webtest.Answer { return ann.get(request(c.id, "prompt", "none")) }},
		{"redeem", "Family UpdateFamily", func() *webtest.Answer { return f.redeem(c, code) }},
		{"refresh", "Family UpdateFamily Grant", func() *webtest.Answer { return f.refresh(c, tokens.RefreshToken) }},
		{"grants", "Grant", func() *webtest.Answer { return f.call(http.MethodGet, "/v1/oauth/me/grants", tokens.AccessToken, "") }},
		{"assertion", "UseOnce", func() *webtest.Answer { return f.assert(key.sign(t, nil, claimsFor("bot"))) }},
		{"remove", "Grant Family", func() *webtest.Answer { return ann.remove("/v1/oauth/me/grants/shop") }},
	} {
		if step.name == "authorize" {
			f.code(c)
		}
		for call := range strings.FieldsSeq(step.down) {
			store.mu.Lock()
			store.down = call
			store.mu.Unlock()
			w := step.call()
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "secrets") {
				t.Errorf("%s without %s: %d %s", step.name, call, w.Code, w.Body)
			}
		}
		store.mu.Lock()
		store.down = ""
		store.mu.Unlock()
		w := step.call()
		if w.Code >= 400 {
			t.Fatalf("%s afterwards: %d %s", step.name, w.Code, w.Body)
		}
		switch step.name {
		case "authorize":
			code = f.answer(w).Get("code")
		case "redeem", "refresh":
			tokens = f.tokens(w)
		}
	}
	f.wantPing(tokens.AccessToken, cpodkit.CodeTokenRevoked)
}

// Run throws away what has expired, and ends with its context.
func TestRunPrunes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlow(t)
		f.code(f.app("shop", "web", "orders.read"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			f.server.Run(ctx)
		}()
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if n := f.families(); n != 0 {
			t.Errorf("%d codes that have expired are kept", n)
		}
		cancel()
		<-done
	})
}
