package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
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
	}
}

func TestParseIndexFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       "[]",
		"# none\n \t# yet\n":                     "[]",
		"sessions:status,-createdAt\norders:c\n": "[sessions:status,-createdAt orders:c]",
		"a:b; c:d # two in a line\r\n\r\n;e:f;\r\n": "[a:b c:d e:f]",
		"a:b#c\t#d": "[a:b#c]",
		"a:b\nc\n":  `error: "c": want collection:path`,
		"a:b\na:b":  `error: "a:b" is declared twice`,
	} {
		indexes, err := parseIndexFile(text)
		got := fmt.Sprint(indexes)
		if err != nil {
			got = "error: " + err.Error()
		}
		if message, fails := strings.CutPrefix(want, "error: "); fails != (err != nil) || !strings.Contains(got, message) {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

// A running server follows the file of CPOD_INDEXES_FILE. While that cannot be used,
// the indexes stay and the server is degraded.
func TestServerFollowsTheIndexFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "indexes")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("sessions:status,-createdAt\n")
	data := filepath.Join(dir, "data")
	server := openForTest(t, quiet(), map[string]string{"CPOD_DATA_DIR": data, "CPOD_INDEXES_FILE": file})
	defer server.Close()
	ready := newReadiness(t.Context(), server.ready, quiet())
	follows := func(want, state string) {
		t.Helper()
		eventually(t, want, func() bool { return strings.Join(declared(t, data), ";") == want })
		eventually(t, state, func() bool {
			w := httptest.NewRecorder()
			ready.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
			return w.Code == http.StatusOK && strings.Contains(w.Body.String(), `"status":"`+state+`"`)
		})
	}
	follows("sessions:status,-createdAt", stateOK)
	write("orders:customer\nsessions:status\n")
	follows("orders:customer;sessions:status", stateOK)
	write("orders:customer\nsessions\n")
	follows("orders:customer;sessions:status", stateDegraded)
	write("# none\n")
	follows("", stateOK)

	d, parts := loadForTest(t, map[string]string{"CPOD_DATA_DIR": filepath.Join(dir, "other"), "CPOD_INDEXES_FILE": file + "2"})
	if _, err := openServer(t.Context(), newHouse(d.base, quiet()), parts); err == nil || !strings.HasPrefix(err.Error(), "CPOD_INDEXES_FILE: ") {
		t.Errorf("without the file: %v", err)
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

// declared returns the indexes of a database without those that every server has.
func declared(t *testing.T, dataDir string) []string {
	t.Helper()
	own := map[string]bool{}
	for _, index := range allIndexes(nil, false) {
		own[index.String()] = true
	}
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
		if !own[name] {
			names = append(names, name)
		}
		delete(own, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(own) > 0 {
		t.Errorf("the server's own indexes %v are missing", own)
	}
	return names
}
