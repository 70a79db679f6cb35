package testclients_test

import (
	"bufio"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/testservice"
)

// line is what a script prints: a step that it has done, or an address that the person in
// front of it shall visit.
type line struct {
	Step  string
	Visit string
}

// script runs one of the scripts with Node. visit returns where the browser ends. The test
// fails unless the script does exactly the steps that are wanted, and succeeds.
func script(t *testing.T, name string, config map[string]any, visit func(string) string, want ...string) {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(bounded(t), "node", filepath.Join(testservice.Scripts(t, "scripts"), name), string(text))
	var problems strings.Builder
	cmd.Stderr = &problems
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var steps []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Errorf("%s prints %s", name, lines.Bytes())
			continue
		}
		if l.Visit != "" {
			if _, err := in.Write([]byte(visit(l.Visit) + "\n")); err != nil {
				t.Error(err)
			}
			continue
		}
		steps = append(steps, l.Step)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s after %q: %v\n%s", name, steps, err, problems.String())
	}
	if !slices.Equal(steps, want) {
		t.Errorf("%s has done %q, want %q", name, steps, want)
	}
}
