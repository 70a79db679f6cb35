// Command masking measures package masking, with all entities on: on named texts beside six
// naive regular expressions, on records of log/slog beside slog alone and masq, and on the
// object of the seeds. All take turns. It prints tables.
package main

import (
	"embed"
	"flag"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/cpodkit/cpodkit/masking"
)

//go:embed prose.txt log.json mixed.txt
var texts embed.FS

// row is a text, the least speed that it must have, and the best times so far.
type row struct {
	name, text   string
	bar          float64 // MB/s
	ours, regexp time.Duration
	findings     int
}

func main() {
	rounds := flag.Int("rounds", 200, "`times` that all of a row take turns")
	flag.Parse()
	if err := measure(*rounds); err != nil {
		fmt.Fprintln(os.Stderr, "masking:", err)
		os.Exit(1)
	}
}

func measure(rounds int) error {
	m, err := masking.New()
	if err != nil {
		return err
	}
	rows, err := prepare(m)
	if err != nil {
		return err
	}
	naive := naiveMasks()
	dst := make([]byte, 0, 1<<20)
	for range rounds {
		for i := range rows {
			r := &rows[i]
			r.ours = best(r.ours, func() { dst = m.AppendMasked(dst[:0], r.text) })
			r.regexp = best(r.regexp, func() { maskNaively(naive, r.text) })
		}
	}
	fmt.Println("| text | bytes | findings | ours, MB/s | bar | six regular expressions, MB/s |")
	fmt.Println("|---|---:|---:|---:|---:|---:|")
	for _, r := range rows {
		speed := func(d time.Duration) float64 { return float64(len(r.text)) / d.Seconds() / 1e6 }
		fmt.Printf("| %s | %d | %d | %.0f | %.0f | %.1f |\n", r.name, len(r.text), r.findings, speed(r.ours), r.bar, speed(r.regexp))
	}
	measureSlog(m, rounds)
	return measureSeed(m, rounds)
}

func prepare(m *masking.Masker) ([]row, error) {
	rows := []row{{name: "prose.txt", bar: 250}, {name: "log.json", bar: 250}, {name: "mixed.txt", bar: 100}}
	for i := range rows {
		text, err := texts.ReadFile(rows[i].name)
		if err != nil {
			return nil, err
		}
		rows[i].text = string(text)
		if rows[i].name == "mixed.txt" {
			rows[i].text = rows[i].text[:1<<10]
			rows[i].name = "1 KiB of mixed.txt"
		}
		rows[i].findings = len(m.Find(nil, rows[i].text))
	}
	return rows, nil
}

// best returns the shorter one of a time so far, 0 for none, and the mean time of f in a
// turn of 2 ms or more.
func best(soFar time.Duration, f func()) time.Duration {
	start, calls := time.Now(), 0
	for time.Since(start) < 2*time.Millisecond {
		f()
		calls++
	}
	if took := time.Since(start) / time.Duration(calls); soFar == 0 || took < soFar {
		return took
	}
	return soFar
}

type naiveMask struct {
	pattern     *regexp.Regexp
	placeholder string
}

// naiveMasks are what somebody writes in an afternoon.
func naiveMasks() []naiveMask {
	return []naiveMask{
		{regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.-]+`), "[EMAIL]"},
		{regexp.MustCompile(`\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}`), "[PHONE]"},
		{regexp.MustCompile(`\b\d{3}-\d{2}-\d{4}\b`), "[SSN]"},
		{regexp.MustCompile(`\b(?:\d[ -]?){13,16}\b`), "[CREDIT_CARD]"},
		{regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`), "[IP_ADDRESS]"},
		{regexp.MustCompile(`(?i)(?:password|secret|token)["':= ]+[^\s"',]+`), "[PASSWORD]"},
	}
}

func maskNaively(masks []naiveMask, text string) string {
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.placeholder)
	}
	return text
}
