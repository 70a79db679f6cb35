package documents_test

import (
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/ledger"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// A closed gate keeps sets out, and neither reads nor deletes.
func TestGate(t *testing.T) {
	t.Parallel()
	door := new(ledger.Door)
	b := newBackendOn(t, documents.NewMemory(), documents.WithGate(door))
	b.set("c/k", "1")
	door.Close()
	b.do("PUT", "/v1/storage/db/c/l", "1").want(t, 403, cpodkit.CodeForbidden)
	b.do("POST", "/v1/storage/db/c/batch", `{"ops":[{"op":"delete","key":"k"},{"op":"set","key":"l","value":1}]}`).want(t, 403, cpodkit.CodeForbidden)
	b.do("GET", "/v1/storage/db/c/k", "").want(t, 200, "")
	b.do("GET", "/v1/storage/db/c/l", "").want(t, 404, cpodkit.CodeNotFound)
	b.do("DELETE", "/v1/storage/db/c/k", "").want(t, 204, "")
	if door.Inside() != 0 {
		t.Errorf("%d are still inside", door.Inside())
	}
}
