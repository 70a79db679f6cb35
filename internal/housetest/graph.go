// Package housetest keeps the rules of the house: which package may import
// which, what a capability may weigh, and what no source file may hold. Its
// tests run the checks on this module.
package housetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// Module is the path of the module that is checked.
const Module = "github.com/cpodkit/cpodkit"

// Package is a package as "go list" describes it.
type Package struct {
	ImportPath string
	Standard   bool
	Imports    []string // of its files that are not tests
}

// Graph holds packages by import path.
type Graph map[string]Package

// Load lists all packages of the module in dir and all that they depend on.
// A package that cannot be loaded whole is listed with what is known of it.
func Load(ctx context.Context, dir string) (Graph, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-json=ImportPath,Standard,Imports", "./...")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.String())
	}
	graph := Graph{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return graph, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		graph[p.ImportPath] = p
	}
}

// own returns the module's own packages in order, by their path within it;
// the root package is "".
func (g Graph) own() []string {
	var paths []string
	for path := range g {
		if rel, ok := within(path); ok {
			paths = append(paths, rel)
		}
	}
	slices.Sort(paths)
	return paths
}

// within returns the path of a package of this module inside it.
func within(importPath string) (string, bool) {
	if importPath == Module {
		return "", true
	}
	return strings.CutPrefix(importPath, Module+"/")
}

func full(rel string) string {
	if rel == "" {
		return Module
	}
	return Module + "/" + rel
}

// isStandard holds for a package that go list could not find, too: only the
// standard library has import paths without a dot in their first element.
func (g Graph) isStandard(importPath string) bool {
	if p, ok := g[importPath]; ok {
		return p.Standard
	}
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// covers reports whether pattern names path: itself, or with "/..." at its end
// also everything below.
func covers(pattern, path string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	return path == pattern
}
