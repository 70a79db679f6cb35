package cluster_test

import (
	"context"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit/cluster"
)

func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := cluster.New(cluster.NewMemory())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	changes := c.Topic("flags.changed")
	err = changes.Follow(ctx, func(flag []byte) {
		fmt.Printf("%s has changed\n", flag)
		cancel() // a server goes on until it stops
	}, func() {
		fmt.Println("read all flags anew")
		_ = changes.Publish(ctx, []byte("new-checkout"))
	})
	fmt.Println(err)
	// Output:
	// read all flags anew
	// new-checkout has changed
	// context canceled
}

// One replica at a time does the work, and the store of the outcome refuses what
// comes late from one that does not know yet that it is no longer the one.
func ExampleCluster_Lease() {
	ctx := context.Background()
	c, err := cluster.New(cluster.NewMemory())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	lease, err := c.Lease(ctx, "nightly-report", 30*time.Second)
	if err != nil {
		fmt.Println(err) // CodeConflict: another replica does it
		return
	}
	defer lease.Release(ctx)

	work := time.NewTimer(time.Millisecond)
	renew := time.NewTicker(10 * time.Second)
	defer renew.Stop()
	for {
		select {
		case <-renew.C:
			_ = lease.Renew(ctx) // tried again at the next tick
		case <-lease.Done():
			fmt.Println("lost: stop at once")
			return
		case <-work.C:
			fmt.Println("stored with a token:", lease.Token() > 0)
			return
		}
	}
	// Output:
	// stored with a token: true
}
