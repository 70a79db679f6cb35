//go:build unix

package vaultsecrets_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/backendtest"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/secrets"
)

func isUnavailable(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, cpodkit.CodeUnavailable) || errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("%s: %v, want unavailable", what, err)
	}
}

// The token cannot live longer than 4 s, and calls go on for 10 s.
func TestTokenReachesItsMaximumLife(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	opt, logged := log(t)
	d := open(t, v, v.Addr, byAppRole(t, v, 2*time.Second, 4*time.Second), opt)
	put(t, d, "a", "v")
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for start := time.Now(); time.Since(start) < 10*time.Second && !t.Failed(); {
				wants(t, d, "a", "v")
			}
		})
	}
	calls.Wait()
	if text := logged(); text != "" {
		t.Errorf("it logs %s", text)
	}
}

// Nobody calls while the token expires: it is renewed all the same, so that the next call
// finds it.
func TestTokenIsRenewedWithoutCalls(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	d := open(t, v, v.Addr, byTokenFile(t, v.NewToken("cpod", policy, 3*time.Second)))
	put(t, d, "a", "v")
	quiet := time.NewTimer(8 * time.Second)
	defer quiet.Stop()
	<-quiet.C
	wants(t, d, "a", "v")
}

// A token that was revoked, as all are when a Vault in memory starts again.
func TestTokenIsRevoked(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	d := open(t, v, v.Addr, byAppRole(t, v, 0, 0))
	put(t, d, "a", "v")
	for range 3 {
		v.Write("sys/leases/revoke-prefix/auth/approle", nil)
		wants(t, d, "a", "v")
	}
	v.Write("sys/leases/revoke-prefix/auth/approle", nil)
	put(t, d, "a", "w")
	wants(t, d, "a", "w")
}

// A token that is given cannot be replaced by a login: calls fail until the file has
// another one.
func TestTokenFileIsReplaced(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	opt, logged := log(t)
	first := v.NewToken("cpod", policy, time.Hour)
	p := byTokenFile(t, first)
	d := open(t, v, v.Addr, p, opt)
	put(t, d, "a", "v")
	second := v.NewToken("cpod", policy, time.Hour)
	v.Write("auth/token/revoke", map[string]any{"token": first})
	for range 10 {
		_, err := get(t, d, "a")
		isUnavailable(t, "a call with a revoked token", err)
	}
	replace(t, p["token-file"], second)
	wants(t, d, "a", "v") // at once

	// Before the old one ends, as Vault Agent does it: nothing fails.
	const uses = 1_000_000
	third, _ := v.Write("auth/token/create", map[string]any{"policies": "cpod", "num_uses": uses})["client_token"].(string)
	replace(t, p["token-file"], third)
	testservice.Eventually(t, "the driver uses the token of the file", func() bool {
		wants(t, d, "a", "v")
		return v.Write("auth/token/lookup", map[string]any{"token": third})["num_uses"] != float64(uses)
	})
	for _, token := range []string{first, second, third} {
		if strings.Contains(logged(), token) {
			t.Error("the log holds a token")
		}
	}
	if n := strings.Count(logged(), "it fails"); n != 1 {
		t.Errorf("one failure is logged %d times: %s", n, logged())
	}
}

// The file has a token that is refused: the one from before it is renewed and used.
func TestTokenFileIsBroken(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	opt, logged := log(t)
	p := byTokenFile(t, v.NewToken("cpod", policy, 15*time.Second))
	d := open(t, v, v.Addr, p, opt)
	put(t, d, "a", "v")
	replace(t, p["token-file"], "hunter2")
	testservice.Eventually(t, "the token is refused", func() bool { return strings.Contains(logged(), "it fails") })
	quiet := time.NewTimer(22 * time.Second)
	defer quiet.Stop()
	<-quiet.C
	wants(t, d, "a", "v")
	if text := logged(); strings.Count(text, "it fails") != 1 || strings.Contains(text, "hunter2") {
		t.Errorf("the log is %s", text)
	}
	replace(t, p["token-file"], v.NewToken("cpod", policy, time.Hour))
	testservice.Eventually(t, "the file works again", func() bool { return strings.Contains(logged(), "it works again") })
	wants(t, d, "a", "v")
}

// A policy that denies is an outage, and each call makes no other login.
func TestPolicyDenies(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	d := open(t, v, v.Addr, byAppRole(t, v, 0, 0))
	put(t, d, "a", "v")
	v.Policy("cpod", `path "secret/data/cpod/t1/b" { capabilities = ["read"] }`)
	before := logins(v)
	for range 20 {
		_, err := get(t, d, "a")
		isUnavailable(t, "a read that is denied", err)
		if !strings.Contains(err.Error(), "policy") {
			t.Errorf("the cause is %v", err)
		}
		_, err = d.Put(t.Context(), "t1", "a", secrets.NewValue("w"), secrets.Condition{})
		isUnavailable(t, "a write that is denied", err)
		_, _, err = d.List(t.Context(), "t1", "", 10)
		isUnavailable(t, "a list that is denied", err)
		if _, err = get(t, d, "b"); !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("what the policy permits: %v", err)
		}
	}
	if n := logins(v) - before; n > 1 {
		t.Errorf("denied calls make %d logins", n)
	}
	v.Policy("cpod", policy)
	wants(t, d, "a", "v")
}

