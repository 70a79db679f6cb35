package backendtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

func identity() cpodkit.Identity {
	return cpodkit.Identity{
		TenantID: "tenant", AppID: "app",
		Scopes: cpodkit.Scopes{"storage.private.read", "storage.private.write"},
	}
}

// RunKV certifies a key-value driver.
func RunKV(t *testing.T, b Backend[kv.Driver]) {
	t.Helper()
	handle := func(t testing.TB, driver kv.Driver) kv.Handle {
		store, err := kv.New(driver)
		if err != nil {
			t.Fatal(err)
		}
		return store.For(identity())
	}
	Run(t, b, func(t testing.TB, driver kv.Driver) Client {
		h := handle(t, driver)
		return Client{
			Set: func(ctx context.Context, key, value string) error { return h.Set(ctx, key, value, nil) },
			Get: h.Get,
		}
	})
	t.Run("limits", func(t *testing.T) {
		h := pair(t, b, handle)[0]
		largest := strings.Repeat("x", kv.MaxValue)
		wantCode(t, "the largest value", h.Set(t.Context(), "large", largest, nil), "")
		if got, err := h.Get(t.Context(), "large"); err != nil || got != largest {
			t.Errorf("the largest value comes back with %d bytes, %v", len(got), err)
		}
		wantCode(t, "one byte more", h.Set(t.Context(), "large", largest+"x", nil), cpodkit.CodePayloadTooLarge)
	})
	t.Run("time to live", func(t *testing.T) {
		h := pair(t, b, handle)[0]
		for ttl, want := range map[time.Duration]cpodkit.Code{
			time.Millisecond - 1: cpodkit.CodeValidationFailed,
			-time.Second:         cpodkit.CodeValidationFailed,
			time.Minute:          "",
			kv.MaxTTL:            "",
			kv.MaxTTL + 1:        cpodkit.CodeValidationFailed,
		} {
			err := h.Set(t.Context(), "lives", "x", &kv.SetOptions{TTL: ttl})
			if wantCode(t, ttl.String(), err, want); err != nil {
				continue
			}
			if left, err := h.TTL(t.Context(), "lives"); err != nil || left <= ttl-watchdog || left > ttl {
				t.Errorf("of %v %v are left, %v", ttl, left, err)
			}
		}
		wantCode(t, "a millisecond", h.Set(t.Context(), "lives", "x", &kv.SetOptions{TTL: time.Millisecond}), "")
		eventually(t, "the end of a millisecond", func(ctx context.Context) error {
			if there, err := h.Exists(ctx, "lives"); err != nil || there {
				return errors.Join(err, cpodkit.CodeUnavailable)
			}
			return nil
		})
	})
	t.Run("many writers", func(t *testing.T) {
		replicas := pair(t, b, handle)
		var locked atomic.Int32
		storm(t, replicas, func(h kv.Handle, _ int) {
			if _, err := h.Incr(t.Context(), "count", 1); err != nil {
				t.Errorf("incr: %v", err)
			}
			err := h.Set(t.Context(), "lock", "x", &kv.SetOptions{IfAbsent: true})
			if err == nil {
				locked.Add(1)
			} else {
				wantCode(t, "a lock that is held", err, cpodkit.CodePreconditionFailed)
			}
		})
		if got, err := replicas[0].Get(t.Context(), "count"); err != nil || got != fmt.Sprint(stormSize) {
			t.Errorf("the counter is %s, %v; want %d", got, err, stormSize)
		}
		if n := locked.Load(); n != 1 {
			t.Errorf("%d hold the lock", n)
		}
	})
}

