package authz_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/authz/authztest"
)

func TestMemoryRevocations(t *testing.T) {
	t.Parallel()
	authztest.RunRevocations(t, func(*testing.T) authz.RevocationStore { return authz.NewMemoryRevocations() })
}

func TestRevokedByIDAndByPrefix(t *testing.T) {
	t.Parallel()
	r := openRevocations(t)
	until := time.Now().Add(time.Hour)
	for _, id := range []string{"a.1", "b.", "plain"} {
		must(t, r.Revoke(t.Context(), authz.Revocation{ID: id, ExpiresAt: until}))
	}
	must(t, r.Revoke(t.Context(), authz.Revocation{ID: "gone.", ExpiresAt: time.Now()}))
	for id, want := range map[string]bool{
		"a.1": true, "a.2": false, "a.": false, "a": false, "a.1.x": false,
		"b.1": true, "b.": true, "b.x.y": true, "b": false, "bb.1": false,
		"plain": true, "plain.1": false, "": false, "gone.1": false,
	} {
		if got := revoked(t, r, id); got != want {
			t.Errorf("Revoked(%q) is %t", id, got)
		}
	}
	if revoked(t, nil, "a.1") {
		t.Error("nil revokes a token")
	}
	if err := r.Revoke(t.Context(), authz.Revocation{ExpiresAt: until}); err == nil {
		t.Error("a revocation without an id was taken")
	}
}

func TestRevocationsSurviveARestart(t *testing.T) {
	t.Parallel()
	store := authz.NewMemoryRevocations()
	for range 2 {
		r, err := authz.OpenRevocations(t.Context(), store)
		must(t, err)
		must(t, r.Revoke(t.Context(), authz.Revocation{ID: "a.1", ExpiresAt: time.Now().Add(time.Hour)}))
	}
	r, err := authz.OpenRevocations(t.Context(), store)
	must(t, err)
	if !revoked(t, r, "a.1") {
		t.Error("the revocation is lost")
	}
}

func TestRevocationsNeverGetShorter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authz.NewMemoryRevocations()
		r, err := authz.OpenRevocations(t.Context(), store)
		must(t, err)
		for _, life := range []time.Duration{time.Hour, time.Minute} {
			must(t, r.Revoke(t.Context(), authz.Revocation{ID: "a.", ExpiresAt: time.Now().Add(life)}))
		}
		time.Sleep(30 * time.Minute)
		reopened, err := authz.OpenRevocations(t.Context(), store)
		must(t, err)
		if !revoked(t, r, "a.1") || !revoked(t, reopened, "a.1") {
			t.Error("a shorter revocation replaced a longer one")
		}
	})
}

func TestRevocationsArePruned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authz.NewMemoryRevocations()
		r, err := authz.OpenRevocations(t.Context(), store)
		must(t, err)
		must(t, r.Revoke(t.Context(), authz.Revocation{ID: "short", ExpiresAt: time.Now().Add(time.Minute)}))
		must(t, r.Revoke(t.Context(), authz.Revocation{ID: "long", ExpiresAt: time.Now().Add(48 * time.Hour)}))
		time.Sleep(time.Hour)
		must(t, r.Revoke(t.Context(), authz.Revocation{ID: "new", ExpiresAt: time.Now().Add(time.Hour)}))
		for id, want := range map[string]bool{"short": false, "long": true, "new": true} {
			if got := revoked(t, r, id); got != want {
				t.Errorf("Revoked(%q) is %t", id, got)
			}
		}
		all, err := store.List(t.Context(), time.Time{}, time.Time{})
		must(t, err)
		if len(all) != 2 {
			t.Errorf("the store still holds %v", all)
		}
	})
}

var errDown = errors.New("dial tcp 10.0.0.1:27017: refused")

type brokenRevocations struct{ *authz.MemoryRevocations }

func (brokenRevocations) Add(context.Context, authz.Revocation) error { return errDown }

func TestARevocationCountsOnlyOnceItIsStored(t *testing.T) {
	t.Parallel()
	r, err := authz.OpenRevocations(t.Context(), brokenRevocations{authz.NewMemoryRevocations()})
	must(t, err)
	err = r.Revoke(t.Context(), authz.Revocation{ID: "a.1", ExpiresAt: time.Now().Add(time.Hour)})
	if !errors.Is(err, errDown) {
		t.Errorf("got error %v", err)
	}
	if revoked(t, r, "a.1") {
		t.Error("a revocation counts that a restart would forget")
	}
}
