package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/storage"
)

// errNotConfirmed ends a command that has only said what it would delete.
var errNotConfirmed = errors.New("nothing is deleted yet: add --yes to delete all of this; it cannot be undone")

func confirmation(flags *flag.FlagSet) *bool {
	return flags.Bool("yes", false, "delete; without it the command prints what it would delete")
}

func declareTenantDelete(flags *flag.FlagSet) action {
	yes := confirmation(flags)
	return onErasing(func(ctx context.Context, e *erasing, name string) error {
		realm, err := storage.TenantRealm(name)
		if err != nil {
			return misuse{err.Error()}
		}
		begun, err := e.tenantToDelete(ctx, name)
		if err != nil {
			return err
		}
		if err := e.open(ctx); err != nil {
			return err
		}
		if !*yes {
			return e.showTenant(ctx, name, realm)
		}
		var erased figures
		if err := e.deleteTenant(ctx, name, realm, &erased); err != nil {
			return errors.Join(erased.print(e.out), fmt.Errorf("the tenant %q is not gone yet; run the command again to finish: %w", name, err))
		}
		if begun {
			fmt.Fprintf(e.out, "The tenant %s is deleted. An earlier deletion was interrupted; this is what was left:\n", name)
		} else {
			fmt.Fprintf(e.out, "The tenant %s is deleted, with all of this:\n", name)
		}
		return erased.print(e.out)
	})
}

// tenantToDelete returns an error for a tenant that is not there. begun says that its
// deletion was interrupted.
func (e *erasing) tenantToDelete(ctx context.Context, name string) (begun bool, err error) {
	past, err := e.records.erasures.Get(ctx, name, "")
	if err == nil && !past.Done {
		return true, nil
	}
	if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
		return false, err
	}
	return false, e.checkTenant(ctx, name)
}

// showTenant prints what a deletion would delete.
func (e *erasing) showTenant(ctx context.Context, name string, realm storage.Realm) error {
	all, err := e.measure(ctx, realm)
	if err != nil {
		return err
	}
	apps, err := e.records.apps.CountTenant(ctx, name)
	if err != nil {
		return err
	}
	keys, err := e.records.apiKeys.CountTenant(ctx, name)
	if err != nil {
		return err
	}
	all.add("apps", storage.Amount{Items: int64(apps)})
	all.add("API keys and admin keys", storage.Amount{Items: int64(keys)})
	fmt.Fprintf(e.out, "The tenant %s has:\n", name)
	return errors.Join(all.print(e.out), errNotConfirmed)
}

// deleteTenant deletes a tenant. Each step may be done again, so that one that was
// interrupted at any point is finished by the next call. First no server serves the
// tenant, or writes for it, any more; only then is anything deleted. The tenant's record
// goes last but one: while it is there, the command can be run again.
func (e *erasing) deleteTenant(ctx context.Context, name string, realm storage.Realm, erased *figures) error {
	erasure := tenantstore.Erasure{TenantID: name, Closed: true}
	if err := e.announce(ctx, &erasure, erased); err != nil {
		return err
	}
	// Twice: a server that did not answer may have written meanwhile.
	for range 2 {
		if err := e.eraseApps(ctx, name, erased); err != nil {
			return err
		}
		if err := e.erase(ctx, realm, erased); err != nil {
			return err
		}
	}
	if err := e.records.usage.Delete(ctx, encoded(name)); err != nil {
		return err
	}
	if err := e.records.tenants.Delete(ctx, name); err != nil {
		return err
	}
	return e.finish(ctx, erasure)
}

func declareUserErase(flags *flag.FlagSet) action {
	tenant := flags.String("tenant", defaultTenant, "the `NAME` of the user's tenant; "+defaultTenant+" without it")
	yes := confirmation(flags)
	return onErasing(func(ctx context.Context, e *erasing, user string) error {
		realm, err := storage.UserRealm(*tenant, user)
		if err != nil {
			return misuse{err.Error()}
		}
		if err := e.checkTenant(ctx, *tenant); err != nil {
			return err
		}
		if err := e.open(ctx); err != nil {
			return err
		}
		if !*yes {
			return e.showUser(ctx, user, *tenant, realm)
		}
		var erased figures
		erasure := tenantstore.Erasure{TenantID: *tenant, UserID: user}
		err = e.announce(ctx, &erasure, &erased)
		if err == nil {
			err = e.erase(ctx, realm, &erased)
			err = errors.Join(err, e.giveBack(ctx, *tenant, erased))
		}
		if err == nil {
			err = e.finish(ctx, erasure)
		}
		if err != nil {
			return errors.Join(erased.print(e.out), fmt.Errorf("not all data of the user is erased; run the command again: %w", err))
		}
		if erased.none() {
			return e.sayNoData(user, *tenant)
		}
		fmt.Fprintf(e.out, "The data of the user %s of the tenant %s is erased:\n", user, *tenant)
		return erased.print(e.out)
	})
}

// giveBack takes what was erased off the usage of a tenant, if that was counted.
func (e *erasing) giveBack(ctx context.Context, tenant string, erased figures) error {
	bytes := int64(0)
	for _, line := range erased {
		bytes += line.amount.Bytes
	}
	_, err := e.records.usage.Add(ctx, encoded(tenant), -bytes)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil
	}
	return err
}

func (e *erasing) showUser(ctx context.Context, user, tenant string, realm storage.Realm) error {
	all, err := e.measure(ctx, realm)
	if err != nil {
		return err
	}
	if all.none() {
		return e.sayNoData(user, tenant)
	}
	fmt.Fprintf(e.out, "The user %s of the tenant %s has:\n", user, tenant)
	return errors.Join(all.print(e.out), errNotConfirmed)
}

func (e *erasing) sayNoData(user, tenant string) error {
	_, err := fmt.Fprintf(e.out, "The user %s of the tenant %s has no data.\n", user, tenant)
	return err
}
