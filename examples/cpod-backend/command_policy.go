package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/cpodkit/cpodkit/authz/rego"
)

const maxPolicyErrors = 20

// declarePolicyCheck checks a policy as a server would that reads it, and as opa check
// --strict does. It needs no data directory and no settings.
func declarePolicyCheck(*flag.FlagSet) action {
	return func(ctx context.Context, env environment, name string) error {
		p, err := openPolicyFiles(ctx, name)
		if err == nil {
			_, err = p.compile(ctx)
		}
		faults, ok := errors.AsType[ast.Errors](err)
		switch {
		case err == nil:
			fmt.Fprintf(env.stdout, "%s: %d modules\n", name, len(p.modules))
			return nil
		case !ok:
			return err
		}
		for _, fault := range faults {
			text := fault.Message
			if at := fault.Location; at != nil {
				text = fmt.Sprintf("%s:%d:%d: %s", at.File, at.Row, max(at.Col, 1), text)
			}
			fmt.Fprintln(env.stdout, text)
		}
		return fmt.Errorf("the policy has %d faults", len(faults))
	}
}

// declarePolicyTest runs the tests of a policy with the runner of the Open Policy Agent.
func declarePolicyTest(flags *flag.FlagSet) action {
	only := flags.String("run", "", "run only the tests whose names match this `pattern`")
	verbose := flags.Bool("v", false, "also print the tests that pass")
	return func(ctx context.Context, env environment, name string) error {
		p, err := openPolicyFiles(ctx, name)
		if err != nil {
			return err
		}
		store, err := p.compile(ctx)
		if err != nil {
			return err
		}
		return storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
			runner := tester.NewRunner().SetStore(store).SetModules(p.modules).CapturePrintOutput(true).
				RaiseBuiltinErrors(true).SetParallel(1).Filter(*only)
			found, err := runner.RunTests(ctx, txn)
			if err != nil {
				return err
			}
			return reportTests(env, found, *verbose)
		})
	}
}

// reportTests prints results in the order of the files.
func reportTests(env environment, found <-chan *tester.Result, verbose bool) error {
	var results []*tester.Result
	for result := range found {
		results = append(results, result)
	}
	slices.SortFunc(results, func(a, b *tester.Result) int { return a.Location.Compare(b.Location) })
	sorted, failed := make(chan *tester.Result, len(results)), 0
	for _, result := range results {
		if sorted <- result; result.Fail || result.Error != nil {
			failed++
		}
	}
	close(sorted)
	err := tester.PrettyReporter{Output: env.stdout, Verbose: verbose}.Report(sorted)
	switch {
	case err != nil:
		return err
	case failed > 0:
		return fmt.Errorf("%d of %d tests failed", failed, len(results))
	case len(results) == 0:
		return errors.New("there are no tests: rules whose names begin with test_, in files that end with _test.rego")
	}
	return nil
}

// policyFiles are a policy and its tests.
type policyFiles struct {
	modules map[string]*ast.Module
	data    map[string]any
}

// openPolicyFiles reads a folder, or a bundle in a file.
func openPolicyFiles(ctx context.Context, name string) (policyFiles, error) {
	p := policyFiles{modules: map[string]*ast.Module{}}
	about, err := os.Stat(name)
	if err != nil {
		return p, err
	}
	var source rego.Source
	if about.IsDir() {
		source, err = rego.NewDir(ctx, name)
	} else {
		source, err = rego.NewBundleFile(ctx, name)
	}
	if err != nil {
		return p, err
	}
	policy := source.Current()
	p.data = policy.Data
	texts := maps.Clone(policy.Modules)
	if about.IsDir() {
		if err := addPolicyTests(name, texts); err != nil {
			return p, err
		}
	}
	var faults ast.Errors
	for _, file := range slices.Sorted(maps.Keys(texts)) {
		module, err := ast.ParseModuleWithOpts(file, texts[file], ast.ParserOptions{RegoVersion: ast.RegoV1, ProcessAnnotation: true})
		if err != nil {
			found, ok := errors.AsType[ast.Errors](err)
			if !ok {
				return p, fmt.Errorf("%s: %w", file, err)
			}
			faults = append(faults, found...)
			continue
		}
		p.modules[file] = module
	}
	if len(faults) > 0 {
		return p, faults
	}
	return p, nil
}

// addPolicyTests adds the files that a server leaves out.
func addPolicyTests(folder string, texts map[string]string) error {
	return fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() || !strings.HasSuffix(path, "_test.rego"):
			return nil
		}
		text, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
		texts[path] = string(text)
		return err
	})
}

// compile checks the modules, and returns the data.
func (p policyFiles) compile(ctx context.Context) (storage.Store, error) {
	store := inmem.NewFromObject(p.data)
	err := storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		compiler := ast.NewCompiler().WithStrict(true).SetErrorLimit(maxPolicyErrors).
			WithEnablePrintStatements(true).WithPathConflictsCheck(storage.NonEmpty(ctx, store, txn))
		copies := make(map[string]*ast.Module, len(p.modules))
		for name, module := range p.modules {
			copies[name] = module.Copy()
		}
		if compiler.Compile(copies); compiler.Failed() {
			return compiler.Errors
		}
		return nil
	})
	return store, err
}
