package ululelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/ulule/limiter/v3/drivers/store/memory"

	"github.com/cpodkit/cpodkit/backends/ulule/ululelimit"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// A store that a program already has goes on to count.
func Example() {
	driver, err := ululelimit.New(memory.NewStore())
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := ratelimit.New(driver)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()

	for range 3 {
		decision, err := l.Take(context.Background(), "$login/usr-1", ratelimit.Limit{Tokens: 2, Window: time.Minute}, 1)
		fmt.Println(decision.Allowed, decision.Remaining, err)
	}
	// Output:
	// true 1 <nil>
	// true 0 <nil>
	// false 0 <nil>
}
