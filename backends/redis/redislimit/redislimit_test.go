//go:build unix

package redislimit_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/redislimit"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/ratelimittest"
)

func open(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	client, err := redisclient.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func newDriver(t testing.TB, client redis.UniversalClient, opts ...redislimit.Option) *redislimit.Driver {
	t.Helper()
	d, err := redislimit.New(client, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConformance(t *testing.T) {
	t.Parallel()
	conform(t, testservice.RedisURL(t))
}

func conform(t *testing.T, url string) {
	t.Helper()
	ratelimittest.Run(t, func(t testing.TB) ratelimit.Driver {
		return newDriver(t, open(t, url), redislimit.WithPrefix("test:"+rand.Text()+":"))
	})
	ratelimittest.RunReplicas(t, func(t testing.TB, n int) []ratelimit.Driver {
		drivers, prefix := make([]ratelimit.Driver, n), "test:"+rand.Text()+":"
		for i := range drivers {
			drivers[i] = newDriver(t, open(t, url), redislimit.WithPrefix(prefix))
		}
		return drivers
	})
}

func takeOne(t testing.TB, d ratelimit.Driver, key string, limit ratelimit.Limit, cost int64) ratelimit.State {
	t.Helper()
	b := []ratelimit.Bucket{{Key: key, Limit: limit}}
	if err := d.Take(t.Context(), b, cost); err != nil {
		t.Fatal(err)
	}
	return b[0].State
}

func TestKeys(t *testing.T) {
	t.Parallel()
	client := open(t, testservice.RedisURL(t))
	prefix := "test:" + rand.Text() + ":"
	d := newDriver(t, client, redislimit.WithPrefix(prefix))
	long := strings.Repeat("\x00{", ratelimit.MaxKey/2)
	for _, c := range []struct {
		key   string
		limit ratelimit.Limit
		cost  int64
		ttl   time.Duration // of the bucket, at most; 0 when it is not there
	}{
		{"peeked", ratelimit.Limit{Tokens: 10, Window: time.Hour}, 0, 0},
		{"one", ratelimit.Limit{Tokens: 10, Window: time.Hour}, 1, 6 * time.Minute},
		{"all", ratelimit.Limit{Tokens: 10, Window: time.Hour}, 10, time.Hour},
		{long, ratelimit.Limit{Tokens: ratelimit.MaxTokens, Window: ratelimit.MaxWindow}, ratelimit.MaxTokens, ratelimit.MaxWindow},
	} {
		takeOne(t, d, c.key, c.limit, c.cost)
		got := client.PTTL(t.Context(), prefix+c.key).Val()
		if absent := got < 0; absent != (c.ttl == 0) || got > c.ttl+2*time.Millisecond || !absent && got < c.ttl-time.Minute {
			t.Errorf("%.20q expires in %v, want %v", c.key, got, c.ttl)
		}
		if n := client.StrLen(t.Context(), prefix+c.key).Val(); n > 32 {
			t.Errorf("%.20q takes %d bytes", c.key, n)
		}
	}
}

func TestReturn(t *testing.T) {
	t.Parallel()
	d := newDriver(t, open(t, testservice.RedisURL(t)), redislimit.WithPrefix("test:"+rand.Text()+":"))
	limit := ratelimit.Limit{Tokens: 7, Window: 1000 * time.Hour}
	takeOne(t, d, "k", limit, 7)
	for _, back := range []int64{3, 1, 7} {
		if err := d.Return(t.Context(), "k", limit, back); err != nil {
			t.Fatal(err)
		}
	}
	if got := takeOne(t, d, "k", limit, 0); got != (ratelimit.State{Allowed: true, Remaining: 7}) {
		t.Errorf("%+v, want a full bucket and no more", got)
	}
	takeOne(t, d, "k", limit, 7)
	if err := d.Return(t.Context(), "k", limit, 3); err != nil {
		t.Fatal(err)
	}
	if got := takeOne(t, d, "k", limit, 3); !got.Allowed || got.Remaining != 0 {
		t.Errorf("%+v, want the last 3", got)
	}
	if err := d.Return(t.Context(), "unknown", limit, 3); err != nil {
		t.Fatal(err)
	}
	if got := takeOne(t, d, "unknown", limit, 7); !got.Allowed {
		t.Errorf("%+v, want a full bucket", got)
	}
}

// TestForgottenScript loses the script in the middle, as a restart or a failover
// does.
func TestForgottenScript(t *testing.T) {
	t.Parallel()
	client := open(t, testservice.Redis(t).URL())
	d := newDriver(t, client)
	limit := ratelimit.Limit{Tokens: 10, Window: time.Hour}
	for want := int64(9); want >= 7; want-- {
		if got := takeOne(t, d, "k", limit, 1); got.Remaining != want {
			t.Errorf("%d left, want %d", got.Remaining, want)
		}
		if err := client.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	if _, err := redislimit.New(nil); err == nil {
		t.Error("no client is accepted")
	}
}
