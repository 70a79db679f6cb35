package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// event is a line of go test -json (cmd/test2json).
type event struct {
	Time    time.Time `json:"Time"`
	Action  string    `json:"Action"`
	Package string    `json:"Package"`
	Test    string    `json:"Test"`
	Output  string    `json:"Output"`
	Elapsed float64   `json:"Elapsed"`
}

// result is a test that ended. Of a subtest it is kept only when it was skipped.
type result struct {
	Package string  `json:"package"`
	Test    string  `json:"test"`
	Seconds float64 `json:"seconds"`
	Skipped string  `json:"skipped"` // why, "" when it ran
	Race    bool    `json:"race"`
}

// module is left out of the names of packages.
const module = "github.com/cpodkit/cpodkit/"

func (r result) String() string { return r.Test + " in " + strings.TrimPrefix(r.Package, module) }

// report collects the events of one run, and prints them as go test does without
// -json.
type report struct {
	out           io.Writer
	verbose, race bool

	events  map[string][]event // of the packages that have not ended
	results []result
}

func (r *report) read(events io.Reader) error {
	r.events = map[string][]event{}
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprintf(r.out, "%s", line) // go test speaks for itself
			} else {
				r.add(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) add(e event) {
	if r.verbose || e.Action == "build-output" {
		fmt.Fprint(r.out, e.Output)
	}
	if e.Package == "" {
		return
	}
	r.events[e.Package] = append(r.events[e.Package], e)
	if e.Test == "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip") {
		r.end(e.Package, r.events[e.Package])
		delete(r.events, e.Package)
	}
}

// end prints a package that has ended, and keeps what its tests took.
func (r *report) end(pkg string, events []event) {
	ended, output, began := map[string]string{}, map[string]string{}, map[string]time.Time{}
	for _, e := range events {
		switch e.Action {
		case "run", "cont":
			began[e.Test] = e.Time
		case "output":
			output[e.Test] += e.Output
		case "pass", "fail", "skip":
			if ended[e.Test] = e.Action; e.Test == "" {
				continue
			}
			one := result{Package: pkg, Test: e.Test, Seconds: e.Elapsed, Race: r.race}
			// Elapsed leaves out how long a test waits for parts that run in parallel.
			// The times of a cached result are those of its reading.
			if at, known := began[e.Test]; known {
				one.Seconds = max(one.Seconds, e.Time.Sub(at).Seconds())
			}
			if e.Action == "skip" {
				one.Skipped = reason(output[e.Test])
			}
			if one.Skipped != "" || !strings.Contains(e.Test, "/") {
				r.results = append(r.results, one)
			}
		}
	}
	if r.verbose {
		return
	}
	for _, e := range events {
		// A race is told to whoever runs at that moment.
		told := e.Test == "" || ended[e.Test] != "pass" && ended[e.Test] != "skip" ||
			strings.Contains(output[e.Test], "WARNING: DATA RACE")
		if e.Action == "output" && told && !progress(e.Output) {
			fmt.Fprint(r.out, e.Output)
		}
	}
}

// progress reports whether go test prints the line only with -v.
func progress(line string) bool {
	return line == "PASS\n" || strings.HasPrefix(line, "=== ")
}

var logged = regexp.MustCompile(`(?m)^\s+\S+\.go:\d+: (.*)$`)

// reason is what a test said last before it was skipped.
func reason(output string) string {
	all := logged.FindAllStringSubmatch(output, -1)
	if len(all) == 0 {
		return "for no reason"
	}
	return all[len(all)-1][1]
}

const slowest = 10

func summarise(out io.Writer, results []result) {
	ran := slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.Skipped != "" })
	slices.SortStableFunc(ran, func(a, b result) int { return cmp.Compare(b.Seconds, a.Seconds) })
	fmt.Fprintf(out, "the slowest tests:\n")
	for _, r := range ran[:min(len(ran), slowest)] {
		race := ""
		if r.Race {
			race = ", race detector"
		}
		fmt.Fprintf(out, "%8.1f s  %s%s\n", r.Seconds, r, race)
	}
	fmt.Fprintln(out, skipped(results))
}

// skipped is one line that names what was skipped: each reason with its tests.
func skipped(results []result) string {
	var reasons []string
	tests := map[string][]string{}
	for _, r := range results {
		if r.Skipped == "" {
			continue
		}
		if tests[r.Skipped] == nil {
			reasons = append(reasons, r.Skipped)
		}
		if name := r.String(); !slices.Contains(tests[r.Skipped], name) {
			tests[r.Skipped] = append(tests[r.Skipped], name)
		}
	}
	if len(reasons) == 0 {
		return "skipped: nothing"
	}
	slices.SortStableFunc(reasons, func(a, b string) int { return len(tests[b]) - len(tests[a]) })
	parts := make([]string, len(reasons))
	for i, why := range reasons {
		if names := tests[why]; len(names) == 1 {
			parts[i] = names[0] + " (" + why + ")"
		} else {
			parts[i] = fmt.Sprintf("%d tests, such as %s (%s)", len(names), names[0], why)
		}
	}
	return "skipped: " + strings.Join(parts, "; ")
}
