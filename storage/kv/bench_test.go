package kv_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/storage/kv"
)

const benchKeys = 1 << 14

// bench runs call in parallel on keys that are there.
func bench(b *testing.B, value string, ttl time.Duration, call func(m *kv.Memory, key string) error) {
	m := kv.NewMemory()
	defer m.Close()
	keys := make([]string, benchKeys)
	for i := range keys {
		keys[i] = "tenant/apps/app/session:" + strconv.Itoa(i)
		if _, err := m.Set(b.Context(), keys[i], value, ttl, false); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	var workers atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := int(workers.Add(7919)); pb.Next(); i++ {
			if err := call(m, keys[i%benchKeys]); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkMemoryGet(b *testing.B) {
	bench(b, "value", time.Hour, func(m *kv.Memory, key string) error {
		_, err := m.Get(b.Context(), key)
		return err
	})
}

func BenchmarkMemorySet(b *testing.B) {
	bench(b, "value", 0, func(m *kv.Memory, key string) error {
		_, err := m.Set(b.Context(), key, "another", 0, false)
		return err
	})
}

// BenchmarkMemorySetNew pays for the budget: every entry goes and comes anew.
func BenchmarkMemorySetNew(b *testing.B) {
	bench(b, "value", 0, func(m *kv.Memory, key string) error {
		if _, err := m.Delete(b.Context(), key, nil); err != nil {
			return err
		}
		_, err := m.Set(b.Context(), key, "another", 0, false)
		return err
	})
}

func BenchmarkMemorySetTTL(b *testing.B) {
	bench(b, "value", time.Hour, func(m *kv.Memory, key string) error {
		_, err := m.Set(b.Context(), key, "another", time.Hour, false)
		return err
	})
}

func BenchmarkMemoryIncr(b *testing.B) {
	bench(b, "1000", 0, func(m *kv.Memory, key string) error {
		_, err := m.Incr(b.Context(), key, 1)
		return err
	})
}

func BenchmarkHandleGet(b *testing.B) {
	store, err := kv.New(kv.NewMemory())
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	h := store.For(identity("t1", "app", "storage.private.*"))
	if err := h.Set(b.Context(), "session:abc", "value", nil); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := h.Get(b.Context(), "session:abc"); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
