package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// errUsage says that the command line was wrong. What is wrong with it, and how
// to use the command, has been printed.
var errUsage = errors.New("wrong usage")

// command is one of the things that the program does.
type command struct {
	name    string // one word or two
	flags   string // as the usage shows them
	operand string // what stands behind the flags; "" for nothing
	summary string
	// declare declares the flags, and returns what is done once they are parsed.
	declare func(flags *flag.FlagSet) action
}

type action func(ctx context.Context, env environment, operand string) error

// environment is what commands work with.
type environment struct {
	settings *settings
	stdin    io.Reader
	stdout   io.Writer
}

// tenantUsage is the flag of commands on a tenant.
const tenantUsage = "[--tenant NAME]"

func commands() []command {
	return []command{
		{"serve", "", "", "Serve until a signal comes. This is what happens without a command.", declareServe},
		{"admin-key list", tenantUsage, "", "List the admin keys: their ids, names, and when they were last used.", declareAdminKeyList},
		{"admin-key revoke", "", "ID", "End an admin key. Servers refuse it at once.", declareAdminKeyRevoke},
		{
			"admin-key", "[--name NAME] [--expires DURATION] [--tenant NAME] [--platform]", "",
			"Print a new admin key of a tenant.", declareAdminKey,
		},
		{"tenant create", "", "NAME", "Make a tenant and print its first admin key.", declareTenantCreate},
		{
			"tenant usage", "[--recount]", "[NAME]",
			"Print how many bytes a tenant stores, or all tenants, and the limit.", declareTenantUsage,
		},
		{
			"tenant delete", "[--yes]", "NAME",
			"Delete a tenant with its apps, keys and data. Without --yes it says what that is.", declareTenantDelete,
		},
		{
			"user add", "[--tenant NAME] [--name NAME]", "EMAIL",
			"Make a user and print a link with which the user sets a password.", declareUserAdd,
		},
		{"user list", tenantUsage, "", "List the users of a tenant who are kept here.", declareUserList},
		{"user disable", tenantUsage, "USER", "Keep a user, given by id or e-mail address, from signing in.", declareUserSwitch(true)},
		{"user enable", tenantUsage, "USER", "Let a user sign in again.", declareUserSwitch(false)},
		{"user reset", tenantUsage, "USER", "Print a link with which a user sets another password.", declareUserReset},
		{
			"user erase", "[--tenant NAME] [--yes]", "USER",
			"Erase a user, and what apps store for the user. Without --yes it says what that is.", declareUserErase,
		},
		{"tenant list", "", "", "List the tenants and when they were made.", declareTenantList},
		{
			"token", "--app ID --scope SCOPE... [--user ID] [--tenant NAME] [--ttl 1h]", "",
			"Print an access token of a registered app, to try things out with.", declareToken,
		},
		{
			"flags check", "", "FILE",
			"Check the flag definitions in a file, or in the .json files of a folder.", declareFlagsCheck,
		},
		{
			"policy check", "", "DIR",
			"Check a policy, in a folder or in a bundle, as a server that reads it and opa check --strict do.", declarePolicyCheck,
		},
		{
			"policy test", "[--run PATTERN] [-v]", "DIR",
			"Run the tests of a policy: the rules test_… in its files …_test.rego.", declarePolicyTest,
		},
		{
			"secret set", "[--tenant NAME] [--app ID]...", "NAME",
			"Store a new version of a secret: what standard input holds, without a line end after it.", declareSecretSet,
		},
		{
			"secret grant", "[--tenant NAME] [--app ID]...", "NAME",
			"Say which apps may read a secret, also one that another provider holds.", declareSecretGrant,
		},
		{"secret list", tenantUsage, "", "List the secrets of a tenant, and which apps may read them.", declareSecretList},
		{
			"mask", "[--profile FILE]", "",
			"Mask personal data and secrets in standard input, line by line. Lines that are JSON objects stay such.", declareMask,
		},
		{"welcome", "", "", "Print the commands to try that the first start has shown.", declareWelcome},
		{"rotate-key", "", "", "Make a new key that signs tokens. A running server takes it over.", declareRotateKey},
		{"version", "", "", "Print the version.", declareVersion},
	}
}

