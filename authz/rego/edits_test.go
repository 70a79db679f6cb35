package rego_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/internal/webtest"
)

// broken are edits that a policy does not survive, and what is said of them. Line n has the
// fault.
func broken(n int) (name, content, says string) {
	lines := func(text string) string { return strings.Repeat("\n", n-1) + text }
	in := func(name, text string) string { return "package " + name + lines(text) }
	at := func(text string) string { return fmt.Sprintf(text, n) }
	switch n % 10 {
	case 0:
		return "b.rego", in("b", "p if {"), at("b.rego:%d")
	case 1:
		return "b.rego", in("b", "p := f(1)"), at("b.rego:%d:6: undefined function f")
	case 2:
		return "b.rego", in("b", "p := 1 + \"a\""), at("b.rego:%d:6: ")
	case 3:
		return "b.rego", in("b", "p := q\n\nq := p"), "is recursive"
	case 4:
		return "data.json", "{" + lines("]"), at("data.json: %d:")
	case 5:
		return "sub/data.yaml", lines("n: [1"), "sub/data.yaml: "
	case 6:
		return "b.rego", in("b", "p := 1\n\np(x) := 1"), "conflicting rules data.b.p"
	case 7:
		return "b.rego", lines("pakage b"), at("b.rego:%d:1: ")
	case 8:
		return "b.rego", in("b", "p if x == 1"), at("b.rego:%d:6: var x is unsafe")
	}
	return "b.rego", in("n", "p := 1"), at("b.rego:%d:1: conflicting rule for data path n/p")
}

// After each of 200 broken edits in random order, whatever came before, the last good
// policy decides, the failure is there with its place, and the next good edit is taken.
func TestTwoHundredBrokenEdits(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	good := func(n int) {
		for _, name := range []string{"b.rego", "sub/data.yaml"} {
			if err := os.Remove(filepath.Join(folder, name)); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		writeFiles(t, folder, map[string]string{
			"data.json": fmt.Sprintf(`{"n": {"now": %d, "p": 1}}`, n),
			"a.rego":    fmt.Sprintf("package http\n\ndefault allow := false\n\nreason := sprintf(\"%d %%d\", [data.n.now])\n", n),
		})
	}
	good(0)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("the seed is %d", seed)
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		text := slog.New(slog.NewTextHandler(&log, nil))
		source, err := rego.NewDir(t.Context(), folder, rego.WithSourceLog(text))
		must(t, err)
		engine := newEngine(t, source, rego.WithLog(text))
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = engine.Run(ctx) }()
		defer func() { stop(); synctest.Wait() }()
		h, _ := served(t, engine)
		wants := func(what string, n int, failure string) {
			t.Helper()
			time.Sleep(3 * time.Second) // two looks
			synctest.Wait()
			fails(t, what, engine.Ping(ctx), failure)
			a := webtest.Call(t, h, "GET", "/v1/orders/7/x", "ann", "")
			if want := fmt.Sprintf(`"detail":"%d %d"`, n, n); a.Code != http.StatusForbidden || !strings.Contains(a.Body.String(), want) {
				t.Errorf("%s: %s, want %s", what, a, want)
			}
		}
		last := 0
		for i, n := range random.Perm(200) {
			name, content, says := broken(n + 10)
			log.Reset()
			good(last)
			writeFiles(t, folder, map[string]string{name: content})
			wants(fmt.Sprintf("edit %d (%d)", i, n), last, says)
			if !strings.Contains(strings.ReplaceAll(log.String(), `\"`, `"`), says) {
				t.Errorf("edit %d: the log says %s, want %s", i, &log, says)
			}
			if random.IntN(3) == 0 {
				last = i + 1
				good(last)
				wants(fmt.Sprintf("after edit %d", i), last, "")
			}
			if t.Failed() {
				return
			}
		}
	})
}
