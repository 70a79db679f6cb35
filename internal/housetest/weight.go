package housetest

import (
	"fmt"
	"slices"
	"strings"
)

// Light lists the packages that link no third-party package but the
// OpenTelemetry API, so that whoever uses one of them pays for that one alone.
// flags/openfeature and masking/otelmask are the doors to the libraries of their names.
func Light() []string {
	return []string{
		"masking", "ratelimit/...", "flags", "audit/...", "secrets/...", "jobs/...", "storage/...", "cluster/...",
	}
}

// Bare lists the packages that link the standard library alone: the words that
// everybody shares, and the client.
func Bare() []string { return []string{"", "client"} }

// telemetryLinks is the one package that the OpenTelemetry API links beyond
// itself: the hash of its attribute sets.
const telemetryLinks = "github.com/cespare/xxhash/v2"

// CheckWeight returns a sentence for each third-party package that one of the
// light or [Bare] packages links, with the chain of imports that leads there. A suite
// (storage/kv/kvtest) is linked by tests alone and may be heavy.
func CheckWeight(g Graph, light []string) []string {
	var violations []string
	for _, rel := range g.own() {
		if strings.HasSuffix(rel, "test") {
			continue
		}
		names := func(pattern string) bool { return covers(pattern, rel) }
		switch {
		case slices.ContainsFunc(Bare(), names):
			violations = append(violations, g.heavy(full(rel), false)...)
		case slices.ContainsFunc(light, names):
			violations = append(violations, g.heavy(full(rel), true)...)
		}
	}
	return violations
}

func (g Graph) heavy(start string, mayMeasure bool) []string {
	var violations []string
	seen := map[string]bool{start: true}
	chains := [][]string{{start}}
	for len(chains) > 0 {
		chain := chains[0]
		chains = chains[1:]
		importer := chain[len(chain)-1]
		for _, imported := range g[importer].Imports {
			if seen[imported] || g.isStandard(imported) || imported == telemetryLinks && isTelemetry(importer) {
				continue
			}
			seen[imported] = true
			next := append(slices.Clone(chain), imported)
			if _, isOwn := within(imported); !isOwn && (!mayMeasure || !isTelemetry(imported)) {
				may := "no third-party package"
				if mayMeasure {
					may += " but the OpenTelemetry API"
				}
				violations = append(violations, fmt.Sprintf("package %s links %s (%s); it may link %s",
					strings.TrimPrefix(start, Module+"/"), imported, strings.Join(next, " -> "), may))
				continue
			}
			chains = append(chains, next)
		}
	}
	return violations
}
