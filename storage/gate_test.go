package storage_test

import (
	"errors"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// turnstile counts, and keeps one tenant out.
type turnstile struct{ inside, passed int }

func (t *turnstile) Enter(tenant string) error {
	if tenant == "gone" {
		return cpodkit.CodeForbidden
	}
	t.inside++
	t.passed++
	return nil
}

func (t *turnstile) Leave(string) { t.inside-- }

func TestEnter(t *testing.T) {
	t.Parallel()
	var g turnstile
	leave, err := storage.Enter(&g, "t1/apps/a/k")
	if err != nil || g.inside != 1 {
		t.Fatalf("%d are inside, %v", g.inside, err)
	}
	if leave(); g.inside != 0 {
		t.Errorf("%d are inside", g.inside)
	}
	if _, err := storage.Enter(&g, "gone/apps/a/k"); !errors.Is(err, cpodkit.CodeForbidden) {
		t.Errorf("a tenant that is kept out: %v", err)
	}
	if leave, err = storage.Enter(nil, "gone/apps/a/k"); err != nil {
		t.Errorf("without a gate: %v", err)
	}
	leave()
}
