package localusers_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth/localusers"
)

var cheap = localusers.Cost{Memory: 7 << 10, Passes: 5, Lanes: 1}

const (
	site     = "https://api.example.com"
	password = "correct horse battery"
)

type fixture struct {
	testing.TB
	store *localusers.Memory
	users *localusers.Users
	ended []string // whose sessions and grants were ended
	fail  error    // of that
}

func newFixture(tb testing.TB, opts ...localusers.Option) *fixture {
	tb.Helper()
	f := &fixture{TB: tb, store: localusers.NewMemory()}
	var mu sync.Mutex
	var err error
	f.users, err = localusers.New(f.store, site, append([]localusers.Option{
		localusers.WithCost(cheap),
		localusers.WithEnded(func(_ context.Context, tenantID, userID string) error {
			mu.Lock()
			defer mu.Unlock()
			if f.fail == nil {
				f.ended = append(f.ended, tenantID+"/"+userID)
			}
			return f.fail
		}),
	}, opts...)...)
	f.must(err)
	return f
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func token(l localusers.Link) string { return strings.TrimPrefix(l.URL, site+"/invite/") }

func (f *fixture) invite(email string) localusers.Link {
	f.Helper()
	link, err := f.users.Invite(f.Context(), localusers.NewUser{TenantID: "t1", Email: email, Name: "Ann"})
	f.must(err)
	return link
}

// join invites a user who sets the password.
func (f *fixture) join(email string) localusers.Account {
	f.Helper()
	link := f.invite(email)
	_, err := f.users.UseLink(f.Context(), token(link), password)
	f.must(err)
	return link.User
}

func (f *fixture) wantSignIn(email, password string, want bool) {
	f.Helper()
	u, ok, err := f.users.SignIn(f.Context(), "t1", email, password)
	if err != nil || ok != want || ok && (u.Email != email || u.TenantID != "t1" || u.ID == "") {
		f.Errorf("SignIn of %s returns %+v, %v, %v; want %v", email, u, ok, err, want)
	}
}

func TestLinksGrowOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		link := f.invite("ann@example.com")
		if life := time.Until(link.ExpiresAt); life != localusers.InvitationLife || link.IsReset {
			t.Errorf("an invitation lives %s, %+v", life, link)
		}
		time.Sleep(localusers.InvitationLife - time.Second)
		_, err := f.users.FindLink(t.Context(), token(link))
		f.must(err)
		time.Sleep(time.Second)
		if _, err := f.users.UseLink(t.Context(), token(link), password); !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("an old invitation: %v", err)
		}
		again, err := f.users.Reset(t.Context(), "t1", link.User.ID)
		f.must(err)
		if again.IsReset || time.Until(again.ExpiresAt) != localusers.InvitationLife {
			t.Errorf("a user without a password gets %+v", again)
		}
		_, err = f.users.UseLink(t.Context(), token(again), password)
		f.must(err)
		reset, err := f.users.Reset(t.Context(), "t1", link.User.ID)
		f.must(err)
		if !reset.IsReset || time.Until(reset.ExpiresAt) != localusers.ResetLife {
			t.Errorf("a user with a password gets %+v", reset)
		}
		f.wantSignIn("ann@example.com", password, true) // until the link is used
		time.Sleep(localusers.ResetLife)
		if _, err := f.users.FindLink(t.Context(), token(reset)); !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("an old link: %v", err)
		}
	})
}

// A new link takes the place of the one before, and a user who is disabled has none.
func TestOneLinkAtATime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.invite("ann@example.com")
	second, err := f.users.Reset(t.Context(), "t1", first.User.ID)
	f.must(err)
	if _, err := f.users.UseLink(t.Context(), token(first), password); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("the first link: %v", err)
	}
	yes, no := true, false
	_, err = f.users.Change(t.Context(), "t1", first.User.ID, localusers.Change{Disabled: &yes})
	f.must(err)
	if _, err := f.users.UseLink(t.Context(), token(second), password); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("the link of a user who is disabled: %v", err)
	}
	if _, err := f.users.Reset(t.Context(), "t1", first.User.ID); !errors.Is(err, cpodkit.CodeConflict) {
		t.Errorf("a reset of a user who is disabled: %v", err)
	}
	_, err = f.users.Change(t.Context(), "t1", first.User.ID, localusers.Change{Disabled: &no})
	f.must(err)
	_, err = f.users.UseLink(t.Context(), token(second), password)
	f.must(err)
	f.wantSignIn("ann@example.com", password, true)
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	link := f.invite("somebody@example.com")
	for _, bad := range []string{
		"", "eleven char", "somebody@example.com", "SomeBody@Example.com ", "aaaaaaaaaaaaaaaa", "            ", strings.Repeat("pw", 129),
		"\xff\xfe" + strings.Repeat("x", 20),
	} {
		if _, err := f.users.UseLink(t.Context(), token(link), bad); !errors.Is(err, cpodkit.CodeBadRequest) {
			t.Errorf("%.30q: %v", bad, err)
		}
	}
	long := strings.Repeat("pw", 128)
	_, err := f.users.UseLink(t.Context(), token(link), long)
	f.must(err)
	f.wantSignIn("somebody@example.com", long, true)
	for _, wrong := range []string{"", long + "x", long[:255], strings.ToUpper(long), " " + long} {
		f.wantSignIn("somebody@example.com", wrong, false)
	}
	account, err := f.store.FindEmail(t.Context(), "t1", "somebody@example.com")
	f.must(err)
	if !strings.HasPrefix(account.Password, "$argon2id$v=19$m=7168,t=5,p=1$") {
		t.Errorf("the hash is %s", account.Password)
	}
}

