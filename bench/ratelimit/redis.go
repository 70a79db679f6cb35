package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/throttled/throttled/v2"
	throttledredis "github.com/throttled/throttled/v2/store/goredisstore.v9"
	ulule "github.com/ulule/limiter/v3"
	ululeredis "github.com/ulule/limiter/v3/drivers/store/redis"

	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/redislimit"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
)

// sameCommands is what a token bucket on Redis cannot do without: the time, the
// bucket, and the bucket again, of the same size and with an end.
const sameCommands = `
redis.call('TIME')
redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', 1000)
return 1`

// perSecond is a limit that Redis cannot use up and that all peers can count.
const perSecond = 1_000_000

// overRedis compares the buckets in Redis. All use one client.
func overRedis(ctx context.Context) ([]contest, func(), error) {
	done := new(closers)
	url, err := variable("CPODKIT_TEST_REDIS")
	if err != nil {
		return nil, done.close, err
	}
	client, err := redisclient.Open(url)
	if err != nil {
		return nil, done.close, err
	}
	done.add(client.Close)
	prefix := "bench:" + rand.Text() + ":"
	driver, err := redislimit.New(client, redislimit.WithPrefix(prefix))
	if err != nil {
		return nil, done.close, err
	}
	direct, err := ratelimit.New(driver)
	if err != nil {
		return nil, done.close, err
	}
	fetched, err := prefetch.New(driver)
	if err != nil {
		return nil, done.close, err
	}
	leased, err := ratelimit.New(fetched)
	if err != nil {
		return nil, done.close, err
	}
	done.add(leased.Close)
	evalsha, err := bareEvalsha(ctx, client, prefix+"bare-")
	if err != nil {
		return nil, done.close, err
	}
	rate := redisRate(ctx, client, prefix)
	others, err := otherStores(ctx, client, prefix)
	if err != nil {
		return nil, done.close, err
	}
	limit := ratelimit.Limit{Tokens: perSecond, Window: time.Second}
	var contests []contest
	for _, workers := range []int{1, 8, 32} {
		c := contest{
			name: "Redis", workers: workers,
			ours:  func(int) error { return takeOurs(ctx, direct, "user", limit, true) },
			peers: append([]peer{{"bare EVALSHA", evalsha, "1.15"}, {name: "redis_rate", call: rate}}, others...),
		}
		if workers > 1 {
			c.name += fmt.Sprintf(", %d goroutines", workers)
		}
		contests = append(contests, c)
	}
	wide := ratelimit.Limit{Tokens: ratelimit.MaxTokens, Window: time.Second}
	return append(contests, contest{
		name: "Redis, prefetched, one key, 32 goroutines", workers: 32,
		ours:  func(int) error { return takeOurs(ctx, leased, "hot", wide, true) },
		peers: []peer{{"redis_rate", rate, "0.01"}},
	}), done.close, nil
}

func bareEvalsha(ctx context.Context, client redis.UniversalClient, prefix string) (func(int) error, error) {
	digest, err := client.ScriptLoad(ctx, sameCommands).Result()
	if err != nil {
		return nil, err
	}
	value := strings.Repeat("x", 32)
	return func(int) error { return client.EvalSha(ctx, digest, []string{prefix + "user"}, value).Err() }, nil
}

func redisRate(ctx context.Context, client redis.UniversalClient, prefix string) func(int) error {
	limiter := redis_rate.NewLimiter(client)
	return func(int) error {
		result, err := limiter.Allow(ctx, prefix+"user", redis_rate.PerSecond(perSecond))
		if err == nil && result.Allowed != 1 {
			err = errOutcome
		}
		return err
	}
}

func otherStores(ctx context.Context, client redis.UniversalClient, prefix string) ([]peer, error) {
	store, err := ululeredis.NewStoreWithOptions(client, ulule.StoreOptions{Prefix: prefix + "ulule"})
	if err != nil {
		return nil, err
	}
	window := ulule.New(store, ulule.Rate{Period: time.Second, Limit: perSecond})
	throttledStore, err := throttledredis.NewCtx(client, prefix+"throttled:")
	if err != nil {
		return nil, err
	}
	gcra, err := throttled.NewGCRARateLimiterCtx(throttledStore,
		throttled.RateQuota{MaxRate: throttled.PerSec(perSecond), MaxBurst: perSecond})
	if err != nil {
		return nil, err
	}
	// It swaps with what it read, and calls of one key at once fail its 10 attempts.
	gcra.SetMaxCASAttemptsLimit(1000)
	return []peer{
		{name: "ulule", call: func(int) error {
			result, err := window.Get(ctx, "user")
			if err == nil && result.Reached {
				err = errOutcome
			}
			return err
		}},
		{name: "throttled", call: func(int) error {
			refused, _, err := gcra.RateLimitCtx(ctx, "user", 1)
			if err == nil && refused {
				err = errOutcome
			}
			return err
		}},
	}, nil
}
