package ratelimit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// handleKey is a key as a handle of a tenant has it.
func handleKey(tenant string, i int) string { return fmt.Sprintf("%s/apps/app/%d", tenant, i) }

// One tenant fills a memory many times over. The first thousand keys of another one have
// all their tokens, and keep what was taken from them.
func TestATenantsFloodLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	const room = 16_000
	synctest.Test(t, func(t *testing.T) {
		m := sized(t, room)
		defer m.Close()
		limit := ratelimit.Limit{Tokens: 5, Window: time.Hour}
		flood := func(from int) {
			for i := range 8 * room {
				takeFrom(t, m, handleKey("a", from+i), limit, 1+int64(i%5))
			}
		}
		flood(0)
		for i := range 1000 {
			if got := takeFrom(t, m, handleKey("b", i), limit, 2); !got.Allowed || got.Remaining != 3 {
				t.Fatalf("the first call on key %d of another tenant: %+v", i, got)
			}
		}
		flood(8 * room)
		for i := range 1000 {
			if got := takeFrom(t, m, handleKey("b", i), limit, 0); got.Remaining != 3 {
				t.Fatalf("after more of the flood, key %d: %+v", i, got)
			}
		}
		if a, b := ratelimit.Held(m, "a/"), ratelimit.Held(m, "b/"); b != 1000 || a > room-1000 {
			t.Errorf("of %d buckets, the tenant that floods holds %d and the other one %d", room, a, b)
		}
		if got := takeFrom(t, m, handleKey("a", 1<<30), limit, 5); got.Allowed {
			t.Error("a new key of the tenant that floods has all tokens that its other buckets lack")
		}
	})
}

// Tenants that all want more than there is hold an eighth each, or less.
func TestSharesOfTenants(t *testing.T) {
	t.Parallel()
	const room = 8_000
	m := sized(t, room)
	defer m.Close()
	limit := ratelimit.Limit{Tokens: 5, Window: time.Hour}
	for tenant := range 12 {
		name := fmt.Sprint("t", tenant)
		for i := range 2 * room {
			takeFrom(t, m, handleKey(name, i), limit, 1)
		}
		held := ratelimit.Held(m, name+"/")
		if tenant > 0 && held > room/8 || held < room/16 {
			t.Errorf("tenant %d holds %d of %d buckets", tenant, held, room)
		}
	}
	if held := ratelimit.Held(m, "t0/"); held > room/8+room/32 {
		t.Errorf("the tenant that was first still holds %d of %d buckets", held, room)
	}
}

// No key gets more than its limit, whoever's buckets are forgotten for whose.
func TestNoTenantGetsTokensByAFlood(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ room, tenants, keys int }{
		{100, 3, 300}, {100, 150, 20}, {1000, 30, 200}, {16, 100, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := sized(t, c.room)
			defer m.Close()
			rnd := rand.New(rand.NewPCG(1, uint64(c.tenants)))
			began := time.Now()
			taken := map[string]int64{}
			for range 20_000 {
				tenant := min(int(rnd.ExpFloat64()*float64(c.tenants)/4), c.tenants-1)
				limit := ratelimit.Limit{Tokens: 5, Window: time.Minute << (tenant % 4)}
				key := handleKey(fmt.Sprint(tenant), rnd.IntN(c.keys))
				if takeFrom(t, m, key, limit, 1).Allowed {
					taken[key]++
				}
				pass(10 * time.Millisecond)
				if most := 5 + int64(5*time.Since(began)/limit.Window); taken[key] > most {
					t.Fatalf("%+v: %s got %d tokens in %v; at most %d are its", c, key, taken[key], time.Since(began), most)
				}
			}
			if keys, _ := ratelimit.Kept(m); keys > c.room {
				t.Errorf("%d buckets are kept; want %d at most", keys, c.room)
			}
		})
	}
}

func TestTenantOf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 64)
	for key, want := range map[string]string{
		"acme/apps/shop/user-1":             "acme",
		"acme":                              "",
		"acme/":                             "acme",
		"/x":                                "",
		"":                                  "",
		long + "/apps":                      long,
		long + "x/apps":                     "",
		"$":                                 "$",
		"$login:ann@example.com":            "$",
		"$login/ann/{acme}":                 "$",
		"$policy/tenant/10/60/{acme}":       "acme",
		"$policy/app/10/60/{acme}/shop/":    "acme",
		"$policy/user/10/60/{acme}/shop/7":  "acme",
		"$policy/n/10/60/6:{acme}7:getFile": "acme",
		"$policy/n/10/60/7:getFile6:{acme}": "$policy/n/10/60/",
		"$policy/n/10/60/{acme":             "$policy/n/10/60/",
		"$policy/n/10/60/12{acme}":          "$policy/n/10/60/",
		"$policy/n/10/60/192.0.2.1":         "$policy/n/10/60/",
		"$policy/n/10/60/2001:db8::/64":     "$policy/n/10/60/",
		"$policy/n/10/60/":                  "$policy/n/10/60/",
		"$policy/n/10/60#0123":              "$",
	} {
		if got := ratelimit.TenantOf(key); got != want {
			t.Errorf("TenantOf(%q) is %q, want %q", key, got, want)
		}
	}
}
