package kvtest

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/storage/kv"
)

func TestMain(m *testing.M) {
	mustfail.Repeat("500") // what fails here is meant to
	os.Exit(m.Run())
}

// fails runs a test of the suite in a bubble and fails unless it fails.
func fails(t *testing.T, run func(*suite), driver func() kv.Driver) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		mustfail.Want(t, func(t testing.TB) {
			s := start(t, func(testing.TB) kv.Driver { return driver() })
			s.exact, s.advance = true, waitInBubble
			run(s)
		})
	})
}

// broken is a driver in memory with one call of it replaced.
type broken struct {
	*kv.Memory
	get    func(m *kv.Memory, ctx context.Context, key string) (string, error)
	set    func(m *kv.Memory, ctx context.Context, key, value string, ttl time.Duration, ifAbsent bool) (bool, error)
	delete func(m *kv.Memory, ctx context.Context, key string, ifValue *string) (bool, error)
	incr   func(m *kv.Memory, ctx context.Context, key string, by int64) (int64, error)
}

func (b broken) Get(ctx context.Context, key string) (string, error) {
	if b.get != nil {
		return b.get(b.Memory, ctx, key)
	}
	return b.Memory.Get(ctx, key)
}

func (b broken) Set(ctx context.Context, key, value string, ttl time.Duration, ifAbsent bool) (bool, error) {
	if b.set != nil {
		return b.set(b.Memory, ctx, key, value, ttl, ifAbsent)
	}
	return b.Memory.Set(ctx, key, value, ttl, ifAbsent)
}

func (b broken) Delete(ctx context.Context, key string, ifValue *string) (bool, error) {
	if b.delete != nil {
		return b.delete(b.Memory, ctx, key, ifValue)
	}
	return b.Memory.Delete(ctx, key, ifValue)
}

func (b broken) Incr(ctx context.Context, key string, by int64) (int64, error) {
	if b.incr != nil {
		return b.incr(b.Memory, ctx, key, by)
	}
	return b.Memory.Incr(ctx, key, by)
}

// racy makes the calls in two steps, with others in between.
func racy() map[string]broken {
	return map[string]broken{
		"incr": {incr: func(m *kv.Memory, ctx context.Context, key string, by int64) (int64, error) {
			value, err := m.Get(ctx, key)
			n, parseErr := strconv.ParseInt(value, 10, 64)
			if err == nil && parseErr != nil {
				return 0, cpodkit.CodeConflict
			}
			runtime.Gosched()
			_, err = m.Set(ctx, key, strconv.FormatInt(n+by, 10), 0, false)
			return n + by, err
		}},
		"set if absent": {set: func(m *kv.Memory, ctx context.Context, key, value string, ttl time.Duration, ifAbsent bool) (bool, error) {
			if there, err := m.Exists(ctx, key); ifAbsent && (there || err != nil) {
				return false, err
			}
			runtime.Gosched()
			return m.Set(ctx, key, value, ttl, false)
		}},
		"delete if": {delete: func(m *kv.Memory, ctx context.Context, key string, ifValue *string) (bool, error) {
			if value, err := m.Get(ctx, key); ifValue != nil && (err != nil || value != *ifValue) {
				return false, nil
			}
			runtime.Gosched()
			return m.Delete(ctx, key, nil)
		}},
		"get from a cache": {get: func() func(*kv.Memory, context.Context, string) (string, error) {
			var last sync.Map
			return func(m *kv.Memory, ctx context.Context, key string) (string, error) {
				value, err := m.Get(ctx, key)
				if before, ok := last.Swap(key, value); ok && err == nil {
					return before.(string), nil
				}
				return value, err
			}
		}()},
	}
}

func TestRacesAreSeen(t *testing.T) {
	t.Parallel()
	for name, b := range racy() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fails(t, testLinearizable, func() kv.Driver { b.Memory = kv.NewMemory(); return b })
		})
	}
}

// wrong is wrong in a way that needs no second caller.
func wrong() map[string]broken {
	return map[string]broken{
		"incr drops the ttl": {incr: func(m *kv.Memory, ctx context.Context, key string, by int64) (int64, error) {
			sum, err := m.Incr(ctx, key, by)
			if err == nil {
				_, err = m.Set(ctx, key, strconv.FormatInt(sum, 10), 0, false)
			}
			return sum, err
		}},
		"incr takes leading zeros": {incr: func(m *kv.Memory, ctx context.Context, key string, by int64) (int64, error) {
			if value, err := m.Get(ctx, key); err == nil && value == "01" {
				_, _ = m.Set(ctx, key, "1", 0, false)
			}
			return m.Incr(ctx, key, by)
		}},
		"incr wraps around": {incr: func(m *kv.Memory, ctx context.Context, key string, by int64) (int64, error) {
			value, _ := m.Get(ctx, key)
			sum, err := m.Incr(ctx, key, by)
			if n, parseErr := strconv.ParseInt(value, 10, 64); err != nil && parseErr == nil {
				return n + by, nil
			}
			return sum, err
		}},
		"set keeps the ttl": {set: func(m *kv.Memory, ctx context.Context, key, value string, ttl time.Duration, ifAbsent bool) (bool, error) {
			if left, err := m.TTL(ctx, key); err == nil && ttl == 0 {
				ttl = left
			}
			return m.Set(ctx, key, value, ttl, ifAbsent)
		}},
		"set if absent changes the ttl": {set: func(m *kv.Memory, ctx context.Context, key, value string, ttl time.Duration, ifAbsent bool) (bool, error) {
			stored, err := m.Set(ctx, key, value, ttl, ifAbsent)
			if old, getErr := m.Get(ctx, key); !stored && getErr == nil {
				_, _ = m.Set(ctx, key, old, ttl, false)
			}
			return stored, err
		}},
		"delete if takes a prefix": {delete: func(m *kv.Memory, ctx context.Context, key string, ifValue *string) (bool, error) {
			value, err := m.Get(ctx, key)
			if ifValue != nil && (err != nil || !strings.HasPrefix(value, *ifValue)) {
				return false, nil
			}
			return m.Delete(ctx, key, nil)
		}},
		"an empty value is none": {get: func(m *kv.Memory, ctx context.Context, key string) (string, error) {
			value, err := m.Get(ctx, key)
			if err == nil && value == "" {
				err = cpodkit.CodeNotFound
			}
			return value, err
		}},
		"values end a moment late": {set: func(m *kv.Memory, ctx context.Context, key, value string, ttl time.Duration, ifAbsent bool) (bool, error) {
			if ttl > 0 {
				ttl++
			}
			return m.Set(ctx, key, value, ttl, ifAbsent)
		}},
	}
}

func TestMistakesAreSeen(t *testing.T) {
	t.Parallel()
	for name, b := range wrong() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fails(t, testModel, func() kv.Driver { b.Memory = kv.NewMemory(); return b })
		})
	}
}