// run does what the command line says.
func run(ctx context.Context, args []string, environ []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		args = []string{"serve"}
	}
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		return printCommands(stdout)
	}
	if args[0] == "-version" || args[0] == "--version" {
		args = []string{"version"}
	}
	for _, c := range commands() {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			env := environment{readSettings(environ, stderr), stdin, stdout}
			return c.run(ctx, env, args[len(words):], stderr)
		}
	}
	fmt.Fprintf(stderr, "There is no command %q.\n\n", strings.Join(args, " "))
	return cmp.Or(printCommands(stderr), errUsage)
}

// misuse is the error of an action that the command line is to blame for.
type misuse struct{ text string }

func (m misuse) Error() string { return m.text }

func (c command) run(ctx context.Context, env environment, args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the usage is printed here, and once
	do := c.declare(flags)
	err := flags.Parse(args)
	operands := flags.Args()
	if err == nil && c.operand != "" && len(operands) > 1 { // flags may also follow the operand
		err = flags.Parse(operands[1:])
		operands = append(operands[:1:1], flags.Args()...)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		return c.printUsage(env.stdout, flags)
	case err != nil:
		err = misuse{err.Error()}
	case c.operand != "" && len(operands) == 0 && !strings.HasPrefix(c.operand, "["):
		err = misuse{c.operand + " is missing"}
	case c.operand != "" && len(operands) == 1:
		err = do(ctx, env, operands[0])
	case len(operands) > 0:
		err = misuse{"there are too many arguments"} // one may be a secret
	default:
		err = do(ctx, env, "")
	}
	if wrong, ok := errors.AsType[misuse](err); ok {
		fmt.Fprintf(stderr, "cpod-backend %s: %s\n\n", c.name, wrong)
		return cmp.Or(c.printUsage(stderr, flags), errUsage)
	}
	return err
}

func (c command) synopsis() string {
	return strings.Join(strings.Fields("cpod-backend "+c.name+" "+c.flags+" "+c.operand), " ")
}

func (c command) printUsage(w io.Writer, flags *flag.FlagSet) error {
	var text strings.Builder
	fmt.Fprintf(&text, "usage: %s\n\n%s\n", c.synopsis(), c.summary)
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(&text, "\n  %s\n        %s\n", strings.TrimSpace("--"+f.Name+" "+value), usage)
	})
	text.WriteString("\nSettings are environment variables; docs/operations.md lists them.\n")
	_, err := io.WriteString(w, text.String())
	return err
}

func printCommands(w io.Writer) error {
	var text strings.Builder
	text.WriteString("usage: cpod-backend [command]\n")
	for _, c := range commands() {
		fmt.Fprintf(&text, "\n  %s\n        %s\n", strings.TrimPrefix(c.synopsis(), "cpod-backend "), c.summary)
	}
	text.WriteString("\nEvery command explains itself with -h. Settings are environment variables:\n")
	for _, v := range variables() {
		fmt.Fprintf(&text, "\n  %s", v.name)
		if v.byDefault != "" {
			fmt.Fprintf(&text, " (default %s)", v.byDefault)
		}
		fmt.Fprintf(&text, "\n        %s\n", strings.ReplaceAll(v.meaning, "`", ""))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// variables returns all that the parts read, in their order.
func variables() []variable {
	s := readSettings(nil, io.Discard)
	parts(s, readDatabase(s, readBase(s)))
	return s.variables
}

func declareServe(*flag.FlagSet) action {
	return func(ctx context.Context, env environment, _ string) error {
		return serve(ctx, env.settings, env.stdout)
	}
}

func declareVersion(*flag.FlagSet) action {
	return func(_ context.Context, env environment, _ string) error {
		_, err := fmt.Fprintln(env.stdout, version())
		return err
	}
}

// findPublicURL sets the public URL: the one of CPOD_PUBLIC_URL, else that of the
// server that started last on the data.
func (h *house) findPublicURL(ctx context.Context) (err error) {
	if h.publicURL == "" {
		h.publicURL, err = h.records.installation.Issuer(ctx)
	}
	if err == nil && h.publicURL == "" {
		err = errors.New("no server has started on this data yet: start one, or set CPOD_PUBLIC_URL")
	}
	return err
}

// onRecords returns an action on the records of an installation, beside a
// running server or without one.
func onRecords(do func(ctx context.Context, env environment, h *house, operand string) error) action {
	return func(ctx context.Context, env environment, operand string) (err error) {
		d, _, err := load(env.settings)
		if err != nil {
			return err
		}
		h, err := openExisting(ctx, d, env.settings.log)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, h.Close()) }()
		return do(ctx, env, h, operand)
	}
}
