package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/oauth"
)

func declareTenantCreate(*flag.FlagSet) action {
	return onErasing(func(ctx context.Context, h *erasing, name string) error {
		if !validTenant(name) {
			return misuse{fmt.Sprintf("the name of a tenant has 1 to %d of a-z, 0-9, ., _ and -, and begins with a letter or digit", cpodkit.MaxIDLen)}
		}
		if _, err := h.records.tenants.Get(ctx, name); errors.Is(err, cpodkit.CodeNotFound) {
			if err := h.reopen(ctx, name); err != nil {
				return err
			}
		}
		err := h.records.tenants.Create(ctx, tenantstore.Tenant{ID: name, CreatedAt: time.Now().UTC().Truncate(time.Second)})
		if errors.Is(err, cpodkit.CodeConflict) {
			return fmt.Errorf("there is a tenant %q already: cpod-backend admin-key --tenant %s makes another admin key of it", name, name)
		}
		if err != nil {
			return err
		}
		_, key, err := oauth.MakeAdminKey(ctx, h.records.apiKeys, oauth.NewAdminKey{TenantID: name, Name: "first key"})
		if err != nil {
			return fmt.Errorf("the tenant is made, but no key of it (try cpod-backend admin-key --tenant %s): %w", name, err)
		}
		_, err = fmt.Fprintln(h.out, key)
		return err
	})
}

// validTenant keeps to what needs no encoding in a path, and cannot be confused
// where a file system makes no difference between capital and small letters.
func validTenant(name string) bool {
	encoded, err := cpodkit.EncodeID(name)
	return err == nil && encoded == name && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == "" &&
		!strings.ContainsAny(name[:1], "._-")
}

func declareTenantList(*flag.FlagSet) action {
	return onRecords(func(ctx context.Context, env environment, h *house, _ string) error {
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		for t, err := range h.records.tenants.All(ctx) {
			if err != nil {
				return err
			}
			fmt.Fprintf(table, "%s\t%s\n", t.ID, t.CreatedAt.Format(time.RFC3339))
		}
		return table.Flush()
	})
}
