package oauthtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/oauth"
)

type sessionTest func(t testing.TB, store oauth.SessionStore)

// RunSessions tests a SessionStore. Each call of newStore returns an empty one.
func RunSessions(t *testing.T, newStore func(t *testing.T) oauth.SessionStore) {
	for _, test := range []struct {
		name string
		run  sessionTest
	}{
		{"Find returns what Create stored", testFindSession},
		{"one of many concurrent Creates of a digest succeeds", testCreateSession},
		{"Extend changes the end, and brings nothing back", testExtend},
		{"Delete removes one session", testDeleteSession},
		{"DeleteUser and DeleteTenant remove theirs and nothing else", testDeleteSessions},
		{"KeepNewest removes the oldest sessions of a user", testKeepNewest},
		{"Prune removes what has ended", testPruneSessions},
		{"a context that has ended ends the call", testEndedSessions},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, newStore(t))
		})
	}
}

var sessionTime = time.Date(2026, 1, 2, 15, 4, 5, 678e6, time.UTC)

func newSession(tenantID, userID, cookie string) oauth.Session {
	return oauth.Session{
		Digest: sha256.Sum256([]byte(cookie)), ID: "id of " + cookie, TenantID: tenantID, UserID: userID,
		Email: "a@example.com", Name: "Ann, \"服务\"", Source: "corp",
		AuthTime: sessionTime, CreatedAt: sessionTime.Add(time.Millisecond), EndsAt: sessionTime.Add(time.Hour), ExpiresAt: sessionTime.Add(48 * time.Hour),
	}
}

func addSession(t testing.TB, store oauth.SessionStore, tenantID, userID, cookie string) oauth.Session {
	t.Helper()
	session := newSession(tenantID, userID, cookie)
	if err := store.Create(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	return session
}

// wantSessions checks which of some sessions are there.
func wantSessions(t testing.TB, store oauth.SessionStore, want map[oauth.SessionDigest]bool) {
	t.Helper()
	for digest, there := range want {
		if _, err := store.Find(t.Context(), digest); there && err != nil || !there && !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("Find returns %v, want a session: %v", err, there)
		}
	}
}

func testFindSession(t testing.TB, store oauth.SessionStore) {
	bare := oauth.Session{Digest: sha256.Sum256([]byte("bare")), ID: "i", TenantID: "t", UserID: "u", AuthTime: sessionTime, CreatedAt: sessionTime, EndsAt: sessionTime, ExpiresAt: sessionTime}
	if err := store.Create(t.Context(), bare); err != nil {
		t.Fatal(err)
	}
	for _, want := range []oauth.Session{addSession(t, store, "t1", "u1", "a"), bare} {
		if got, err := store.Find(t.Context(), want.Digest); err != nil || got != want {
			t.Errorf("Find returned %+v, %v; want %+v", got, err, want)
		}
	}
	wantSessions(t, store, map[oauth.SessionDigest]bool{sha256.Sum256([]byte("other")): false})
}

