package oauth_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/oauth"
)

// alterAll changes all families, as time does.
func (f *flow) alterAll(change func(*oauth.Family)) {
	f.Helper()
	page, err := f.grants.ListFamilies(f.Context(), oauth.GrantFilter{TenantID: "t1"}, "", 1000)
	f.must(err)
	for _, family := range page {
		change(&family)
		f.must(f.grants.UpdateFamily(f.Context(), family))
	}
}

// Of codes that nobody redeems only the newest are left. They end nobody's sign-in.
func TestCodesInFlight(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c, other := f.app("shop", "web", "orders.read"), f.app("other", "web", "orders.read")
	signedIn, elsewhere := f.signInTo(c), f.code(other)
	var codes []string
	for range oauth.MaxCodes + 3 {
		codes = append(codes, f.code(c))
		f.alterAll(func(family *oauth.Family) { family.CreatedAt = family.CreatedAt.Add(-time.Millisecond) })
	}
	if n := f.families(); n != oauth.MaxCodes+2 {
		t.Errorf("there are %d families, want %d", n, oauth.MaxCodes+2)
	}
	for i, code := range codes {
		want := "token"
		if i < 3 {
			want = "400 invalid_grant"
		}
		if got := outcome(f.redeem(c, code)); got != want {
			t.Errorf("code %d: %s, want %s", i, got, want)
		}
	}
	f.tokens(f.refresh(c, signedIn.RefreshToken))
	f.tokens(f.redeem(other, elsewhere))
}

// One sign-in too many ends the one that was used the longest ago, with its access token.
func TestFamiliesOfAUser(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c := f.app("shop", "web", "orders.read")
	first, second := f.signInTo(c), f.signInTo(c)
	for range oauth.MaxFamilies - 2 {
		f.signInTo(c)
	}
	f.alterAll(func(family *oauth.Family) { family.RotatedAt = family.RotatedAt.Add(-time.Minute) })
	f.tokens(f.refresh(c, first.RefreshToken)) // so the second one is the oldest
	f.alterAll(func(family *oauth.Family) {
		if slices.ContainsFunc(family.Tokens, func(token oauth.IssuedToken) bool { return token.ID == claimsOf(f.fixture, second.AccessToken)["jti"] }) {
			family.RotatedAt = family.RotatedAt.Add(-time.Minute)
		}
	})
	f.signInTo(c)
	if n := f.families(); n != oauth.MaxFamilies {
		t.Errorf("there are %d families, want %d", n, oauth.MaxFamilies)
	}
	f.wantPing(second.AccessToken, cpodkit.CodeTokenRevoked)
	if got := outcome(f.refresh(c, second.RefreshToken)); got != "400 invalid_grant" {
		t.Errorf("the oldest: %s", got)
	}
	f.wantPing(first.AccessToken, "")
}

// Tokens by exchange are bounded as well, and end no sign-in.
func TestExchangedTokens(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c := f.app("shop", "web", "orders.read")
	tokens := f.signInTo(c)
	for range oauth.MaxFamilies + 1 {
		f.tokens(f.serve(f.tokenCall(c, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange",
			"subject_token", tokens.AccessToken, "subject_token_type", "urn:ietf:params:oauth:token-type:access_token")))
	}
	if n := f.families(); n != oauth.MaxFamilies+1 {
		t.Errorf("there are %d families, want %d", n, oauth.MaxFamilies+1)
	}
	f.tokens(f.refresh(c, tokens.RefreshToken))
}

// One session too many ends the one that began first.
func TestSessionsOfAUser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	user := s.invite("t1", "ann@example.com")
	old := oauth.SessionDigest{}
	for i := range oauth.MaxSessions {
		session := oauth.Session{
			Digest: oauth.SessionDigest{byte(i)}, ID: fmt.Sprint(i), TenantID: "t1", UserID: user.ID,
			CreatedAt: time.Now().Add(time.Duration(i-100) * time.Minute), EndsAt: time.Now().Add(time.Hour), ExpiresAt: time.Now().Add(time.Hour),
		}
		s.must(s.store.Create(t.Context(), session))
	}
	v := s.visitor()
	v.signIn("ann@example.com", goodPassword).want(t, http.StatusOK, user.ID)
	if _, err := s.store.Find(t.Context(), old); cpodkit.CodeOf(err) != cpodkit.CodeNotFound {
		t.Errorf("the oldest session: %v", err)
	}
	if n, err := s.store.DeleteUser(t.Context(), "t1", user.ID); n != oauth.MaxSessions || err != nil {
		t.Errorf("there were %d sessions, %v", n, err)
	}
}
