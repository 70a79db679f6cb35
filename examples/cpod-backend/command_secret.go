package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

// secretFlags are those of the commands on secrets.
type secretFlags struct {
	tenant string
	apps   []string
}

func declareSecretFlags(flags *flag.FlagSet) *secretFlags {
	f := &secretFlags{}
	flags.StringVar(&f.tenant, "tenant", defaultTenant, "the `NAME` of the tenant")
	return f
}

func (f *secretFlags) declareApps(flags *flag.FlagSet, usage string) {
	flags.Func("app", usage, func(id string) error {
		_, err := cpodkit.EncodeID(id)
		f.apps = append(f.apps, id)
		return err
	})
}

// onSecrets returns an action on the secrets of the tenant that the flags name, beside a
// running server or without one.
func (f *secretFlags) onSecrets(
	do func(ctx context.Context, env environment, h secrets.Handle, name string) error,
) action {
	return onRecords(func(ctx context.Context, env environment, h *house, name string) error {
		if _, err := clusterPart(env.settings).open(ctx, h); err != nil { // to tell the servers
			return err
		}
		if err := h.checkTenant(ctx, f.tenant); err != nil {
			return err
		}
		all, _, err := readSecretSources(env.settings).open(ctx, h, env.settings.environ)
		if err != nil {
			return err
		}
		err = do(ctx, env, all.Trusted(f.tenant), name)
		if err != nil && cpodkit.StatusOf(err) < http.StatusInternalServerError {
			return errors.New(detailOf(err))
		}
		return err
	})
}

func declareSecretSet(flags *flag.FlagSet) action {
	f := declareSecretFlags(flags)
	f.declareApps(flags, "the `ID` of an app that may read it; more than one with more of these; without any those that may already")
	set := f.onSecrets(func(ctx context.Context, env environment, h secrets.Handle, name string) error {
		value, err := readValue(env.stdin)
		if err != nil {
			return err
		}
		var opts []secrets.WriteOption
		if len(f.apps) > 0 {
			opts = append(opts, secrets.Apps(f.apps...))
		}
		info, err := h.Put(ctx, name, value, opts...)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.stdout, "The secret %s has version %d. %s\n", name, info.Version, readers(info.Apps))
		return err
	})
	return func(ctx context.Context, env environment, name string) error {
		if err := secrets.CheckName(name); err != nil { // before it waits for input
			return misuse{detailOf(err)}
		}
		return set(ctx, env, name)
	}
}

// readValue reads a secret. A line end after it is not part of it.
func readValue(stdin io.Reader) (secrets.Value, error) {
	const lineEnd = 2
	text, err := io.ReadAll(io.LimitReader(stdin, secrets.MaxValue+lineEnd+1))
	if err != nil {
		return secrets.Value{}, err
	}
	value, ended := strings.CutSuffix(string(text), "\n")
	if ended {
		value = strings.TrimSuffix(value, "\r")
	}
	if value == "" {
		return secrets.Value{}, errors.New("standard input is empty: it holds the secret, as in: cpod-backend secret set NAME < FILE")
	}
	return secrets.NewValue(value), nil
}

// readers says who may read a secret.
func readers(apps []string) string {
	if len(apps) == 0 {
		return "No app may read it: name some with --app."
	}
	return "It may be read by: " + strings.Join(apps, ", ")
}

func declareSecretGrant(flags *flag.FlagSet) action {
	f := declareSecretFlags(flags)
	f.declareApps(flags, "the `ID` of an app that may read it; more than one with more of these; without any no app may")
	return f.onSecrets(func(ctx context.Context, env environment, h secrets.Handle, name string) error {
		grant, err := h.SetGrant(ctx, name, append([]string{}, f.apps...), secrets.Match{})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.stdout, "The secret %s is granted. %s\n", name, readers(grant.Apps))
		return err
	})
}

func declareSecretList(flags *flag.FlagSet) action {
	return declareSecretFlags(flags).onSecrets(func(ctx context.Context, env environment, h secrets.Handle, _ string) error {
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		for info, err := range h.All(ctx) {
			if err != nil {
				return errors.Join(table.Flush(), err)
			}
			version := "-"
			if info.Version > 0 {
				version = fmt.Sprint(info.Version)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\n", info.Name, version, strings.Join(info.Apps, " "))
		}
		return table.Flush()
	})
}

// detailOf returns what an error tells a client.
func detailOf(err error) string {
	if e, ok := errors.AsType[*cpodkit.Error](err); ok {
		return e.Detail
	}
	return err.Error()
}
