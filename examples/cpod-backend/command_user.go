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
	"github.com/cpodkit/cpodkit/oauth/localusers"
)

// onUsers returns an action on the users of a tenant who are kept here.
func onUsers(
	flags *flag.FlagSet, do func(ctx context.Context, env environment, users *localusers.Users, tenant, operand string) error,
) action {
	tenant := flags.String("tenant", defaultTenant, "the `NAME` of the user's tenant; "+defaultTenant+" without it")
	return func(ctx context.Context, env environment, operand string) error {
		return onErasing(func(ctx context.Context, e *erasing, operand string) error {
			if err := errors.Join(e.checkTenant(ctx, *tenant), e.findPublicURL(ctx)); err != nil {
				return err
			}
			users, err := openUsers(e.house, e.endUserEverywhere)
			if err != nil {
				return err
			}
			return do(ctx, env, users, *tenant, operand)
		})(ctx, env, operand)
	}
}

// endUserEverywhere has running servers end the tokens of a user, which some of them know
// in their memory alone, and then ends what is left.
func (e *erasing) endUserEverywhere(ctx context.Context, tenantID, userID string) error {
	erasure := tenantstore.Erasure{TenantID: tenantID, UserID: userID, TokensOnly: true}
	if err := e.announce(ctx, &erasure, new(figures)); err != nil {
		return err
	}
	if _, err := e.endUser(ctx, tenantID, userID); err != nil {
		return err
	}
	return e.finish(ctx, erasure)
}

func declareUserAdd(flags *flag.FlagSet) action {
	name := flags.String("name", "", "the `NAME` of the user, for people")
	return onUsers(flags, func(ctx context.Context, env environment, users *localusers.Users, tenant, email string) error {
		link, err := users.Invite(ctx, localusers.NewUser{TenantID: tenant, Email: email, Name: *name})
		if errors.Is(err, cpodkit.CodeValidationFailed) {
			return misuse{"the user needs an e-mail address of ASCII characters, and a name of at most 200 printable characters"}
		}
		if err != nil {
			return err
		}
		return printLink(env, link, "sets a password")
	})
}

func printLink(env environment, link localusers.Link, what string) error {
	_, err := fmt.Fprintf(env.stdout, "%s\n\nThis page %s for %s, user %s, once, until %s.\n",
		link.URL, what, link.User.Email, link.User.ID, link.ExpiresAt.Format(time.RFC3339))
	return err
}

func declareUserList(flags *flag.FlagSet) action {
	return onUsers(flags, func(ctx context.Context, env environment, users *localusers.Users, tenant, _ string) error {
		const pageSize = 500
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tE-MAIL\tNAME\tSTATE\tCREATED")
		for after := ""; ; {
			page, err := users.List(ctx, tenant, after, pageSize)
			if err != nil {
				return err
			}
			for _, u := range page {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", u.ID, u.Email, u.Name, stateOf(u), u.CreatedAt.Format(time.RFC3339))
				after = u.ID
			}
			if len(page) < pageSize {
				return table.Flush()
			}
		}
	})
}

func stateOf(u localusers.Account) string {
	switch {
	case u.Disabled:
		return "disabled"
	case u.Password == "":
		return "invited"
	}
	return "active"
}

// findUser takes an id or an e-mail address.
func findUser(ctx context.Context, users *localusers.Users, tenant, user string) (localusers.Account, error) {
	email, ok := oauth.NormalEmail(user)
	var account localusers.Account
	var err error
	if ok {
		account, err = users.Find(ctx, tenant, email)
	} else {
		account, err = users.Get(ctx, tenant, user)
	}
	if errors.Is(err, cpodkit.CodeNotFound) {
		return account, fmt.Errorf("the tenant %s has no user %q: cpod-backend user list shows all", tenant, user)
	}
	return account, err
}

// declareUserSwitch declares "user disable" and "user enable".
func declareUserSwitch(disabled bool) func(*flag.FlagSet) action {
	return func(flags *flag.FlagSet) action {
		return onUsers(flags, func(ctx context.Context, env environment, users *localusers.Users, tenant, user string) error {
			account, err := findUser(ctx, users, tenant, user)
			if err != nil {
				return err
			}
			if _, err := users.Change(ctx, tenant, account.ID, localusers.Change{Disabled: &disabled}); err != nil {
				return err
			}
			text := "The user %s of the tenant %s can sign in.\n"
			if disabled {
				text = "The user %s of the tenant %s cannot sign in any more, and all sessions, grants and tokens have ended.\n"
			}
			_, err = fmt.Fprintf(env.stdout, text, strings.Join([]string{account.ID, account.Email}, ", "), tenant)
			return err
		})
	}
}

func declareUserReset(flags *flag.FlagSet) action {
	return onUsers(flags, func(ctx context.Context, env environment, users *localusers.Users, tenant, user string) error {
		account, err := findUser(ctx, users, tenant, user)
		if err != nil {
			return err
		}
		link, err := users.Reset(ctx, tenant, account.ID)
		if err != nil {
			return err
		}
		return printLink(env, link, "sets another password")
	})
}