// RunDocuments certifies a document driver.
func RunDocuments(t *testing.T, b Backend[documents.Driver]) {
	t.Helper()
	handle := func(t testing.TB, driver documents.Driver) documents.Collection {
		store, err := documents.New(driver)
		if err != nil {
			t.Fatal(err)
		}
		return store.For(identity()).Collection("certified")
	}
	Run(t, b, func(t testing.TB, driver documents.Driver) Client {
		c := handle(t, driver)
		return Client{
			Set: func(ctx context.Context, key, value string) error {
				raw, err := json.Marshal(value)
				if err == nil {
					_, err = c.Set(ctx, key, raw, nil)
				}
				return err
			},
			Get: func(ctx context.Context, key string) (value string, err error) {
				d, err := c.Get(ctx, key)
				if err == nil {
					err = json.Unmarshal(d.Value, &value)
				}
				return value, err
			},
		}
	})
	t.Run("limits", func(t *testing.T) {
		c := pair(t, b, handle)[0]
		largest := []byte(`"` + strings.Repeat("x", documents.MaxValue-2) + `"`)
		_, err := c.Set(t.Context(), "large", largest, nil)
		wantCode(t, "the largest value", err, "")
		if d, err := c.Get(t.Context(), "large"); err != nil || !bytes.Equal(d.Value, largest) {
			t.Errorf("the largest value comes back with %d bytes, %v", len(d.Value), err)
		}
		_, err = c.Set(t.Context(), "large", append([]byte(`"x`), largest[1:]...), nil)
		wantCode(t, "one byte more", err, cpodkit.CodePayloadTooLarge)
	})
	t.Run("version conflict", func(t *testing.T) {
		replicas := pair(t, b, handle)
		first, err := replicas[0].Set(t.Context(), "doc", []byte(`1`), nil)
		wantCode(t, "the first write", err, "")
		_, err = replicas[1].Set(t.Context(), "doc", []byte(`2`), &documents.SetOptions{IfMatch: first.Version})
		wantCode(t, "a write of the version that is there", err, "")
		_, err = replicas[0].Set(t.Context(), "doc", []byte(`3`), &documents.SetOptions{IfMatch: first.Version})
		wantCode(t, "a write of one that was", err, cpodkit.CodePreconditionFailed)
		err = replicas[0].Delete(t.Context(), "doc", &documents.DeleteOptions{IfMatch: first.Version})
		wantCode(t, "a delete of one that was", err, cpodkit.CodePreconditionFailed)
	})
	t.Run("many writers", func(t *testing.T) {
		replicas := pair(t, b, handle)
		if _, err := replicas[0].Set(t.Context(), "count", []byte(`0`), nil); err != nil {
			t.Fatal(err)
		}
		var locked atomic.Int32
		storm(t, replicas, func(c documents.Collection, _ int) {
			if err := increase(t.Context(), c, "count"); err != nil {
				t.Errorf("increase: %v", err)
			}
			_, err := c.Set(t.Context(), "lock", []byte(`0`), &documents.SetOptions{IfAbsent: true})
			if err == nil {
				locked.Add(1)
			} else {
				wantCode(t, "a lock that is held", err, cpodkit.CodePreconditionFailed)
			}
		})
		if d, err := replicas[0].Get(t.Context(), "count"); err != nil || string(d.Value) != fmt.Sprint(stormSize) {
			t.Errorf("the counter is %s, %v; want %d", d.Value, err, stormSize)
		}
		if n := locked.Load(); n != 1 {
			t.Errorf("%d hold the lock", n)
		}
	})
}

// increase adds 1 by compare-and-set until it wins.
func increase(ctx context.Context, c documents.Collection, key string) error {
	for {
		d, err := c.Get(ctx, key)
		if err != nil {
			return err
		}
		var n int
		if err := json.Unmarshal(d.Value, &n); err != nil {
			return err
		}
		_, err = c.Set(ctx, key, fmt.Append(nil, n+1), &documents.SetOptions{IfMatch: d.Version})
		if !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return err
		}
	}
}

