package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseIndexes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "[]",
		" ; ":                             "[]",
		"orders:customer":                 "[orders:customer]",
		"sessions:status,-createdAt":      "[sessions:status,-createdAt]",
		" a : b.c , - ; d_-:x ;":          "error: empty name",
		` a : b.c , -d\.e ; d_-:x ;`:      `[a:b.c,-d\.e d_-:x]`,
		"sessions":                        "error: want collection:path",
		"sessions:":                       "error: empty name",
		":status":                         "error: collection",
		"a/b:status":                      "error: collection",
		"a:status; b:status ;a:status":    `error: "a:status" is declared twice`,
		"a:1,2,3,4,5":                     "error: 5 members",
		"a:b:c":                           "[a:b:c]", // a colon in a name is nothing special
		strings.Repeat("a:b,c;", 2) + "d": "error: ",
	} {
		indexes, err := parseIndexes(text)
		got := fmt.Sprint(indexes)
		if err != nil {
			got = "error: " + err.Error()
		}
		if message, fails := strings.CutPrefix(want, "error: "); fails != (err != nil) || !strings.Contains(got, message) {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "CPOD_INDEXES: ") {
			t.Errorf("%q: %v does not name the variable", text, err)
		}
	}
}

// The server makes the indexes that are declared; a command leaves them.
func TestServerMakesIndexes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, text := range []string{"sessions:status,-createdAt", "orders:customer", ""} {
		if err := openForTest(t, quiet(), map[string]string{"CPOD_DATA_DIR": dir, "CPOD_INDEXES": text}).Close(); err != nil {
			t.Fatal(err)
		}
		if err := existing(t, dir).Close(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(declared(t, dir), ";"); got != text {
			t.Errorf("the indexes are %q, want %q", got, text)
		}
	}
}

func declared(t *testing.T, dataDir string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dataDir, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT substr(name, 10) FROM sqlite_schema WHERE name LIKE 'declared %' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}
