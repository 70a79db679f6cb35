package nearest_test

import (
	"testing"

	"github.com/cpodkit/cpodkit/internal/nearest"
)

func TestName(t *testing.T) {
	t.Parallel()
	known := []string{"jobs.read", "jobs.write", "storage.private.read"}
	for name, want := range map[string]string{
		"jobs.read": "jobs.read", "jobs.raed": "jobs.read", "jobs.writes": "jobs.write", "job.write": "jobs.write",
		"storage.private.reed": "storage.private.read", "": "jobs.read", "jobs.": "jobs.read", "storage.privat.reader": "storage.private.read",
	} {
		if got := nearest.Name(name, known); got != want {
			t.Errorf("the nearest to %q is %q, want %q", name, got, want)
		}
	}
}
