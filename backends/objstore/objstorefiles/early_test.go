package objstorefiles_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thanos-io/objstore"

	"github.com/cpodkit/cpodkit/storage/files"
)

// early is a bucket whose uploads fail while the body is still being read, as they
// do where net/http gets an early answer.
type early struct {
	objstore.Bucket

	reads *sync.WaitGroup
}

func (b early) Upload(_ context.Context, _ string, body io.Reader, _ ...objstore.ObjectUploadOption) error {
	began := make(chan struct{})
	b.reads.Go(func() {
		piece := make([]byte, 4<<10)
		_, err := body.Read(piece)
		for close(began); err == nil; {
			_, err = body.Read(piece)
		}
	})
	<-began
	return errors.New("refused")
}

// The memory of a body is not given to the next one while it is read. The race
// detector tells.
func TestEarlyAnswers(t *testing.T) {
	t.Parallel()
	var reads, puts sync.WaitGroup
	d := newDriver(t, early{objstore.NewInMemBucket(), &reads})
	for range 8 {
		puts.Go(func() {
			for range 4 {
				body := strings.NewReader(strings.Repeat("x", 2<<20))
				if _, err := d.Put(t.Context(), "a", body, files.PutOptions{}); err == nil {
					t.Error("Put succeeds")
				}
			}
		})
	}
	puts.Wait()
	reads.Wait()
}

// slow is a bucket that takes a second to tell whether there is an object.
type slow struct{ objstore.Bucket }

func (slow) Provider() objstore.ObjProvider { return objstore.S3 }

func (slow) Exists(ctx context.Context, _ string) (bool, error) {
	select {
	case <-time.After(time.Second):
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// Many folders take long, which says nothing of the store.
func TestPutBelowManyFolders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, slow{objstore.NewInMemBucket()})
		put(t, d, strings.Repeat("a/", 350)+"a", "x")
	})
}