// A hash of another cost is replaced at the next sign-in, and not by a wrong password.
func TestHashesAreRenewed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.join("ann@example.com")
	dearer, err := localusers.New(f.store, site, localusers.WithCost(localusers.Cost{Memory: 8 << 10, Passes: 5, Lanes: 1}))
	f.must(err)
	for _, c := range []struct{ password, want string }{{"not the password", "m=7168,t=5"}, {password, "m=8192,t=5"}, {password, "m=8192,t=5"}} {
		if _, ok, err := dearer.SignIn(t.Context(), "t1", "ann@example.com", c.password); err != nil || ok != (c.password == password) {
			t.Errorf("SignIn returns %v, %v", ok, err)
		}
		account, err := f.store.FindEmail(t.Context(), "t1", "ann@example.com")
		f.must(err)
		if !strings.Contains(account.Password, c.want) {
			t.Errorf("the hash is %s, want %s", account.Password, c.want)
		}
	}
	f.wantSignIn("ann@example.com", password, true)
}

// A stored hash that is damaged, or made to be dear, lets nobody in.
func TestDamagedHashes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.join("ann@example.com")
	good, err := f.store.FindEmail(t.Context(), "t1", "ann@example.com")
	f.must(err)
	parts := strings.Split(good.Password, "$")
	for name, hash := range map[string]string{
		"plain":           password,
		"another scheme":  strings.Replace(good.Password, "argon2id", "argon2i", 1),
		"another version": strings.Replace(good.Password, "v=19", "v=16", 1),
		"no passes":       strings.Replace(good.Password, "t=5", "t=0", 1),
		"much memory":     strings.Replace(good.Password, "m=7168", "m=4294967295", 1),
		"no key":          strings.Join(parts[:5], "$") + "$",
		"a short key":     strings.Join(parts[:5], "$") + "$AAAA",
		"no salt":         strings.Replace(good.Password, parts[4], "", 1),
		"more after it":   good.Password + "$",
	} {
		account, err := f.store.FindEmail(t.Context(), "t1", "ann@example.com")
		f.must(err)
		account.Password = hash
		f.must(f.store.Update(t.Context(), account))
		if _, ok, err := f.users.SignIn(t.Context(), "t1", "ann@example.com", password); ok || err == nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
}

// Hashes wait for each other, and a context ends the wait.
func TestHashesAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, localusers.WithHashesAtOnce(1))
	f.join("ann@example.com")
	var wg sync.WaitGroup
	for range 3 { // more may wait for longer than a sign-in does, under the race detector
		wg.Go(func() { f.wantSignIn("ann@example.com", password, true) })
	}
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok, err := f.users.SignIn(ctx, "t1", "ann@example.com", password); ok || err == nil {
		t.Errorf("with a context that has ended: %v, %v", ok, err)
	}
}

// Whoever is disabled, deleted, or gets another password has no sessions and grants any more.
// When they cannot be ended, the call fails and can be made again.
func TestUsersAreEnded(t *testing.T) {
	t.Parallel()
	yes := true
	for name, call := range map[string]func(f *fixture, user localusers.Account, link string) error{
		"disabled": func(f *fixture, user localusers.Account, _ string) error {
			_, err := f.users.Change(f.Context(), "t1", user.ID, localusers.Change{Disabled: &yes})
			return err
		},
		"deleted": func(f *fixture, user localusers.Account, _ string) error {
			_, err := f.users.Delete(f.Context(), "t1", user.ID)
			return err
		},
		"another password": func(f *fixture, _ localusers.Account, link string) error {
			_, err := f.users.UseLink(f.Context(), link, "another good password")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			user := f.join("ann@example.com")
			reset, err := f.users.Reset(t.Context(), "t1", user.ID)
			f.must(err)
			if len(f.ended) > 0 {
				t.Errorf("too early %v were ended", f.ended)
			}
			f.fail = errors.New("down")
			if err := call(f, user, token(reset)); err == nil {
				t.Error("a failure is not returned")
			}
			f.fail = nil
			f.must(call(f, user, token(reset)))
			// A password twice: before the link is used up, and after the old one is gone.
			if got := slices.Compact(f.ended); len(got) != 1 || got[0] != "t1/"+user.ID {
				t.Errorf("%q were ended", got)
			}
			f.wantSignIn("ann@example.com", password, false)
		})
	}
}

