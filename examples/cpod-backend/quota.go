package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore/usagestore"
	"github.com/cpodkit/cpodkit/storage"
)

// readTenantBytes reads the limit of what a tenant stores.
func readTenantBytes(s *settings) int64 {
	return s.bytes("CPOD_LIMIT_TENANT_BYTES", "0",
		"what the files and documents of one tenant may have together, in bytes; what does not fit is 507; 0 for no limit")
}

// openQuota bounds what tenants store. A server without a limit forgets what was counted,
// because it does not follow it. run keeps the usage current; it is nil without a limit.
func (h *house) openQuota(ctx context.Context, limit int64) (run func(context.Context), err error) {
	if limit == 0 {
		return nil, h.records.usage.Clear(ctx)
	}
	usage, err := usagestore.New(h.records.usage, limit, h.countTenant, h.log)
	if err != nil {
		return nil, err
	}
	h.quota = usage
	h.onClose(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), disconnectGrace)
		defer cancel()
		if err := usage.Close(ctx); err != nil {
			h.log.Warn("what tenants have stored within the last second is not counted", "error", err)
		}
		return nil
	})
	h.forget = usage.Forget
	return usage.Run, nil
}

// countTenant counts the bytes of an encoded tenant in all parts that a quota counts.
func (h *house) countTenant(ctx context.Context, tenant string) (int64, error) {
	id, err := url.PathUnescape(tenant)
	if err != nil {
		return 0, err
	}
	realm, err := storage.TenantRealm(id)
	if err != nil {
		return 0, err
	}
	total := storage.Amount{}
	for _, part := range h.counted {
		amount, err := part.data.Measure(ctx, realm)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", part.name, err)
		}
		total.Add(amount)
	}
	return total.Bytes, nil
}

func declareTenantUsage(flags *flag.FlagSet) action {
	recount := flags.Bool("recount", false, "count anew, which reads all that the tenant has")
	return onErasing(func(ctx context.Context, e *erasing, name string) error {
		limit := readTenantBytes(e.settings)
		if *recount {
			if err := e.open(ctx); err != nil {
				return err
			}
			for _, source := range e.sources {
				if source.name == "documents" || source.name == "files" { // those of a server
					e.counted = append(e.counted, source)
				}
			}
		}
		table := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		err := e.eachTenant(ctx, name, func(tenant string) error {
			line, err := e.usageOf(ctx, tenant, limit, *recount)
			fmt.Fprintf(table, "%s\t%s\n", tenant, line)
			return err
		})
		return errors.Join(table.Flush(), err)
	})
}

// usageOf returns what is known of a tenant's usage.
func (e *erasing) usageOf(ctx context.Context, tenant string, limit int64, recount bool) (string, error) {
	of := "no limit"
	if limit > 0 {
		of = fmt.Sprintf("of %d", limit)
	}
	switch {
	case recount && limit > 0:
		n, err := e.records.usage.Recount(ctx, encoded(tenant), e.countTenant)
		return fmt.Sprintf("%d bytes\t%s\tcounted now", n, of), err
	case recount: // which no server would keep current
		n, err := e.countTenant(ctx, encoded(tenant))
		return fmt.Sprintf("%d bytes\t%s\tcounted now", n, of), err
	}
	usage, err := e.records.usage.Get(ctx, encoded(tenant))
	if errors.Is(err, cpodkit.CodeNotFound) {
		return "not counted yet\t" + of, nil
	}
	return fmt.Sprintf("%d bytes\t%s\tcounted %s", usage.Bytes, of, usage.CountedAt.Format(time.RFC3339)), err
}

// eachTenant calls do with one tenant, or with all when the name is "".
func (e *erasing) eachTenant(ctx context.Context, name string, do func(tenant string) error) error {
	if name != "" {
		if err := e.checkTenant(ctx, name); err != nil {
			return err
		}
		return do(name)
	}
	for t, err := range e.records.tenants.All(ctx) {
		if err != nil {
			return err
		}
		if err := do(t.ID); err != nil {
			return err
		}
	}
	return nil
}