func testCreateSession(t testing.TB, store oauth.SessionStore) {
	var won atomic.Int32
	concurrently(func(int) {
		err := store.Create(t.Context(), newSession("t1", "u1", "a"))
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, cpodkit.CodeConflict) {
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d of the Creates succeeded", won.Load())
	}
}

func testExtend(t testing.TB, store oauth.SessionStore) {
	session := addSession(t, store, "t1", "u1", "a")
	session.EndsAt = session.EndsAt.Add(3 * time.Hour)
	if err := store.Extend(t.Context(), session.Digest, session.EndsAt); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Find(t.Context(), session.Digest); err != nil || got != session {
		t.Errorf("Find returned %+v, %v; want %+v", got, err, session)
	}
	if err := store.Delete(t.Context(), session.Digest); err != nil {
		t.Fatal(err)
	}
	if err := store.Extend(t.Context(), session.Digest, session.EndsAt); err != nil {
		t.Error(err)
	}
	wantSessions(t, store, map[oauth.SessionDigest]bool{session.Digest: false})
}

func testDeleteSession(t testing.TB, store oauth.SessionStore) {
	a, b := addSession(t, store, "t1", "u1", "a"), addSession(t, store, "t1", "u1", "b")
	for range 2 {
		if err := store.Delete(t.Context(), a.Digest); err != nil {
			t.Error(err)
		}
	}
	wantSessions(t, store, map[oauth.SessionDigest]bool{a.Digest: false, b.Digest: true})
}

func testDeleteSessions(t testing.TB, store oauth.SessionStore) {
	one, two := addSession(t, store, "t1", "u1", "1"), addSession(t, store, "t1", "u1", "2")
	colleague, namesake := addSession(t, store, "t1", "u2", "3"), addSession(t, store, "t2", "u1", "4")
	for _, c := range []struct {
		call func() (int, error)
		want int
	}{
		{func() (int, error) { return store.DeleteUser(t.Context(), "t1", "u1") }, 2},
		{func() (int, error) { return store.DeleteUser(t.Context(), "t1", "u1") }, 0},
		{func() (int, error) { return store.DeleteTenant(t.Context(), "t3") }, 0},
	} {
		if n, err := c.call(); err != nil || n != c.want {
			t.Errorf("%d sessions were removed, %v; want %d", n, err, c.want)
		}
	}
	wantSessions(t, store, map[oauth.SessionDigest]bool{one.Digest: false, two.Digest: false, colleague.Digest: true, namesake.Digest: true})
	if n, err := store.DeleteTenant(t.Context(), "t1"); err != nil || n != 1 {
		t.Errorf("DeleteTenant removed %d, %v; want 1", n, err)
	}
	wantSessions(t, store, map[oauth.SessionDigest]bool{colleague.Digest: false, namesake.Digest: true})
}

func testKeepNewest(t testing.TB, store oauth.SessionStore) {
	want := map[oauth.SessionDigest]bool{}
	for i, cookie := range []string{"d", "a", "c", "b"} { // not in the order of the digests
		session := newSession("t1", "u1", cookie)
		session.CreatedAt = session.CreatedAt.Add(time.Duration(i) * time.Second)
		if err := store.Create(t.Context(), session); err != nil {
			t.Fatal(err)
		}
		want[session.Digest] = i >= 2
	}
	want[addSession(t, store, "t1", "u2", "other user").Digest] = true
	want[addSession(t, store, "t2", "u1", "other tenant").Digest] = true
	for range 2 {
		if err := store.KeepNewest(t.Context(), "t1", "u1", 2); err != nil {
			t.Fatal(err)
		}
		wantSessions(t, store, want)
	}
}

func testPruneSessions(t testing.TB, store oauth.SessionStore) {
	old, live := addSession(t, store, "t1", "u1", "a"), addSession(t, store, "t1", "u1", "b")
	if err := store.Extend(t.Context(), live.Digest, live.EndsAt.Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if err := store.Prune(t.Context(), old.EndsAt); err != nil {
		t.Fatal(err)
	}
	wantSessions(t, store, map[oauth.SessionDigest]bool{old.Digest: false, live.Digest: true})
}

func testEndedSessions(t testing.TB, store oauth.SessionStore) {
	session := addSession(t, store, "t1", "u1", "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"Create":     func() error { return store.Create(ctx, newSession("t1", "u1", "b")) },
		"Find":       func() error { _, err := store.Find(ctx, session.Digest); return err },
		"Extend":     func() error { return store.Extend(ctx, session.Digest, sessionTime) },
		"Delete":     func() error { return store.Delete(ctx, session.Digest) },
		"DeleteUser": func() error { _, err := store.DeleteUser(ctx, "t1", "u1"); return err },
		"KeepNewest": func() error { return store.KeepNewest(ctx, "t1", "u1", 0) },
		"Prune":      func() error { return store.Prune(ctx, session.EndsAt) },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s returns %v", name, err)
		}
	}
	wantSessions(t, store, map[oauth.SessionDigest]bool{session.Digest: true})
}
