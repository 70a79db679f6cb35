package masking_test

import (
	"bytes"
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

// BenchmarkSeed masks the object of the seed.
func BenchmarkSeed(b *testing.B) {
	m := newMasker(b)
	v := any(map[string]any{"name": "Alice Smith", "email": "alice@example.com", "ssn": "123-45-6789"})
	b.ReportAllocs()
	for b.Loop() {
		m.Mask(v)
	}
}

func BenchmarkSeedJSON(b *testing.B) {
	m := newMasker(b)
	text, dst := []byte(`{"name":"Alice Smith","email":"alice@example.com","ssn":"123-45-6789"}`), make([]byte, 0, 256)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = m.MaskJSON(dst[:0], text)
	}
}

// BenchmarkMaskJSON masks the lines of the log one by one.
func BenchmarkMaskJSON(b *testing.B) {
	m := newMasker(b)
	text, err := os.ReadFile(filepath.Join("..", "bench", "masking", "log.json"))
	if err != nil {
		b.Fatal(err)
	}
	lines, dst := bytes.Split(bytes.TrimSpace(text), []byte("\n")), make([]byte, 0, 4096)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for _, line := range lines {
			if dst, err = m.MaskJSON(dst[:0], line); err != nil {
				b.Fatal(err)
			}
		}
	}
}
