package flags_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/flags/flagstest"
)

// write replaces a file by a rename.
func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// openFile returns a source on the file or folder at name.
func openFile(t testing.TB, name string, opts ...flags.FileOption) *flags.File {
	t.Helper()
	file, err := flags.NewFile(t.Context(), name, append(opts, flags.WithFileInterval(2*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func memoryEditor(m *flags.Memory) flagstest.Editor {
	return flagstest.Editor{
		Source: m,
		Put: func(t testing.TB, tenantID, definition string) {
			t.Helper()
			if err := m.Set(tenantID, []byte(definition)); err != nil {
				t.Fatal(err)
			}
		},
		Remove: func(_ testing.TB, tenantID string) { m.Remove(tenantID) },
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	file := func(t testing.TB, name string) flagstest.Editor {
		t.Helper()
		write(t, name, `{"flags": {}}`)
		return flagstest.Editor{
			Source: openFile(t, name),
			Put:    func(t testing.TB, _, definition string) { t.Helper(); write(t, name, definition) },
		}
	}
	for name, open := range map[string]func(t testing.TB) flagstest.Editor{
		"memory": func(testing.TB) flagstest.Editor { return memoryEditor(flags.NewMemory()) },
		"file": func(t testing.TB) flagstest.Editor {
			t.Helper()
			return file(t, filepath.Join(t.TempDir(), "flags.json"))
		},
		"folder": func(t testing.TB) flagstest.Editor {
			t.Helper()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "a.json"), `{"flags": {}}`)
			write(t, filepath.Join(dir, "notes.txt"), `no JSON`)
			e := file(t, filepath.Join(dir, "b.json"))
			e.Source = openFile(t, dir)
			return e
		},
		"merged": func(t testing.TB) flagstest.Editor {
			t.Helper()
			m := flags.NewMemory()
			e := memoryEditor(m)
			e.Source = flags.Merge(file(t, filepath.Join(t.TempDir(), "flags.json")).Source, m)
			return e
		},
		"merged with a source that reports nothing": func(testing.TB) flagstest.Editor {
			m := flags.NewMemory()
			e := memoryEditor(m)
			e.Source = flags.Merge(flags.NewMemory(), loadOnly{m})
			return e
		},
		"all shared": func(t testing.TB) flagstest.Editor {
			t.Helper()
			e := file(t, filepath.Join(t.TempDir(), "flags.json"))
			e.Source = flags.Merge(e.Source)
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flagstest.Run(t, open)
		})
	}
}

// loadOnly hides everything but Load.
type loadOnly struct{ flags.Source }

// texts is a definition of flags with these texts.
func texts(values ...string) string {
	var all []string
	for i := 0; i+1 < len(values); i += 2 {
		all = append(all, `"`+values[i]+`": {"state": "ENABLED", "variants": {"v": "`+values[i+1]+`"}, "defaultVariant": "v"}`)
	}
	return `{"flags": {` + strings.Join(all, ", ") + `}}`
}

// textOf returns the text of a flag, "" for none.
func textOf(t testing.TB, all *flags.Flags, tenantID, key string) string {
	t.Helper()
	v, err := all.Trusted(tenantID).String(t.Context(), key, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The later source holds, flag by flag; evaluators and metadata are of their own
// definition.
func TestMergeOrder(t *testing.T) {
	t.Parallel()
	const first = `{
		"flags": {
			"both": {"state": "ENABLED", "variants": {"true": "first", "false": "first, false"}, "targeting": {"$ref": "rule"}},
			"one": {"state": "ENABLED", "variants": {"true": "one", "false": "one, false"}, "targeting": {"$ref": "rule"}}
		},
		"$evaluators": {"rule": {"==": [1, 1]}}, "metadata": {"from": "first", "more": true}
	}`
	const second = `{
		"flags": {"both": {"state": "ENABLED", "variants": {"true": "second", "false": "second, false"}, "targeting": {"$ref": "rule"}}},
		"$evaluators": {"rule": {"==": [1, 2]}}, "metadata": {"from": "second"}
	}`
	a, b := flags.NewMemory(), flags.NewMemory()
	for m, definition := range map[*flags.Memory]string{a: first, b: second} {
		if err := m.Set("", []byte(definition)); err != nil {
			t.Fatal(err)
		}
	}
	all, err := flags.New(flags.Merge(a, b))
	if err != nil {
		t.Fatal(err)
	}
	set, err := all.Set(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][2]any{"both": {"second, false", "second"}, "one": {"one", "first"}} {
		if r := set.Evaluate(key, nil); r.Value != want[0] || r.Metadata["from"] != want[1] {
			t.Errorf("%s is %+v; want %v", key, r, want)
		}
	}
	if m := set.Metadata(); m["from"] != "second" || m["more"] != true || set.Len() != 2 {
		t.Errorf("the set has %d flags and the metadata %v", set.Len(), m)
	}
	// An own definition of a tenant comes after the one for all.
	if err := b.Set("acme", []byte(texts("one", "of acme"))); err != nil {
		t.Fatal(err)
	}
	if err := all.Refresh(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	if v := textOf(t, all, "acme", "one"); v != "of acme" {
		t.Errorf("the flag is %q", v)
	}
	if v := textOf(t, all, "other", "one"); v != "one" {
		t.Errorf("another tenant's flag is %q", v)
	}
}

// eventually waits for what another goroutine brings about.
func eventually(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	deadline := time.After(flagstest.Patience)
	for !isSo() {
		select {
		case <-deadline:
			t.Fatalf("it never came that %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

// A broken edit leaves the flags from before it, and says so until it is mended.
func TestBrokenFile(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]string{"no JSON": `{"flags":`, "a wrong flag": `{"flags": {"a": {"state": "ON"}}}`} {
		file := filepath.Join(t.TempDir(), "flags.json")
		write(t, file, texts("a", "1"))
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		source := openFile(t, file, flags.WithFileLog(logger))
		all, err := flags.New(source)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); all.Run(ctx) }()
		if a := textOf(t, all, "acme", "a"); a != "1" {
			t.Errorf("%s: the flag is %q", name, a)
		}
		write(t, file, edit)
		eventually(t, "Ping fails", func() bool { return all.Ping(t.Context()) != nil })
		if a := textOf(t, all, "acme", "a"); a != "1" {
			t.Errorf("%s: after the edit the flag is %q", name, a)
		}
		write(t, file, texts("a", "2"))
		eventually(t, "the flag is 2", func() bool { return textOf(t, all, "acme", "a") == "2" })
		eventually(t, "Ping succeeds", func() bool { return all.Ping(t.Context()) == nil })
		stop()
		<-ended
		if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "flags.json") {
			t.Errorf("%s: the log is %s", name, log.String())
		}
	}
	if _, err := flags.NewFile(t.Context(), filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there is no error")
	}
}

// Of a folder only the .json files count, also when it has one file; a file may have any
// name.
func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := filepath.Join(dir, "flags.txt")
	write(t, other, texts("a", "1"))
	for name, want := range map[string]int{dir: 0, other: 1} {
		set, err := open(t, openFile(t, name)).Set(t.Context(), "acme")
		if err != nil || set.Len() != want {
			t.Errorf("%s: %d flags, %v; want %d", name, set.Len(), err, want)
		}
	}
}

// A file may keep flags with faults, as flagd does.
func TestLenientFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "flags.json")
	write(t, file, `{"flags": {"good": {"state": "ENABLED", "variants": {"v": "x"}, "defaultVariant": "v"}, "bad": {"state": "ON"}}}`)
	if _, err := flags.NewFile(t.Context(), file); err == nil {
		t.Error("the file is taken")
	}
	all, err := flags.New(openFile(t, file, flags.WithLenientFile()))
	if err != nil {
		t.Fatal(err)
	}
	if v := textOf(t, all, "acme", "good"); v != "x" {
		t.Errorf("the good flag is %q", v)
	}
	r, err := all.Trusted("acme").Evaluate(t.Context(), "bad", nil)
	if r.ErrorCode != flags.ErrorParse || err != nil {
		t.Errorf("the bad flag is %+v, %v", r, err)
	}
}

// Kubernetes swaps a symlink to a folder.
func TestSymlinkSwap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for version, value := range map[string]string{"..one": "1", "..two": "2"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, "flags.json"), texts("a", value))
	}
	link := func(version string) {
		if err := os.Symlink(version, filepath.Join(dir, "..next")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..next"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	link("..one")
	if err := os.Symlink(filepath.Join("..data", "flags.json"), filepath.Join(dir, "flags.json")); err != nil {
		t.Fatal(err)
	}
	all, err := flags.New(openFile(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	go all.Run(t.Context())
	if a := textOf(t, all, "acme", "a"); a != "1" {
		t.Errorf("the flag is %q", a)
	}
	link("..two")
	eventually(t, "the flag is 2", func() bool { return textOf(t, all, "acme", "a") == "2" })
}
