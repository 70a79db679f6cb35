package storagetest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

func TestFloodsInMemory(t *testing.T) {
	t.Parallel()
	FloodDocuments(t, func(testing.TB) documents.Driver { return documents.NewMemory() })
	FloodFiles(t, func(testing.TB) files.Driver { return files.NewMemory() })
	const room = 32 << 20
	FloodKV(t, func(t testing.TB) kv.Driver {
		m, err := kv.NewMemoryOf(room)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}, room)
}

// lane lets one call through after the other, in the order in which they come.
type lane chan struct{}

func (l lane) pass(ctx context.Context, takes time.Duration) error {
	select {
	case l <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	<-time.After(takes)
	<-l
	return nil
}

// laneDocuments knows no tenants: who comes first is served first.
type laneDocuments struct {
	*documents.Memory
	lane
}

func (d laneDocuments) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	errs := make([]error, len(ops))
	if err := d.pass(ctx, time.Duration(len(ops))*time.Millisecond); err != nil {
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	return d.Memory.Apply(ctx, in, ops)
}

func (d laneDocuments) Get(ctx context.Context, in documents.CollectionID, key string) (documents.Record, error) {
	if err := d.pass(ctx, time.Millisecond); err != nil {
		return documents.Record{}, err
	}
	return d.Memory.Get(ctx, in, key)
}

func (d laneDocuments) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	if err := d.pass(ctx, time.Millisecond); err != nil {
		return nil, err
	}
	return d.Memory.Query(ctx, in, q)
}

// bucketKV holds so many bytes, for whoever comes first.
type bucketKV struct {
	*kv.Memory
	mu   sync.Mutex
	left int
}

func (d *bucketKV) Set(ctx context.Context, key, value string, ttl time.Duration, ifAbsent bool) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left -= len(value); d.left < 0 {
		return false, cpodkit.CodeUnavailable
	}
	return d.Memory.Set(ctx, key, value, ttl, ifAbsent)
}

// doorFiles lets in so many open files, whoever's they are.
type doorFiles struct {
	files.Driver
	door chan struct{}
}

func (d doorFiles) Open(ctx context.Context, name string) (files.Object, error) {
	select {
	case d.door <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	<-time.After(100 * time.Millisecond)
	object, err := d.Driver.Open(ctx, name)
	return doorObject{object, d.door}, err
}

type doorObject struct {
	files.Object
	door chan struct{}
}

func (o doorObject) Close() error {
	<-o.door
	return o.Object.Close()
}

// A driver without shares is found, in fake time.
func TestFloodsFindADriverWithoutShares(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flood func(testing.TB)
		want  string
	}{
		"documents": {func(t testing.TB) { floodDocuments(t, laneDocuments{documents.NewMemory(), make(lane, 1)}) }, "of another tenant"},
		"kv":        {func(t testing.TB) { floodKV(t, &bucketKV{Memory: kv.NewMemory(), left: 4 << 20}, 4<<20) }, "of another tenant"},
		"kv, in half": {func(t testing.TB) {
			floodKV(t, &bucketKV{Memory: kv.NewMemory(), left: 64 << 20}, 4<<20)
		}, "an eighth is its share"},
		"files": {func(t testing.TB) { floodFiles(t, doorFiles{files.NewMemory(), make(chan struct{}, 1000)}) }, "of another tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				said := mustfail.Run(t, c.flood)
				if !strings.Contains(strings.Join(said, "\n"), c.want) {
					t.Errorf("the suite says %q, want %q", said, c.want)
				}
			})
		})
	}
}