// between is a store that does something after an account was read by its address, and before
// one is written.
type between struct {
	localusers.Store

	read, write func()
}

func (s *between) FindEmail(ctx context.Context, tenantID, email string) (localusers.Account, error) {
	account, err := s.Store.FindEmail(ctx, tenantID, email)
	if s.read != nil {
		s.read()
	}
	return account, err
}

func (s *between) Update(ctx context.Context, a localusers.Account) error {
	if s.write != nil {
		s.write()
	}
	return s.Store.Update(ctx, a)
}

// Who has the old password gets nothing with it that outlives the change: neither by a sign-in
// that has begun before, nor by one while the new password is hashed.
func TestOldPasswordBesideTheNewOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &between{Store: localusers.NewMemory()}
		ended := 0
		users, err := localusers.New(store, site, localusers.WithCost(cheap), localusers.WithEnded(func(context.Context, string, string) error {
			ended++
			return nil
		}))
		f := &fixture{TB: t, users: users}
		f.must(err)
		user := f.join("ann@example.com")
		reset, err := users.Reset(t.Context(), "t1", user.ID)
		f.must(err)
		before := 0
		store.write = func() { before = ended }
		store.read = func() {
			store.read = nil
			time.Sleep(time.Second)
			_, err := users.UseLink(t.Context(), token(reset), "another good password")
			f.must(err)
			time.Sleep(time.Second)
		}
		old, ok, err := users.SignIn(t.Context(), "t1", "ann@example.com", password)
		f.must(err)
		if active, err := users.Active(t.Context(), old); ok && active || err != nil {
			t.Errorf("the session of the old password goes on: %v", err)
		}
		if before != 1 || ended != 2 {
			t.Errorf("grants are ended %d times before the change, and %d in all", before, ended)
		}
		fresh, ok, err := users.SignIn(t.Context(), "t1", "ann@example.com", "another good password")
		f.must(err)
		if active, err := users.Active(t.Context(), fresh); !ok || !active || err != nil {
			t.Errorf("the session of the new password: %v, %v, %v", ok, active, err)
		}
	})
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	var got []localusers.Link
	var fail error
	f := newFixture(t, localusers.WithDelivery(func(_ context.Context, l localusers.Link) error {
		got = append(got, l)
		return fail
	}))
	link := f.invite("ann@example.com")
	if len(got) != 1 || got[0] != link || got[0].User.Email != "ann@example.com" {
		t.Errorf("the links are %+v", got)
	}
	fail = errors.New("mail-7.internal refuses")
	_, err := f.users.Reset(t.Context(), "t1", link.User.ID)
	if !errors.Is(err, cpodkit.CodeUnavailable) || !errors.Is(err, fail) {
		t.Errorf("a failure is %v", err)
	}
	h := webtest.Handler(f.users.Routes(), webtest.As(admin))
	w := webtest.Call(t, h, http.MethodPost, "/v1/users", "", `{"email": "bob@example.com"}`, "Content-Type", "application/json")
	w.WantProblem(t, cpodkit.CodeUnavailable)
	if detail := w.Detail(t); !strings.Contains(detail, "could not be sent") || strings.Contains(detail, "mail-7") {
		t.Errorf("the client reads %q", detail)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	store := localusers.NewMemory()
	for name, call := range map[string]func() error{
		"no store": func() error { _, err := localusers.New(nil, site); return err },
		"no URL":   func() error { _, err := localusers.New(store, ""); return err },
		"a low cost": func() error {
			_, err := localusers.New(store, site, localusers.WithCost(localusers.Cost{Memory: 8, Passes: 1, Lanes: 1}))
			return err
		},
		"no lanes": func() error {
			_, err := localusers.New(store, site, localusers.WithCost(localusers.Cost{Memory: 64 << 10, Passes: 3}))
			return err
		},
		"no hashes": func() error { _, err := localusers.New(store, site, localusers.WithHashesAtOnce(0)); return err },
		"a short secret": func() error {
			_, err := localusers.New(store, site, localusers.WithCursorSecret([]byte("short")))
			return err
		},
	} {
		if call() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := localusers.New(store, site); err != nil {
		t.Error(err)
	}
}
