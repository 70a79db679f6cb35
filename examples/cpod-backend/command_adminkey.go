package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/oauth"
)

func declareAdminKey(flags *flag.FlagSet) action {
	k := oauth.NewAdminKey{Name: "made by command"}
	flags.StringVar(&k.Name, "name", k.Name, "what the key is called in lists: a `NAME` for people")
	flags.StringVar(&k.TenantID, "tenant", defaultTenant, "the `NAME` of the tenant that it administers; "+defaultTenant+" without it")
	flags.BoolVar(&k.Platform, "platform", false, "let the key administer all tenants")
	flags.Func("expires", "how long the key works, as a `DURATION` such as 12h or 90d; without end when it is not given", func(text string) (err error) {
		k.ExpiresIn, err = keyLife(text)
		return err
	})
	return onRecords(func(ctx context.Context, env environment, h *house, _ string) error {
		if err := h.checkTenant(ctx, k.TenantID); err != nil {
			return err
		}
		_, key, err := oauth.MakeAdminKey(ctx, h.records.apiKeys, k)
		if errors.Is(err, cpodkit.CodeValidationFailed) {
			return misuse{fmt.Sprintf("--name has 1 to 200 printable characters, and --expires is at most %dd", int(oauth.MaxKeyLife.Hours()/24))}
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(env.stdout, key)
		return err
	})
}

// keyLife reads a duration, also in days.
func keyLife(text string) (time.Duration, error) {
	life, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		n = min(n, int(oauth.MaxKeyLife.Hours()/24)+1) // more is refused, and does not overflow
		life = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || life < time.Second || life%time.Second != 0 {
		return 0, errors.New("want whole seconds, such as 12h or 90d")
	}
	return life, nil
}

func declareAdminKeyList(flags *flag.FlagSet) action {
	tenant := flags.String("tenant", "", "only keys of the tenant `NAME`; of all tenants without it")
	return onRecords(func(ctx context.Context, env environment, h *house, _ string) error {
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tTENANT\tNAME\tADMINISTERS\tCREATED\tEXPIRES\tLAST USED")
		if *tenant != "" {
			if err := errors.Join(h.checkTenant(ctx, *tenant), h.printAdminKeys(ctx, table, *tenant)); err != nil {
				return err
			}
			return table.Flush()
		}
		for t, err := range h.records.tenants.All(ctx) {
			if err != nil {
				return err
			}
			if err := h.printAdminKeys(ctx, table, t.ID); err != nil {
				return err
			}
		}
		return table.Flush()
	})
}

func (h *house) printAdminKeys(ctx context.Context, table *tabwriter.Writer, tenant string) error {
	const pageSize = 100
	for after := ""; ; {
		keys, err := h.records.apiKeys.ListAdmin(ctx, tenant, after, pageSize)
		if err != nil {
			return err
		}
		for _, k := range keys {
			reach := "its tenant"
			if k.Scopes.Covers(oauth.PlatformScope) {
				reach = "all tenants"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.TenantID, k.Name, reach,
				k.CreatedAt.Format(time.RFC3339), timeOr(k.ExpiresAt, "never"), timeOr(k.LastUsedAt, "never"))
			after = k.ID
		}
		if len(keys) < pageSize {
			return nil
		}
	}
}

func timeOr(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.Format(time.RFC3339)
}

func declareAdminKeyRevoke(*flag.FlagSet) action {
	return onRecords(func(ctx context.Context, env environment, h *house, id string) error {
		key, err := h.records.apiKeys.FindAdmin(ctx, id)
		if err == nil {
			err = h.records.apiKeys.DeleteAdmin(ctx, key, true)
		}
		if errors.Is(err, cpodkit.CodeNotFound) {
			return fmt.Errorf("there is no admin key %q: cpod-backend admin-key list shows all", id)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.stdout, "The key %s of tenant %s does not work any more.\n", id, key.TenantID)
		if err != nil {
			return err
		}
		return h.warnWithoutAdminKey(ctx, env, key)
	})
}

// warnWithoutAdminKey says so when the tenant of a key that has ended has none left.
func (h *house) warnWithoutAdminKey(ctx context.Context, env environment, ended authz.APIKey) error {
	left, err := h.records.apiKeys.ListAdmin(ctx, ended.TenantID, "", 1)
	if err != nil || len(left) > 0 {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "It was the last one: cpod-backend admin-key --tenant %s makes another.\n", ended.TenantID)
	return err
}
