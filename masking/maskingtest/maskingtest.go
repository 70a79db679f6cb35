// Package maskingtest has the suite that every [masking.TokenStore] and [masking.Keys]
// passes.
package maskingtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/masking"
)

// Store is what the suite tests.
type Store interface {
	masking.TokenStore
	masking.Keys
}

// keyBytes is the size of a key.
const keyBytes = 32

// Run runs the suite. Each test gets a store of its own from open, which is empty.
func Run(t *testing.T, open func(t testing.TB) Store) {
	t.Helper()
	for name, test := range map[string]func(*suite){
		"Unknown":          testUnknown,
		"Put":              testPut,
		"PutAgain":         testPutAgain,
		"Values":           testValues,
		"ValueTooLong":     testValueTooLong,
		"Many":             testMany,
		"Arguments":        testArguments,
		"OddTokens":        testOddTokens,
		"Tenants":          testTenants,
		"NoTenant":         testNoTenant,
		"Keys":             testKeys,
		"ConcurrentKeys":   testConcurrentKeys,
		"ConcurrentPuts":   testConcurrentPuts,
		"CancelledContext": testCancelledContext,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open, test)
		})
	}
}

// suite is one test of a store.
type suite struct {
	testing.TB
	store Store
	ctx   context.Context
}

func run(t testing.TB, open func(t testing.TB) Store, test func(*suite)) {
	t.Helper()
	test(&suite{t, open(t), t.Context()})
}

// newToken returns a token in the form that masking makes.
func newToken() string {
	const size = 16
	raw := make([]byte, size)
	_, _ = rand.Read(raw)
	return "tok_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
}

func (s *suite) put(tenant string, values map[string]string) {
	s.Helper()
	if err := s.store.Put(s.ctx, tenant, values); err != nil {
		s.Fatalf("Put of %d values of %q: %v", len(values), tenant, err)
	}
}

// want expects the values of those tokens, and no others.
func (s *suite) want(tenant string, want map[string]string, tokens ...string) {
	s.Helper()
	got, err := s.store.Get(s.ctx, tenant, tokens)
	if err != nil || !maps.Equal(got, want) {
		s.Errorf("Get of %d tokens of %q returns %.200q, %v; want %.200q", len(tokens), tenant, got, err, want)
	}
}

func (s *suite) key(tenant string) string {
	s.Helper()
	key, err := s.store.Key(s.ctx, tenant)
	if err != nil {
		s.Fatalf("Key of %q: %v", tenant, err)
	}
	return string(key)
}

func testUnknown(s *suite) {
	known, other := newToken(), newToken()
	s.want("t1", map[string]string{}, known) // a tenant that has none
	s.put("t1", map[string]string{known: "v"})
	s.want("t1", map[string]string{}, other)
	s.want("t1", map[string]string{}, known[:len(known)-1], known+"a")
	s.want("t1", map[string]string{known: "v"}, other, known)
	s.want("t1", map[string]string{})
}

func testPut(s *suite) {
	a, b, c := newToken(), newToken(), newToken()
	s.put("t1", map[string]string{a: "alice@example.com", b: "555-867-5309"})
	s.put("t1", map[string]string{c: "alice@example.com"})
	s.put("t1", nil)
	s.want("t1", map[string]string{a: "alice@example.com", b: "555-867-5309", c: "alice@example.com"}, a, b, c)
	s.want("t1", map[string]string{b: "555-867-5309"}, b, b)
}

// A value that is there already is no error, also beside one that is not.
func testPutAgain(s *suite) {
	a, b := newToken(), newToken()
	s.put("t1", map[string]string{a: "one"})
	s.put("t1", map[string]string{a: "one"})
	s.put("t1", map[string]string{a: "one", b: "two"})
	s.want("t1", map[string]string{a: "one", b: "two"}, a, b)
}

// A value is stored byte for byte.
func testValues(s *suite) {
	values := map[string]string{}
	for _, v := range []string{
		"", " ", "\n", " a ", "a\n", "a\r\n", "a\x00b", "\x00", "\xff\xfe", "é", "e\u0301", "日本語", "null", `"a"`, `{"a":1}`, "=?", "+/=",
		strings.Repeat("v", masking.MaxTokenValue), strings.Repeat("\xff", masking.MaxTokenValue),
	} {
		values[newToken()] = v
	}
	s.put("t1", values)
	for token, v := range values {
		s.want("t1", map[string]string{token: v}, token)
	}
}

func testValueTooLong(s *suite) {
	long, short := newToken(), newToken()
	err := s.store.Put(s.ctx, "t1", map[string]string{long: strings.Repeat("v", masking.MaxTokenValue+1), short: "v"})
	if !errors.Is(err, cpodkit.CodePayloadTooLarge) {
		s.Errorf("Put of a value that is too long: the error is %v; want %q", err, cpodkit.CodePayloadTooLarge)
	}
	if err != nil && strings.Contains(err.Error(), "vvvvvvvv") {
		s.Error("the error repeats the value")
	}
	s.want("t1", map[string]string{}, long)
}

func testMany(s *suite) {
	values := map[string]string{}
	var tokens []string
	for i := range 1234 {
		token := newToken()
		tokens, values[token] = append(tokens, token), fmt.Sprint("value ", i)
	}
	s.put("t1", values)
	s.want("t1", values, tokens...)
}

