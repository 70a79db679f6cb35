package kv_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/kv"
)

func Example() {
	ctx := context.Background()
	store, err := kv.New(kv.NewMemory())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	entries := store.For(cpodkit.Identity{
		TenantID: "acme",
		AppID:    "shop",
		Scopes:   cpodkit.Scopes{"storage.private.read", "storage.private.write"},
	})
	fmt.Println(entries.Set(ctx, "session:abc", "usr-1", &kv.SetOptions{TTL: time.Hour}))
	fmt.Println(entries.Get(ctx, "session:abc"))
	fmt.Println(entries.Incr(ctx, "calls", 5))
	_, err = entries.Get(ctx, "session:none")
	fmt.Println(errors.Is(err, cpodkit.CodeNotFound))
	// Output:
	// <nil>
	// usr-1 <nil>
	// 5 <nil>
	// true
}

// A lock is an entry that only one caller can make, and only its holder can
// remove. Its time to live frees it when the holder dies.
func ExampleHandle_DeleteIf() {
	ctx := context.Background()
	store, err := kv.New(kv.NewMemory())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	entries := store.For(cpodkit.Identity{TenantID: "acme", AppID: "shop", Scopes: cpodkit.Scopes{"storage.private.*"}})

	lock := &kv.SetOptions{TTL: time.Minute, IfAbsent: true}
	fmt.Println("first:", entries.Set(ctx, "lock:report", "worker-1", lock))
	err = entries.Set(ctx, "lock:report", "worker-2", lock)
	fmt.Println("second:", cpodkit.CodeOf(err))
	fmt.Println("released:", entries.DeleteIf(ctx, "lock:report", "worker-1"))
	// Output:
	// first: <nil>
	// second: precondition_failed
	// released: <nil>
}
