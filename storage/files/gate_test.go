package files_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/ledger"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

// closing is a body at whose end a door closes.
type closing struct {
	io.Reader
	door *ledger.Door
}

func (c closing) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err == io.EOF {
		c.door.Close()
	}
	return n, err
}

// A closed gate keeps writes out, also one that has begun, and signed URLs; not reads and
// deletes.
func TestGate(t *testing.T) {
	t.Parallel()
	door := new(ledger.Door)
	s := serve(t, files.NewMemory(), files.WithGate(door))
	h := s.store.Trusted(storage.Owner{TenantID: "t1", AppID: "a1"})
	s.call(alice, "PUT", "/v1/storage/files/a", "x").WantStatus(t, 200)
	signed := map[string]string{}
	for _, method := range []string{"GET", "PUT"} {
		url, err := h.SignURL(t.Context(), "a", files.URLOptions{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		signed[method] = strings.TrimPrefix(url.URL, "https://files.test")
		s.call("", method, signed[method], "x").WantStatus(t, 200)
	}
	if door.Inside() != 0 {
		t.Errorf("%d are still inside", door.Inside())
	}
	if _, err := h.Write(t.Context(), "late", closing{strings.NewReader("x"), door}, nil); !errors.Is(err, cpodkit.CodeForbidden) {
		t.Errorf("a write that had begun: %v", err)
	}
	s.call(alice, "PUT", "/v1/storage/files/b", "x").WantProblem(t, cpodkit.CodeForbidden)
	for method, url := range signed {
		s.call("", method, url, "x").WantProblem(t, cpodkit.CodeForbidden)
	}
	for _, key := range []string{"late", "b"} {
		s.call(alice, "GET", "/v1/storage/files/"+key, "").WantProblem(t, cpodkit.CodeNotFound)
	}
	s.call(alice, "GET", "/v1/storage/files/a", "").WantStatus(t, 200)
	s.call(alice, "DELETE", "/v1/storage/files/a", "").WantStatus(t, 204)
	if door.Inside() != 0 {
		t.Errorf("%d are still inside", door.Inside())
	}
}
