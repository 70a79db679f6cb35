package redislimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/backends/redis/redislimit"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
)

// All replicas of a server that share a Redis share its limits. Leases in front
// serve busy keys without a round trip.
func Example() {
	client := redis.NewClient(&redis.Options{
		Addr: "localhost:6379", ReadTimeout: 500 * time.Millisecond, ContextTimeoutEnabled: true,
	})
	defer client.Close()
	driver, err := redislimit.New(client)
	if err != nil {
		fmt.Println(err)
		return
	}
	fetched, err := prefetch.New(driver)
	if err != nil {
		fmt.Println(err)
		return
	}
	limiter, err := ratelimit.New(fetched)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer limiter.Close()

	perMinute := ratelimit.Limit{Tokens: 600, Window: time.Minute}
	decision, err := limiter.Take(context.Background(), "$reports/acme", perMinute, 1)
	switch {
	case err != nil:
		fmt.Println("Redis cannot be reached:", err)
	case !decision.Allowed:
		fmt.Println("try again in", decision.RetryAfter)
	}
}
