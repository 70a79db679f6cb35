package secrets_test

import (
	"context"
	"fmt"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

func Example() {
	ctx := context.Background()
	driver := secrets.NewMemory() // provider and records in one
	all, err := secrets.New(driver, driver)
	if err != nil {
		fmt.Println(err)
		return
	}
	billing := all.For(cpodkit.Identity{TenantID: "acme", AppID: "billing"})
	_, err = billing.Put(ctx, "db/password", secrets.NewValue("hunter2"), secrets.Apps("billing", "reports"))
	fmt.Println(err)

	reports := all.For(cpodkit.Identity{TenantID: "acme", AppID: "reports"})
	secret, err := reports.Get(ctx, "db/password")
	fmt.Println(secret.Value, len(secret.Value.Reveal()), secret.Version, err)

	shop := all.For(cpodkit.Identity{TenantID: "acme", AppID: "shop"})
	_, err = shop.Get(ctx, "db/password")
	fmt.Println(cpodkit.CodeOf(err))
	// Output:
	// <nil>
	// [redacted] 7 1 <nil>
	// not_found
}
