package s3files

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/circuit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
)

// Codes of S3 that minio-go has no error for, or that a caller acts on.
const (
	codeConflictingRequest = "ConditionalRequestConflict"
	codeNoSuchUpload       = "NoSuchUpload"
)

// isDown also takes in a request without an answer whose cause minio-go has put
// into words of its own.
func isDown(err error) bool {
	_, unanswered := errors.AsType[*url.Error](err)
	return unanswered || circuit.IsDown(err)
}

// do makes one call within the time limit.
func (d *Driver) do(ctx context.Context, call func(ctx context.Context) error) error {
	return d.breaker.Do(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, d.limit)
		defer cancel()
		return coded(call(ctx))
	})
}

// change makes a call that changes a file. MinIO makes it wait while others read
// the file: a call without an answer then says nothing of the store, and many of
// them must not cut everybody off. So the store is asked something else.
func (d *Driver) change(ctx context.Context, limit time.Duration, call func(ctx context.Context, w *remotefile.Watch) error) error {
	return d.breaker.Do(ctx, func(ctx context.Context) error {
		attempt, w := remotefile.NewWatch(ctx, limit)
		defer w.Stop()
		err := coded(call(attempt, w))
		if err == nil || ctx.Err() != nil || attempt.Err() == nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, min(limit, time.Second))
		defer cancel()
		if err := coded(d.askForBucket(ctx)); err != nil {
			return fmt.Errorf("no progress within %v: %w", limit, err)
		}
		// With a code it is no verdict on the store.
		return fmt.Errorf("%w: no progress within %v; somebody may be reading the file", cpodkit.CodeUnavailable, limit)
	})
}

// coded gives an answer of the store its code, where callers can act on it.
func coded(err error) error {
	answer, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok {
		return err
	}
	switch answer.Code {
	case minio.NoSuchKey:
		return fmt.Errorf("%w: %w", cpodkit.CodeNotFound, err)
	case minio.NoSuchBucket:
		return fmt.Errorf("s3files: there is no bucket %q", answer.BucketName)
	case codeConflictingRequest:
		return fmt.Errorf("%w: %w", errConflicting, err)
	case codeNoSuchUpload:
		return fmt.Errorf("%w: the upload is gone: %w", cpodkit.CodeUnavailable, err)
	case minio.EntityTooLarge:
		return fmt.Errorf("%w: %w", cpodkit.CodePayloadTooLarge, err)
	}
	switch {
	case answer.StatusCode == http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", cpodkit.CodePreconditionFailed, err)
	case answer.StatusCode >= http.StatusInternalServerError && answer.StatusCode != http.StatusNotImplemented,
		answer.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("%w: the store answers %s (%d): %w", cpodkit.CodeUnavailable, answer.Code, answer.StatusCode, err)
	}
	return fmt.Errorf("s3files: the store answers %s (%d): %w", answer.Code, answer.StatusCode, err)
}

// errConflicting says that another conditional request came in between.
var errConflicting = errors.New("s3files: a conflicting request")
