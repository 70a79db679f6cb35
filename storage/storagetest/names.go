package storagetest

import (
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// RunFiles stores files through the driver under names that differ in case, in
// Unicode form, in what a file system or a pattern drops, in an end, and in the
// place before the key. It fails the test unless the driver tells all of them
// apart, in reads, conditional writes, deletes and lists, and lists them in the
// order of their bytes. The driver must be empty. RunFiles closes it, and makes
// some hundred calls.
func RunFiles(t *testing.T, newDriver func(t testing.TB) files.Driver) {
	t.Helper()
	checkNames(t, newFilesSubject(t, newDriver(t)))
}

// RunDocuments is [RunFiles] for documents, and for the names of collections.
func RunDocuments(t *testing.T, newDriver func(t testing.TB) documents.Driver) {
	t.Helper()
	checkNames(t, newDocumentsSubject(t, newDriver(t)))
}

// RunKV is [RunFiles] for kv, which has no lists.
func RunKV(t *testing.T, newDriver func(t testing.TB) kv.Driver) {
	t.Helper()
	checkNames(t, newKVSubject(t, newDriver(t)))
}

// hardNames are keys of which some are one in the eyes of a careless system.
func hardNames() []string {
	k := func(n int) string { return strings.Repeat("k", n) }
	return []string{
		// Case.
		"x", "X", "dir/x", "dir/X", "DIR/x", "k", "K", "\u212a", "s", "ſ", "ß", "ss", "i", "ı", "İ", "i\u0307", "\u03c2", "\u03c3",
		// Unicode forms.
		"caf\u00e9", "cafe\u0301", "cafe", "\u03a9", "\u2126", "\uac00", "\u1100\u1161", "ﬁ", "fi", "ｘ", "x\u200b", "x\ufe0f",
		// Prefixes of each other, and what sorts around a slash.
		"xx", "x0", "x-", "x-y", "dirx/x", "dir-/x", "dir.x", "dir0", "dir/x0", "dir/xx",
		// Ends of the order, and where UTF-16 has another one.
		"!", "~", "10", "9", "\ud7ff", "\uffee", "\U0001f642", "\U0010ffff",
		// What systems drop, decode, split or match.
		"x.", "x ", " x", "%78", "dir%2Fx", "dir%2fx", `dir\x`, "*", "x*", "?", "%", "_", "[x]", "x:y", "'", `"`, "$x", "nul", "~x",
		// Long ones that differ in the last byte.
		k(199) + "a", k(199) + "b", strings.Repeat(k(199)+"/", 3) + "a", strings.Repeat(k(199)+"/", 3) + "b", k(511) + "a", k(511) + "b",
	}
}

// hardPlaces are places whose names are as hard.
func hardPlaces() []actor {
	all := []actor{{"t1", "app", "u", storage.User}, {"t1", "app", "ux", storage.User}, {"t1", "app", "U", storage.User}}
	for _, tenant := range []string{"t1x", "T1", "t", "ｔ1", "t1."} {
		all = append(all, private(tenant, "app"))
	}
	for _, app := range []string{"appx", "App", "ap", "app/x", "app%2Fx", "app ", "*", "%", "caf\u00e9", "cafe\u0301", "shared"} {
		all = append(all, private("t1", app))
	}
	return append(all, shared("t1"), shared("t1x"))
}

// checkNames stores under all hard names, looks at each, takes every second one
// away, and looks again.
func checkNames(t testing.TB, s subject) {
	t.Helper()
	w := newWorld(t, s, newCanaries())
	w.populate(hardPlaces())
	a := private("t1", "app")
	var names []string
	for _, name := range hardNames() {
		if s.valid(name) {
			names = append(names, name)
			w.put(a, name)
		}
	}
	w.sweep()
	w.checkPages(a, "", 7)
	for _, prefix := range []string{"x", "X", "dir", "dir/", "dir/x", "Dir", "d", "caf\u00e9", "cafe", "k", "%", "_", "*", "x-", "\u1100"} {
		w.checkList(a, prefix)
	}
	if s, ok := s.(*documentsSubject); ok {
		for _, collection := range []string{"Things", "THINGS", "thing", "thingsx", "things_", "things-", "_", "sqlite_master"} {
			s.attackCollection(w, a, collection)
		}
	}
	for i, name := range names {
		if i%2 == 0 {
			w.remove(a, name)
		}
	}
	w.sweep()
	for i, name := range names {
		if i%4 == 0 {
			w.conditionals(a, name)
		}
	}
	w.sweep()
	w.Logf("%d names in %d places, %d calls", len(names), len(hardPlaces())+1, w.calls.Load())
}
