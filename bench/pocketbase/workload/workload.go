// Package workload is the data that both servers hold.
package workload

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Documents is how many documents every collection holds from the start.
const Documents = 10_000

// The collections.
const (
	Plain   = "plain"   // read only
	Indexed = "indexed" // read only, with an index for the query
	Written = "written"
)

// Collections returns all of them.
func Collections() []string { return []string{Plain, Indexed, Written} }

// PocketBase's collections of records with a file.
const (
	Files   = "files"   // read only
	Uploads = "uploads" // written
)

// Statuses returns the values of the member that the query filters by.
func Statuses() []string { return []string{"active", "idle", "closed", "blocked"} }

// Key returns the key of document n: 15 characters, as PocketBase wants its ids.
func Key(n int) string { return fmt.Sprintf("doc%012d", n) }

// Members returns the content of document n, some 500 bytes of JSON.
func Members(n int) map[string]any {
	statuses := Statuses()
	return map[string]any{
		"status":    statuses[n%len(statuses)],
		"plan":      "pro",
		"visits":    n * 7919 % 10_007,
		"createdAt": fmt.Sprintf("2026-01-%02dT%02d:%02d:00Z", n%28+1, n%24, n%60),
		"user":      map[string]any{"name": "Alice Example", "city": "Berlin"},
		"tags":      []string{"a", "b"},
		"text":      strings.Repeat("lorem ipsum dolor sit amet ", 11),
	}
}

// JSON returns document n as JSON.
func JSON(n int) []byte {
	text, err := json.Marshal(Members(n))
	if err != nil {
		panic(err) // strings and numbers only
	}
	return text
}
