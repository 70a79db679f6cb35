package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// events of three packages, as go test -json prints them.
const events = `{"Action":"start","Package":"m/a"}
{"Time":"2026-01-02T15:04:00Z","Action":"run","Package":"m/a","Test":"TestGood"}
{"Time":"2026-01-02T15:05:00.5Z","Action":"cont","Package":"m/a","Test":"TestGood"}
{"Action":"output","Package":"m/a","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"m/a","Test":"TestGood","Output":"    a_test.go:1: a log that nobody reads\n"}
{"Time":"2026-01-02T15:05:03Z","Action":"pass","Package":"m/a","Test":"TestGood","Elapsed":0.5}
{"Action":"output","Package":"m/a","Test":"TestSkipped","Output":"    a_test.go:9: X is not set: start it\n"}
{"Action":"output","Package":"m/a","Test":"TestSkipped","Output":"--- SKIP: TestSkipped (0.00s)\n"}
{"Action":"skip","Package":"m/a","Test":"TestSkipped","Elapsed":0}
{"Action":"output","Package":"m/a","Test":"TestGood/part","Output":"    a_test.go:9: X is not set: start it\n"}
{"Action":"skip","Package":"m/a","Test":"TestGood/part","Elapsed":0}
{"Action":"output","Package":"m/a","Output":"PASS\n"}
{"Action":"output","Package":"m/a","Output":"ok  \tm/a\t2.6s\n"}
{"Action":"pass","Package":"m/a","Elapsed":2.6}
{"ImportPath":"m/c","Action":"build-output","Output":"c.go:1: it does not compile\n"}
{"ImportPath":"m/c","Action":"build-fail"}
{"Action":"output","Package":"m/b","Test":"TestBad","Output":"=== RUN   TestBad\n"}
{"Action":"output","Package":"m/b","Test":"TestBad","Output":"    b_test.go:7: it fails\n"}
{"Action":"output","Package":"m/b","Test":"TestBad","Output":"--- FAIL: TestBad (4.00s)\n"}
{"Action":"fail","Package":"m/b","Test":"TestBad","Elapsed":4}
{"Action":"output","Package":"m/b","Test":"TestOther","Output":"WARNING: DATA RACE\n"}
{"Action":"pass","Package":"m/b","Test":"TestOther","Elapsed":1}
{"Action":"output","Package":"m/b","Test":"TestCut","Output":"panic: in the middle\n"}
{"Action":"output","Package":"m/b","Output":"FAIL\tm/b\t4.1s\n"}
{"Action":"fail","Package":"m/b","Elapsed":4.1}
no event at all
`

func TestReport(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r := report{out: &out}
	if err := r.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	const printed = "ok  \tm/a\t2.6s\nc.go:1: it does not compile\n    b_test.go:7: it fails\n--- FAIL: TestBad (4.00s)\n" +
		"WARNING: DATA RACE\npanic: in the middle\nFAIL\tm/b\t4.1s\nno event at all\n"
	if out.String() != printed {
		t.Errorf("it prints\n%s\nwant\n%s", &out, printed)
	}
	path := filepath.Join(t.TempDir(), "results")
	for range 2 {
		if err := save(path, r.results); err != nil {
			t.Fatal(err)
		}
	}
	results, err := load(path)
	if err != nil || len(results) != 2*len(r.results) {
		t.Fatalf("%d results, %v", len(results), err)
	}
	out.Reset()
	summarise(&out, r.results)
	const summary = "the slowest tests:\n     4.0 s  TestBad in m/b\n     2.5 s  TestGood in m/a\n     1.0 s  TestOther in m/b\n" +
		"skipped: 2 tests, such as TestSkipped in m/a (X is not set: start it)\n"
	if out.String() != summary {
		t.Errorf("the summary is\n%s\nwant\n%s", &out, summary)
	}
	if got := skipped(results[:1]); got != "skipped: nothing" {
		t.Errorf("when nothing is skipped it says %q", got)
	}
}

func TestVerbose(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r := report{out: &out, verbose: true}
	if err := r.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"a log that nobody reads", "=== RUN   TestBad", "panic: in the middle", "ok  \tm/a"} {
		if strings.Count(out.String(), line) != 1 {
			t.Errorf("%q is printed %d times", line, strings.Count(out.String(), line))
		}
	}
}
