// Command testreport runs go test and prints what it prints. After that it names
// the ten slowest tests and, in the last line, what was skipped and why.
//
//	go run ./internal/testreport [flags and packages of go test]
//
// With CPODKIT_TEST_REPORT=FILE it appends its findings to the file instead, and
// testreport -summary FILE names those of all runs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	if len(args) == 2 && args[0] == "-summary" {
		results, err := load(args[1])
		if err != nil {
			return fail(err)
		}
		summarise(os.Stdout, results)
		return 0
	}
	r := report{out: os.Stdout, verbose: slices.Contains(args, "-v"), race: slices.Contains(args, "-race")}
	code, err := r.test(args)
	if err != nil {
		return fail(err)
	}
	if path := os.Getenv("CPODKIT_TEST_REPORT"); path != "" {
		if err := save(path, r.results); err != nil {
			return fail(err)
		}
		return code
	}
	summarise(os.Stdout, r.results)
	return code
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "testreport:", err)
	return 1
}

// test runs go test and returns its exit code.
func (r *report) test(args []string) (int, error) {
	cmd := exec.CommandContext(context.Background(), "go", append([]string{"test", "-json"}, args...)...) //nolint:gosec // whoever runs this runs go test
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	if err := r.read(events); err != nil {
		return 0, errors.Join(err, cmd.Wait())
	}
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func save(path string, results []result) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the path is of whoever runs this
	if err != nil {
		return err
	}
	for _, one := range results {
		err = errors.Join(err, json.NewEncoder(f).Encode(one))
	}
	return errors.Join(err, f.Close())
}

func load(path string) ([]result, error) {
	f, err := os.Open(path) //nolint:gosec // the path is of whoever runs this
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var results []result
	for d := json.NewDecoder(f); ; {
		var one result
		if err := d.Decode(&one); errors.Is(err, io.EOF) {
			return results, nil
		} else if err != nil {
			return nil, err
		}
		results = append(results, one)
	}
}