// RunFiles certifies a file driver.
func RunFiles(t *testing.T, b Backend[files.Driver]) {
	t.Helper()
	const limit = 6 << 20 // more than one part of a multipart upload
	handle := func(t testing.TB, driver files.Driver) files.Handle {
		store, err := files.New(driver, files.WithMaxSize(limit))
		if err != nil {
			t.Fatal(err)
		}
		return store.For(identity())
	}
	Run(t, b, func(t testing.TB, driver files.Driver) Client {
		h := handle(t, driver)
		return Client{
			Set: func(ctx context.Context, key, value string) error {
				_, err := h.Write(ctx, key, strings.NewReader(value), nil)
				return err
			},
			Get: func(ctx context.Context, key string) (string, error) { return readFile(ctx, h, key) },
		}
	})
	t.Run("limits", func(t *testing.T) {
		h := pair(t, b, handle)[0]
		largest := strings.Repeat("0123456789abcdef", limit/16)
		_, err := h.Write(t.Context(), "large", strings.NewReader(largest), nil)
		wantCode(t, "the largest file", err, "")
		_, err = h.Write(t.Context(), "large", io.MultiReader(strings.NewReader(largest), strings.NewReader("x")), nil)
		wantCode(t, "one byte more", err, cpodkit.CodePayloadTooLarge)
		if got, err := readFile(t.Context(), h, "large"); err != nil || got != largest {
			t.Errorf("the largest file comes back with %d bytes, %v", len(got), err)
		}
	})
	t.Run("version conflict", func(t *testing.T) {
		replicas := pair(t, b, handle)
		first, err := replicas[0].Write(t.Context(), "file", strings.NewReader("1"), nil)
		wantCode(t, "the first write", err, "")
		_, err = replicas[1].Write(t.Context(), "file", strings.NewReader("2"), &files.WriteOptions{IfMatch: first.ETag})
		wantCode(t, "a write of the state that is there", err, "")
		_, err = replicas[0].Write(t.Context(), "file", strings.NewReader("3"), &files.WriteOptions{IfMatch: first.ETag})
		wantCode(t, "a write of one that was", err, cpodkit.CodePreconditionFailed)
	})
	t.Run("many writers", func(t *testing.T) {
		replicas := pair(t, b, handle)
		var locked atomic.Int32
		storm(t, replicas, func(h files.Handle, n int) {
			whole := strings.Repeat(fmt.Sprintf("%04d", n), 1000)
			if _, err := h.Write(t.Context(), "shared", strings.NewReader(whole), nil); err != nil {
				t.Errorf("write: %v", err)
			}
			got, err := readFile(t.Context(), h, "shared")
			if err != nil || got != strings.Repeat(got[:min(4, len(got))], 1000) {
				t.Errorf("a file of many writers is torn: %d bytes, %v", len(got), err)
			}
			_, err = h.Write(t.Context(), "lock", strings.NewReader("x"), &files.WriteOptions{IfAbsent: true})
			if err == nil {
				locked.Add(1)
			} else {
				wantCode(t, "a lock that is held", err, cpodkit.CodePreconditionFailed)
			}
		})
		if n := locked.Load(); n != 1 {
			t.Errorf("%d hold the lock", n)
		}
	})
}

func readFile(ctx context.Context, h files.Handle, key string) (string, error) {
	r, err := h.Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	all, err := io.ReadAll(r)
	return string(all), err
}

// pair opens two drivers on one new system, as two replicas of a server do.
func pair[D, H any](t *testing.T, b Backend[D], handle func(testing.TB, D) H) [2]H {
	t.Helper()
	_, at := b.Start(t, false)
	var handles [2]H
	for i := range handles {
		driver, closeAll, err := b.Open(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := closeAll(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		handles[i] = handle(t, driver)
	}
	return handles
}

// stormSize is how often a storm does its work, all at once.
const stormSize = 64

func storm[H any](t *testing.T, replicas [2]H, work func(h H, n int)) {
	t.Helper()
	inTime(t, "the storm", func() {
		var working sync.WaitGroup
		for n := range stormSize {
			working.Go(func() { work(replicas[n%2], n) })
		}
		working.Wait()
	})
}

func wantCode(t testing.TB, doing string, err error, want cpodkit.Code) {
	t.Helper()
	if got := cpodkit.CodeOf(err); got != want {
		t.Errorf("%s: %v, want %q", doing, err, want)
	}
}
