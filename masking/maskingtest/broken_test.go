package maskingtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/masking"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	Run(t, func(testing.TB) Store { return masking.NewMemoryTokens() })
}

// broken is a MemoryTokens with some of it replaced.
type broken struct {
	*masking.MemoryTokens
	put func(ctx context.Context, tenant string, values map[string]string) error
	get func(ctx context.Context, tenant string, tokens []string) (map[string]string, error)
	key func(ctx context.Context, tenant string) ([]byte, error)
}

func (b *broken) Put(ctx context.Context, tenant string, values map[string]string) error {
	return b.put(ctx, tenant, values)
}

func (b *broken) Get(ctx context.Context, tenant string, tokens []string) (map[string]string, error) {
	return b.get(ctx, tenant, tokens)
}

func (b *broken) Key(ctx context.Context, tenant string) ([]byte, error) { return b.key(ctx, tenant) }

// tenants replaces the tenants of all calls.
func tenants(of func(string) string) func(b *broken) {
	return func(b *broken) {
		m := b.MemoryTokens
		b.put = func(ctx context.Context, t string, v map[string]string) error { return m.Put(ctx, of(t), v) }
		b.get = func(ctx context.Context, t string, tokens []string) (map[string]string, error) {
			return m.Get(ctx, of(t), tokens)
		}
		b.key = func(ctx context.Context, t string) ([]byte, error) { return m.Key(ctx, of(t)) }
	}
}

// values replaces the values that are put.
func values(of func(string) string) func(b *broken) {
	return func(b *broken) {
		b.put = func(ctx context.Context, t string, v map[string]string) error {
			v = maps.Clone(v)
			for token, value := range v {
				v[token] = of(value)
			}
			return b.MemoryTokens.Put(ctx, t, v)
		}
	}
}

// asked replaces the tokens that are asked for.
func asked(of func(string) string) func(b *broken) {
	return func(b *broken) {
		b.get = func(ctx context.Context, t string, tokens []string) (map[string]string, error) {
			found := map[string]string{}
			for _, token := range tokens {
				got, err := b.MemoryTokens.Get(ctx, t, []string{of(token)})
				if err != nil {
					return nil, err
				}
				if value, ok := got[of(token)]; ok {
					found[token] = value
				}
			}
			return found, nil
		}
	}
}