// A token that may not even look itself up: each denied call makes no other login.
func TestPolicyDeniesLookups(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	p := byAppRole(t, v, 0, 0)
	v.Write("auth/approle/role/cpod", map[string]any{"token_no_default_policy": true})
	v.Policy("cpod", `path "secret/data/cpod/*" { capabilities = ["read"] }`)
	d := open(t, v, v.Addr, p)
	isNotFound(t, d)
	before := logins(v)
	for range 20 {
		_, err := d.Put(t.Context(), "t1", "a", secrets.NewValue("w"), secrets.Condition{})
		isUnavailable(t, "a write that is denied", err)
	}
	if n := logins(v) - before; n > 1 {
		t.Errorf("denied calls make %d logins", n)
	}
	isNotFound(t, d)
}

// logins returns how many tokens there are.
func logins(v *testservice.VaultServer) int {
	keys, _ := v.Read("auth/token/accessors?list=true")["keys"].([]any)
	return len(keys)
}

func TestLoginIsRefused(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	p := byAppRole(t, v, 0, 0)
	file := p["secret-id-file"]
	replace(t, file, "hunter2")
	opt, logged := log(t)
	d := open(t, v, v.Addr, p, opt)
	for range 50 { // Vault would lock out who sends 5
		_, err := get(t, d, "a")
		isUnavailable(t, "a call with a wrong secret id", err)
		if !strings.Contains(err.Error(), "invalid role or secret ID") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the cause is %v", err)
		}
	}
	if text := logged(); strings.Count(text, "it fails") != 1 || strings.Contains(text, "hunter2") {
		t.Errorf("the log is %s", text)
	}
	v.NewSecretID("cpod", file)
	put(t, d, "a", "v") // at once
}

func TestSealed(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	d := open(t, v, v.Addr, byAppRole(t, v, 2*time.Second, 4*time.Second))
	put(t, d, "a", "v")
	v.Seal()
	for start := time.Now(); time.Since(start) < 5*time.Second; { // the token expires meanwhile
		_, err := get(t, d, "a")
		isUnavailable(t, "a call to a sealed Vault", err)
	}
	isUnavailable(t, "ping", d.Ping(t.Context()))
	v.Unseal()
	testservice.Eventually(t, "it works again", func() bool { return d.Ping(t.Context()) == nil })
	wants(t, d, "a", "v")
}

func TestRestarted(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	d := open(t, v, v.Addr, byAppRole(t, v, 2*time.Second, 4*time.Second))
	put(t, d, "a", "v")
	for _, end := range []func(){v.Stop, v.Kill} {
		end()
		_, err := get(t, d, "a")
		isUnavailable(t, "a call to a Vault that is down", err)
		v.Start()
		testservice.Eventually(t, "it works again", func() bool { return d.Ping(t.Context()) == nil })
		wants(t, d, "a", "v")
	}
}

// A connection on which no answer comes holds up no other call for longer than the time
// limit, and is not used again.
func TestHalfOpen(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	proxy := backendtest.NewProxy(t, v.Addr)
	p := byAppRole(t, v, 0, 0)
	p["timeout"] = "500ms"
	d := open(t, v, proxy.Addr(), p)
	put(t, d, "a", "v")
	proxy.SetDelay(time.Hour) // of the connections that are open, and of new ones
	for range 3 {
		_, err := get(t, d, "a")
		isUnavailable(t, "a call without an answer", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := d.Get(ctx, "t1", "a", 0)
	if code := cpodkit.CodeOf(err); code != cpodkit.CodeTimeout && code != cpodkit.CodeUnavailable {
		t.Errorf("a call with a deadline: %v", err)
	}
	proxy.SetDelay(0)
	testservice.Eventually(t, "it works again", func() bool { _, err := get(t, d, "a"); return err == nil })
}

func TestOtherMounts(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	v.Write("sys/mounts/old", map[string]any{"type": "kv", "options": map[string]string{"version": "1"}})
	at := func(mount string) string {
		return strings.Replace(urlOf(v.Addr, v.CA, asRoot(t, v)), "/secret?", "/"+mount+"?", 1)
	}
	for mount, want := range map[string]string{
		"old": `version "1"`, "nothing": "nothing", "transit": `type "transit"`, "secret/below": `at "secret/"`,
	} {
		d := openURL(t, at(mount))
		_, err := get(t, d, "a")
		for what, err := range map[string]error{"get": err, "ping": d.Ping(t.Context())} {
			isUnavailable(t, what+" at "+mount, err)
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s at %s: %v says nothing of %s", what, mount, err, want)
			}
		}
		_, err = d.Put(t.Context(), "t1", "a", secrets.NewValue("v"), secrets.Condition{})
		isUnavailable(t, "put at "+mount, err)
	}
	// It may be mounted later, and go.
	v.Write("sys/mounts/nothing", map[string]any{"type": "kv", "options": map[string]string{"version": "2"}})
	d := openURL(t, at("nothing"))
	testservice.Eventually(t, "the mount is ready", func() bool { return d.Ping(t.Context()) == nil })
	put(t, d, "a", "v")
	v.Delete("sys/mounts/nothing")
	_, err := get(t, d, "a")
	isUnavailable(t, "get of a mount that is gone", err)
}
