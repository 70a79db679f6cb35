package s3files

import (
	"context"
	"errors"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/minio/minio-go/v7"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

const (
	maxKeys = 1000 // of one request

	// statsAtOnce is how many files of a page are asked for their attributes at a
	// time, where the list does not tell them.
	statsAtOnce = 16
)

// List implements [files.Driver]. S3 lists no content types; MinIO does when it is
// asked to, and any other store is asked for each file by a request of its own.
func (d *Driver) List(ctx context.Context, q files.ListQuery) (files.Listing, error) {
	if err := q.Check(); err != nil {
		return files.Listing{}, err
	}
	if err := ctx.Err(); err != nil {
		return files.Listing{}, err
	}
	for {
		if q.After > q.Prefix && !strings.HasPrefix(q.After, q.Prefix) {
			return files.Listing{}, nil // all that has the prefix sorts before
		}
		entries, err := d.entries(ctx, q)
		if err != nil {
			return files.Listing{}, err
		}
		var page files.Listing
		if len(entries) > q.Limit {
			entries = entries[:q.Limit]
			page.Next = entries[q.Limit-1].Key
		}
		if err := d.describe(ctx, entries, &page); err != nil {
			return files.Listing{}, err
		}
		if len(page.Items)+len(page.Prefixes) > 0 || page.Next == "" {
			return page, nil
		}
		q.After = page.Next // all of them are gone by now
	}
}

// isFolded tells a folded prefix from a file.
func isFolded(info minio.ObjectInfo) bool { return strings.HasSuffix(info.Key, "/") }

// entries returns the first files and folded prefixes in order, one more than the
// limit where there is one.
func (d *Driver) entries(ctx context.Context, q files.ListQuery) ([]minio.ObjectInfo, error) {
	prefix, ok := d.listable(q.Prefix)
	if !ok {
		return nil, nil
	}
	var entries []minio.ObjectInfo
	err := d.do(ctx, func(ctx context.Context) error {
		entries = entries[:0]
		var answers atomic.Int64
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() { answers.Add(1) }})
		opts := minio.ListObjectsOptions{
			Prefix:       prefix,
			Recursive:    q.Delimiter == "",
			StartAfter:   startAfter(q, prefix),
			MaxKeys:      min(q.Limit+2, maxKeys), // After itself may come again
			WithMetadata: !d.amazon,
			FetchOwner:   new(bool),
		}
		// An answer has first the files and then the prefixes, so that only whole
		// ones are in order.
		answer, inAnswer := int64(0), 0
		for info := range d.core.ListObjectsIter(ctx, d.bucket, opts) {
			if info.Err != nil {
				return info.Err
			}
			if now := answers.Load(); now != answer {
				if len(entries) > q.Limit {
					break
				}
				answer, inAnswer = now, 0
			}
			if info.Key > q.Prefix && !strings.HasPrefix(info.Key, q.Prefix) {
				break // the store was asked for a shorter one
			}
			if wanted(q, info.Key) {
				entries = append(entries, info)
			}
			if inAnswer++; inAnswer == opts.MaxKeys && len(entries) > q.Limit {
				break
			}
		}
		return ctx.Err()
	})
	slices.SortFunc(entries, func(a, b minio.ObjectInfo) int { return strings.Compare(a.Key, b.Key) })
	return entries[:min(len(entries), q.Limit+1)], err
}

// listable returns the prefix that the store can be asked for, and false when
// nothing can have the one that is wanted.
func (d *Driver) listable(prefix string) (string, bool) {
	end, found := remotefile.DotSegment(prefix)
	switch {
	case d.layered || !found:
		return prefix, true
	case end < len(prefix):
		return "", false
	}
	return prefix[:strings.LastIndexAny(prefix, `/\`)+1], true // longer names may begin so
}

// wanted leaves out what another program has put there and no file can be called:
// a folder's marker for one.
func wanted(q files.ListQuery, key string) bool {
	if !strings.HasPrefix(key, q.Prefix) || key <= q.After {
		return false
	}
	if q.Delimiter == "" && strings.HasSuffix(key, "/") {
		return false
	}
	return key != q.Prefix && files.CheckName(strings.TrimSuffix(key, "/")) == nil ||
		key == q.Prefix && !strings.HasSuffix(key, "/")
}

// startAfter spares the store what the query leaves out anyway: it may say too
// little, and never too much.
func startAfter(q files.ListQuery, asked string) string {
	after := q.After
	if !strings.HasPrefix(after, q.Prefix) { // it sorts before the prefix
		if asked == q.Prefix {
			return "" // MinIO lists nothing behind what lacks the prefix
		}
		return storage.JustBefore(q.Prefix)
	}
	if q.Delimiter != "" {
		if head, _, folded := strings.Cut(after[len(q.Prefix):], q.Delimiter); folded {
			after = q.Prefix + head + q.Delimiter + string(unicode.MaxRune)
		}
	}
	for len(after) > maxName {
		_, size := utf8.DecodeLastRuneInString(after)
		after = after[:len(after)-size]
	}
	return after
}

// describe fills page with the entries that are still there.
func (d *Driver) describe(ctx context.Context, entries []minio.ObjectInfo, page *files.Listing) error {
	attrs := make([]files.Attributes, len(entries))
	found := make(chan error, len(entries))
	running := make(chan struct{}, statsAtOnce)
	for i, info := range entries {
		switch {
		case isFolded(info):
			found <- nil
		case len(info.UserMetadata) > 0:
			attrs[i] = attributes(info.Key, info)
			found <- nil
		default:
			running <- struct{}{}
			go func() {
				defer func() { <-running }()
				got, err := d.Stat(ctx, info.Key)
				if attrs[i] = got; errors.Is(err, cpodkit.CodeNotFound) {
					err = nil
				}
				found <- err
			}()
		}
	}
	var err error
	for range entries {
		if e := <-found; e != nil && err == nil {
			err = e
		}
	}
	for i, info := range entries {
		if isFolded(info) {
			page.Prefixes = append(page.Prefixes, info.Key)
		} else if attrs[i].Name != "" {
			page.Items = append(page.Items, attrs[i])
		}
	}
	return err
}
