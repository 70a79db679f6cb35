package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// policyFolder makes a folder with files.
func policyFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const onlyReads = "package http\n\ndefault allow := false\n\nallow if input.access == data.access\n"

// The commands find what is wrong with a policy, and where. They need no data.
func TestPolicyCommands(t *testing.T) {
	t.Parallel()
	good := map[string]string{"http.rego": onlyReads, "data.json": `{"access": "reads"}`}
	with := func(name, content string) map[string]string {
		all := map[string]string{name: content}
		for other, text := range good {
			if all[other] == "" {
				all[other] = text
			}
		}
		return all
	}
	tests := "package http_test\n\nimport data.http\n\ntest_reads if http.allow with input.access as \"reads\"\n\n"
	env := map[string]string{"CPOD_DATA_DIR": filepath.Join(t.TempDir(), "none")}
	for name, c := range map[string]struct {
		command string
		files   map[string]string
		says    []string
		err     string // "" for none
	}{
		"good":             {"check", good, []string{": 1 modules\n"}, ""},
		"with tests":       {"check", with("a/b_test.rego", tests), []string{": 2 modules\n"}, ""},
		"does not parse":   {"check", with("b.rego", "package b\n\np if {\n"), []string{"b.rego:4:1: "}, "1 faults"},
		"unknown function": {"check", with("b.rego", "package b\n\np := f(1)\n"), []string{"b.rego:3:6: undefined function f\n"}, "1 faults"},
		"wrong types":      {"check", with("b.rego", "package b\n\np := 1 + \"a\"\n"), []string{"b.rego:3:6: plus: invalid argument"}, "1 faults"},
		"unused variable":  {"check", with("b.rego", "package b\n\np if x := 1\n"), []string{"b.rego:3:6: assigned var x unused"}, "1 faults"},
		"hidden by data":   {"check", with("b.rego", "package access\n\np := 1\n"), []string{"b.rego:3:1: conflicting rule for data path access/p"}, "1 faults"},
		"wrong data":       {"check", with("data.json", "{"), nil, "data.json: 1:2: unexpected EOF"},
		"no module":        {"check", map[string]string{"data.json": "{}"}, nil, "has no .rego file"},
		"passes":           {"test", with("a_test.rego", tests), []string{"PASS: 1/1"}, ""},
		"fails":            {"test", with("a_test.rego", tests+"test_writes if http.allow with input.access as \"writes\"\n"), []string{"data.http_test.test_writes: FAIL", "PASS: 1/2"}, "1 of 2 tests failed"},
		"errs":             {"test", with("a_test.rego", tests+"test_errs if to_number(input.x) == 1 with input.x as \"a\"\n"), []string{"eval_builtin_error: to_number", "ERROR: 1/2"}, "1 of 2 tests failed"},
		"no tests":         {"test", good, nil, "there are no tests"},
		"test is broken":   {"test", with("a_test.rego", "package a\n\ntest_a if"), nil, "a_test.rego:3"},
	} {
		folder := policyFolder(t, c.files)
		out, err := runOnce(t, env, "policy", c.command, folder)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range c.says {
			if !strings.Contains(out, want) {
				t.Errorf("%s: printed\n%s\nwant %q", name, out, want)
			}
		}
	}
	folder := policyFolder(t, with("a_test.rego", tests+"test_fails if false\n"))
	if out, err := runOnce(t, env, "policy", "test", "--run", "reads", "-v", folder); err != nil || !strings.Contains(out, "test_reads: PASS") {
		t.Errorf("with a pattern: %v: %s", err, out)
	}
	if _, err := os.Stat(env["CPOD_DATA_DIR"]); err == nil {
		t.Error("the commands make a data directory")
	}
}

// The worked policies of docs/policy.md pass their own tests.
func TestWorkedPolicies(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../../docs/policies/*")
	if err != nil || len(folders) != 5 {
		t.Fatalf("there are %d, %v", len(folders), err)
	}
	for _, folder := range folders {
		for command, want := range map[string]string{"check": ": 2 modules\n", "test": "PASS: "} {
			if out, err := runOnce(t, nil, "policy", command, folder); err != nil || !strings.Contains(out, want) {
				t.Errorf("policy %s %s: %v: %s", command, folder, err, out)
			}
		}
	}
}
