package ratelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/ratelimit"
)

func Example() {
	ctx := context.Background()
	limiter, err := ratelimit.New(ratelimit.NewMemory())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer limiter.Close()

	perHour := ratelimit.Limit{Tokens: 3, Window: time.Hour}
	for range 4 {
		d, err := limiter.Take(ctx, "$login:ann@example.com", perHour, 1)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(d.Allowed, d.Remaining, d.RetryAfter.Round(time.Minute))
	}
	// Output:
	// true 2 0s
	// true 1 0s
	// true 0 0s
	// false 0 20m0s
}

// Several limits hold at once: a call is allowed by all of them or takes from none.
func ExampleLimiter_TakeAll() {
	ctx := context.Background()
	limiter, err := ratelimit.New(ratelimit.NewMemory())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer limiter.Close()

	limits := []ratelimit.Bucket{
		{Key: "$export:ann", Limit: ratelimit.Limit{Name: "user", Tokens: 2, Window: time.Hour}},
		{Key: "$export", Limit: ratelimit.Limit{Name: "everybody", Tokens: 100, Window: time.Hour}},
	}
	for range 3 {
		d, err := limiter.TakeAll(ctx, limits, 1)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(d.Allowed, d.Limit.Name, d.Remaining)
	}
	fmt.Println(limits[1].Limit.Name, limits[1].Remaining)
	// Output:
	// true user 1
	// true user 0
	// false user 0
	// everybody 98
}

// A handle's buckets belong to one tenant and app.
func ExampleLimiter_For() {
	ctx := context.Background()
	limiter, err := ratelimit.New(ratelimit.NewMemory())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer limiter.Close()

	mine := limiter.For(cpodkit.Identity{TenantID: "acme", AppID: "shop", Scopes: cpodkit.Scopes{ratelimit.Scope}})
	d, err := mine.Take(ctx, "user:usr-1:api", ratelimit.Limit{Tokens: 100, Window: time.Minute}, 5)
	fmt.Println(d.Allowed, d.Remaining, err)
	// Output: true 95 <nil>
}
