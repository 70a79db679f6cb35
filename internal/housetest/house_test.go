package housetest_test

import (
	"os"
	"testing"

	"github.com/cpodkit/cpodkit/internal/housetest"
)

const moduleRoot = "../.."

// exceptions from the rules of source files, each with its reason.
func exceptions() []housetest.Exception { return nil }

func load(t *testing.T) housetest.Graph {
	t.Helper()
	graph, err := housetest.Load(t.Context(), moduleRoot)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := graph[housetest.Module]; !ok {
		t.Fatalf("the root package is not among the %d packages", len(graph))
	}
	return graph
}

func TestImportsPointUpTheTable(t *testing.T) {
	t.Parallel()
	for _, violation := range housetest.CheckImports(load(t), housetest.Rules()) {
		t.Error(violation)
	}
}

func TestCapabilitiesAreLight(t *testing.T) {
	t.Parallel()
	for _, violation := range housetest.CheckWeight(load(t), housetest.Light()) {
		t.Error(violation)
	}
}

func TestSourceKeepsTheRules(t *testing.T) {
	t.Parallel()
	violations, err := housetest.CheckSource(os.DirFS(moduleRoot), exceptions())
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range violations {
		t.Error(violation)
	}
}
