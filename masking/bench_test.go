package masking_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cpodkit/cpodkit/masking"
)

// benchmark masks a text of the same files as the bench in bench/masking.
func benchmark(b *testing.B, file string) {
	b.Helper()
	m := newMasker(b)
	text, err := os.ReadFile(filepath.Join("..", "bench", "masking", file))
	if err != nil {
		b.Fatal(err)
	}
	whole, dst := string(text), make([]byte, 0, 2*len(text))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst = m.AppendMasked(dst[:0], whole)
	}
}

func BenchmarkProse(b *testing.B) { benchmark(b, "prose.txt") }
func BenchmarkJSON(b *testing.B)  { benchmark(b, "log.json") }
func BenchmarkMixed(b *testing.B) { benchmark(b, "mixed.txt") }

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := masking.New(); err != nil {
			b.Fatal(err)
		}
	}
}