// The suite catches each of these mistakes.
func TestMistakesAreSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		test   func(*suite)
		breaks func(b *broken)
	}{
		"what is not there is an error": {testUnknown, func(b *broken) {
			b.get = func(ctx context.Context, t string, tokens []string) (map[string]string, error) {
				found, err := b.MemoryTokens.Get(ctx, t, tokens)
				if len(found) < len(tokens) {
					err = cpodkit.CodeNotFound
				}
				return found, err
			}
		}},
		"what is not there is empty": {testUnknown, func(b *broken) {
			b.get = func(ctx context.Context, t string, tokens []string) (map[string]string, error) {
				found, err := b.MemoryTokens.Get(ctx, t, tokens)
				for _, token := range tokens {
					if found != nil {
						found[token] += ""
					}
				}
				return found, err
			}
		}},
		"a prefix is enough": {testUnknown, func(b *broken) {
			var all []string
			b.put = func(ctx context.Context, t string, v map[string]string) error {
				for token := range v {
					all = append(all, token)
				}
				return b.MemoryTokens.Put(ctx, t, v)
			}
			asked(func(token string) string {
				for _, known := range all {
					if strings.HasPrefix(known, token) {
						return known
					}
				}
				return token
			})(b)
		}},
		"nothing is stored": {testPut, func(b *broken) {
			b.put = func(context.Context, string, map[string]string) error { return nil }
		}},
		"one of several is stored": {testPut, func(b *broken) {
			b.put = func(ctx context.Context, t string, v map[string]string) error {
				for token, value := range v {
					return b.MemoryTokens.Put(ctx, t, map[string]string{token: value})
				}
				return nil
			}
		}},
		"one of several is found": {testPut, func(b *broken) {
			b.get = func(ctx context.Context, t string, tokens []string) (map[string]string, error) {
				return b.MemoryTokens.Get(ctx, t, tokens[:min(len(tokens), 1)])
			}
		}},
		"putting again is a conflict": {testPutAgain, func(b *broken) {
			b.put = func(ctx context.Context, t string, v map[string]string) error {
				for token := range v {
					if found, err := b.MemoryTokens.Get(ctx, t, []string{token}); err == nil && len(found) > 0 {
						return cpodkit.CodeConflict
					}
				}
				return b.MemoryTokens.Put(ctx, t, v)
			}
		}},
		"what stands beside one that is there is lost": {testPutAgain, func(b *broken) {
			b.put = func(ctx context.Context, t string, v map[string]string) error {
				for token := range v {
					if found, err := b.MemoryTokens.Get(ctx, t, []string{token}); err == nil && len(found) > 0 {
						return nil
					}
				}
				return b.MemoryTokens.Put(ctx, t, v)
			}
		}},
		"values are trimmed":        {testValues, values(strings.TrimSpace)},
		"values are texts":          {testValues, values(func(v string) string { return strings.ToValidUTF8(v, "?") })},
		"values end at a zero byte": {testValues, values(func(v string) string { v, _, _ = strings.Cut(v, "\x00"); return v })},
		"empty values are dropped": {testValues, func(b *broken) {
			b.get = func(ctx context.Context, t string, tokens []string) (map[string]string, error) {
				found, err := b.MemoryTokens.Get(ctx, t, tokens)
				maps.DeleteFunc(found, func(_, value string) bool { return value == "" })
				return found, err
			}
		}},
		"long values are cut":   {testValueTooLong, values(func(v string) string { return v[:min(len(v), masking.MaxTokenValue)] })},
		"long values are short": {testValues, values(func(v string) string { return v[:min(len(v), masking.MaxTokenValue-1)] })},
		"errors repeat values": {testValueTooLong, func(b *broken) {
			b.put = func(_ context.Context, _ string, v map[string]string) error {
				for _, value := range v {
					if len(value) > masking.MaxTokenValue {
						return cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "The value %s is too long.", value)
					}
				}
				return nil
			}
		}},
		"only so many are read": {testMany, func(b *broken) {
			b.get = func(ctx context.Context, t string, tokens []string) (map[string]string, error) {
				return b.MemoryTokens.Get(ctx, t, tokens[:min(len(tokens), 1000)])
			}
		}},
		"the argument is kept": {testArguments, func(b *broken) {
			kept := map[string]string{}
			b.put = func(_ context.Context, _ string, v map[string]string) error { kept = v; return nil }
			b.get = func(context.Context, string, []string) (map[string]string, error) { return maps.Clone(kept), nil }
		}},
		"the argument is cleared": {testArguments, func(b *broken) {
			b.put = func(ctx context.Context, t string, v map[string]string) error {
				defer clear(v)
				return b.MemoryTokens.Put(ctx, t, v)
			}
		}},
		"the store is returned": {testArguments, func(b *broken) {
			all := map[string]string{}
			b.put = func(_ context.Context, _ string, v map[string]string) error { maps.Copy(all, v); return nil }
			b.get = func(context.Context, string, []string) (map[string]string, error) { return all, nil }
		}},
		"the key is shared": {testArguments, func(b *broken) {
			key := bytes.Repeat([]byte("k"), keyBytes)
			b.key = func(context.Context, string) ([]byte, error) { return key, nil }
		}},
		"tokens have no case":     {testOddTokens, asked(strings.ToLower)},
		"tokens are trimmed":      {testOddTokens, asked(strings.TrimSpace)},
		"tokens are cut":          {testOddTokens, asked(func(t string) string { return t[:min(len(t), 30)] })},
		"tokens are paths":        {testOddTokens, asked(func(t string) string { return t[strings.LastIndex(t, "/")+1:] })},
		"tenants have one case":   {testTenants, tenants(strings.ToLower)},
		"all tenants are one":     {testTenants, tenants(func(string) string { return "t" })},
		"the tenant is a folder":  {testTenants, tenants(func(t string) string { return strings.Split(t+"/", "/")[0] + "x" })},
		"the tenant is decoded":   {testTenants, tenants(func(t string) string { return strings.ReplaceAll(t, "%31", "1") })},
		"no tenant is the system": {testNoTenant, tenants(func(t string) string { return "x" + t[:min(len(t), 9)] })},
		"tenants share a key": {testTenants, func(b *broken) {
			b.key = func(ctx context.Context, _ string) ([]byte, error) { return b.MemoryTokens.Key(ctx, "all") }
		}},
		"the key is derived from the tenant": {testKeys, func(b *broken) {
			b.key = func(_ context.Context, t string) ([]byte, error) {
				return append([]byte(t), make([]byte, keyBytes-len(t))...), nil
			}
		}},
		"the key is short": {testKeys, func(b *broken) {
			b.key = func(ctx context.Context, t string) ([]byte, error) {
				key, err := b.MemoryTokens.Key(ctx, t)
				return key[:16], err
			}
		}},
		"the key is another one each time": {testKeys, func(b *broken) {
			b.key = func(context.Context, string) ([]byte, error) { return []byte(rand.Text() + "123456"), nil }
		}},
		"each caller makes a key": {testConcurrentKeys, func(b *broken) {
			b.key = func(context.Context, string) ([]byte, error) { return []byte(rand.Text()), nil }
		}},
		"concurrent puts conflict": {testConcurrentPuts, func(b *broken) {
			turn := make(chan struct{}, 1)
			b.put = func(ctx context.Context, t string, v map[string]string) error {
				turn <- struct{}{}
				defer func() { <-turn }()
				for token := range v {
					if found, err := b.MemoryTokens.Get(ctx, t, []string{token}); err == nil && len(found) > 0 {
						return cpodkit.CodePreconditionFailed
					}
				}
				return b.MemoryTokens.Put(ctx, t, v)
			}
		}},
		"contexts are ignored": {testCancelledContext, func(b *broken) {
			m := b.MemoryTokens
			b.get = func(ctx context.Context, t string, tokens []string) (map[string]string, error) {
				return m.Get(context.WithoutCancel(ctx), t, tokens)
			}
		}},
		"everything is unavailable": {testUnknown, func(b *broken) {
			b.get = func(context.Context, string, []string) (map[string]string, error) { return nil, errors.New("down") }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustfail.Want(t, func(t testing.TB) {
				run(t, func(testing.TB) Store {
					m := masking.NewMemoryTokens()
					b := &broken{MemoryTokens: m, put: m.Put, get: m.Get, key: m.Key}
					c.breaks(b)
					return b
				}, c.test)
			})
		})
	}
}