// The store changes nothing in its arguments, and keeps nothing of them; results are the
// caller's.
func testArguments(s *suite) {
	a := newToken()
	values := map[string]string{a: "v"}
	s.put("t1", values)
	if len(values) != 1 || values[a] != "v" {
		s.Error("Put changes its argument")
	}
	values[a] = "other"
	s.want("t1", map[string]string{a: "v"}, a)
	got, _ := s.store.Get(s.ctx, "t1", []string{a})
	if got != nil {
		got[a] = "other"
	}
	s.want("t1", map[string]string{a: "v"}, a)
	key, _ := s.store.Key(s.ctx, "t1")
	before := string(key)
	clear(key)
	if s.key("t1") != before {
		s.Error("a change of the key that Key returned is a change of the store")
	}
}

// A client may ask for anything. What is not a token is not there.
func testOddTokens(s *suite) {
	a := newToken()
	s.put("t1", map[string]string{a: "v"})
	s.want("t1", map[string]string{a: "v"},
		"", " ", "tok_", strings.ToUpper(a), a+" ", " "+a, a+"\x00", "\xff", "../t1/"+a, "%", "t1/"+a, "日本", "a/b", ".", "..",
		strings.Repeat("a", 64), strings.Repeat("a", 600), strings.Repeat("a", 70_000), a)
}

// hardTenants are ids of tenants that encodings and paths mix up.
func hardTenants() []string {
	return []string{"t1", "t", "t1x", "T1", "t1/", "t1/a", "../t1", "t%31", "t1%2F", " t1", "t1 ", "t@1.2", "ü", "default", `t\1`, "日本"}
}

// A tenant has no token of another one, and no key.
func testTenants(s *suite) {
	token, keys := newToken(), map[string]string{}
	for i, tenant := range hardTenants() {
		s.want(tenant, map[string]string{}, token)
		s.put(tenant, map[string]string{token: fmt.Sprint("of ", i)})
		key := s.key(tenant)
		if other, same := keys[key]; same {
			s.Errorf("the tenants %q and %q have the same key", tenant, other)
		}
		keys[key] = tenant
	}
	for i, tenant := range hardTenants() {
		s.want(tenant, map[string]string{token: fmt.Sprint("of ", i)}, token)
	}
}

// What is not the id of a tenant is an error.
func testNoTenant(s *suite) {
	token := newToken()
	for _, tenant := range []string{"", ".", "..", strings.Repeat("t", cpodkit.MaxIDLen+1)} {
		if s.store.Put(s.ctx, tenant, map[string]string{token: "v"}) == nil {
			s.Errorf("Put takes the tenant %q", tenant)
		}
		if _, err := s.store.Get(s.ctx, tenant, []string{token}); err == nil {
			s.Errorf("Get takes the tenant %q", tenant)
		}
		if _, err := s.store.Key(s.ctx, tenant); err == nil {
			s.Errorf("Key takes the tenant %q", tenant)
		}
	}
}

// A key is random, and always the same.
func testKeys(s *suite) {
	key := s.key("t1")
	if len(key) != keyBytes || bytes.Count([]byte(key), []byte{0}) > keyBytes/4 || strings.Contains(key, "t1") {
		s.Errorf("the key of a tenant has %d bytes, or is not random", len(key))
	}
	s.put("t1", map[string]string{newToken(): "v"})
	if s.key("t1") != key {
		s.Error("the key of a tenant has changed")
	}
}

// Of several first calls for a tenant all get one key.
func testConcurrentKeys(s *suite) {
	const tenants, calls = 8, 8
	for i := range tenants {
		var all sync.WaitGroup
		keys := make([]string, calls)
		for j := range calls {
			all.Go(func() {
				key, err := s.store.Key(s.ctx, fmt.Sprint("t", i))
				keys[j] = string(key)
				if err != nil {
					s.Errorf("a concurrent Key: %v", err)
				}
			})
		}
		all.Wait()
		for _, key := range keys {
			if key != s.key(fmt.Sprint("t", i)) {
				s.Error("concurrent calls get different keys")
				return
			}
		}
	}
}

func testConcurrentPuts(s *suite) {
	shared := newToken()
	const calls = 16
	tokens := make([]string, calls)
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			tokens[i] = newToken()
			if err := s.store.Put(s.ctx, "t1", map[string]string{shared: "of all", tokens[i]: "its own"}); err != nil {
				s.Errorf("a concurrent Put: %v", err)
			}
		})
	}
	all.Wait()
	want := map[string]string{shared: "of all"}
	for _, token := range tokens {
		want[token] = "its own"
	}
	s.want("t1", want, slices.Concat(tokens, []string{shared})...)
}

func testCancelledContext(s *suite) {
	token := newToken()
	s.put("t1", map[string]string{token: "v"})
	_ = s.key("t1")
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	other := newToken()
	if s.store.Put(ctx, "t1", map[string]string{other: "v"}) == nil {
		s.Error("Put works without a context")
	}
	if _, err := s.store.Get(ctx, "t1", []string{token}); err == nil {
		s.Error("Get works without a context")
	}
	if _, err := s.store.Key(ctx, "t1"); err == nil {
		s.Error("Key works without a context")
	}
	s.want("t1", map[string]string{token: "v"}, token, other)
}
