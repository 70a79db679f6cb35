package diskspace_test

import (
	"errors"
	"math"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/cpodkit/cpodkit/internal/diskspace"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for keep, want := range map[int64]error{-1: nil, 0: nil, 1: nil, math.MaxInt64: diskspace.ErrFull} {
		if runtime.GOOS == "windows" {
			want = nil
		}
		if err := diskspace.Check(dir, keep); !errors.Is(err, want) {
			t.Errorf("Check(%d) = %v, want %v", keep, err, want)
		}
	}
	if err := diskspace.Check(filepath.Join(dir, "none"), math.MaxInt64); err != nil {
		t.Errorf("of a folder that is not there: %v", err)
	}
}
