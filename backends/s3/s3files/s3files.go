// Package s3files is a files driver on Amazon S3 and on the stores that speak its
// protocol, such as MinIO.
//
// A file is one object, whose key is the file's name. Its bytes are the file's
// and its Content-Type is the file's; two headers of user metadata keep what S3
// has no place for:
//
//	x-amz-meta-cpodkit-etag       the ETag, new with every Put
//	x-amz-meta-cpodkit-modified   the time of the Put, in milliseconds of Unix time
//
// An object without them, put there by something else, is a file too: its ETag
// is that of S3, which is made of the content and comes back with it.
//
// # What S3 makes of the contract
//
// Conditions are the store's own (If-Match, If-None-Match), also at the end of a
// multipart upload, and hold across any number of servers. They compare S3's
// ETag, so the driver sees to it that a conditional Put changes it even when the
// bytes stay the same. One gap is left: another Put can go unnoticed when it stores
// the very bytes again that were there, in the moment between the driver's look at
// the file and its write.
//
// An open file that is read from start to end, or sought in a bucket with
// versioning, is read as it was when it was opened. In a bucket without
// versioning a seek after the file was replaced is an error, CodeUnavailable;
// bytes of two Puts never mix.
//
// MinIO takes an object at "a" beside one at "a/b", and then hides the second from
// lists. So before a Put makes a new file the driver looks for files above and
// below it, and says CodeConflict; two servers that make such files in the same
// moment can still both succeed. Amazon S3 holds both, and there nothing is looked for.
//
// MinIO takes no name with a segment that is "." or ".." once a backslash separates
// segments too and blanks around them are cut off, such as `a\..`. A Put of one
// is CodeConflict. Also on MinIO, a Put or Delete waits for those who are reading the file; it gives up
// with CodeUnavailable after the time limit.
//
// A Put whose answer is lost may have been done: CodeUnavailable is no promise
// that nothing was stored. A process that is killed can leave the parts of an
// upload behind. They show nowhere, but cost money until a lifecycle rule of the
// bucket removes them (AbortIncompleteMultipartUpload; MinIO does it by itself
// after a day).
package s3files

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/circuit"
	"github.com/cpodkit/cpodkit/backends/internal/queryslots"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
	"github.com/cpodkit/cpodkit/storage/files"
)

const (
	// DefaultTimeLimit is how long the store may leave a call without any
	// progress.
	DefaultTimeLimit = circuit.DefaultTimeLimit

	// DefaultPartSize is the size of the parts of large files, in bytes. With it a
	// file may have up to 80 GiB.
	DefaultPartSize = 8 << 20

	minPartSize = 5 << 20
	maxPartSize = 5 << 30
	maxParts    = 10_000 // of one object, and so are the limits of a part S3's
)

// Driver is a [files.Driver] and a [files.Presigner]. It is safe for concurrent
// use.
type Driver struct {
	core      minio.Core
	bucket    string
	breaker   *circuit.Breaker
	limit     time.Duration
	partSize  int
	layered   bool // holds files above and below each other
	amazon    bool
	public    *url.URL
	lookup    minio.BucketLookupType
	presigned map[string]bool // the methods that are
	transport *http.Transport // nil when the client was given
	memory    remotefile.Pool
	paths     remotefile.Paths
	downloads *queryslots.Slots
}

var (
	_ files.Driver    = (*Driver)(nil)
	_ files.Presigner = (*Driver)(nil)
	_ cpodkit.Pinger  = (*Driver)(nil)
)

type config struct {
	limit          time.Duration
	partSize       int64
	layered        bool
	public         *url.URL
	lookup         minio.BucketLookupType
	presignPut     bool
	plainHTTP      bool
	endpoint       *url.URL
	region         string
	caFile         string
	credentials    *credentials.Credentials
	optionProblems []error
}

// Option configures [Open] and [New].
type Option func(*config)

func (c *config) problem(format string, args ...any) {
	c.optionProblems = append(c.optionProblems, fmt.Errorf("s3files: "+format, args...))
}

// WithTimeLimit sets how long the store may leave a call without any progress
// before it fails as CodeUnavailable: until the first byte of an answer, and for
// each read or part of one after that. [DefaultTimeLimit] by default.
func WithTimeLimit(limit time.Duration) Option {
	return func(c *config) {
		if c.limit = limit; limit <= 0 {
			c.problem("the time limit %v is not positive", limit)
		}
	}
}

// WithPartSize sets the size of the parts of large files in bytes, 5 MiB to
// 5 GiB; [DefaultPartSize] by default. A smaller file is stored by one request. A
// file may have 10,000 parts, more is CodePayloadTooLarge; each upload under way
// takes memory for two.
func WithPartSize(bytes int64) Option {
	return func(c *config) {
		// Each upload adds some bytes: see upload.
		if c.partSize = bytes; bytes < minPartSize || bytes > maxPartSize-partSizeSpread {
			c.problem("a part has 5 MiB to 5 GiB, not %d bytes", bytes)
		}
	}
}

// WithPublicEndpoint sets the URL under which clients outside reach the store,
// such as "https://files.example.com", and makes the driver sign URLs for it.
// Without it only a driver that [Open] has opened on Amazon's own endpoint signs.
// Plain http is for loopback, or needs [WithUnencryptedHTTP].
func WithPublicEndpoint(endpoint string) Option {
	return func(c *config) { c.public = c.endpointURL("public endpoint", endpoint) }
}

// WithFilesBesideFolders says that the store shows a file "a" and a file "a/b"
// beside each other, as Amazon S3 does without being told. Then a Put does not look
// for such files first, which saves requests. Not for MinIO, which would hide the
// second.
func WithFilesBesideFolders() Option { return func(c *config) { c.layered = true } }

// UnsafePresignedPutWithoutSizeLimit makes the driver sign URLs for PUT, not for
// GET alone. S3 cannot bind such a URL to a size: whoever has it may store up to
// 5 GiB, past the limit of files.WithMaxSize, at any time until it expires, and
// beside files that it then hides (on MinIO). Without this option a
// [files.Store] signs URLs for PUT itself, and its limits hold.
func UnsafePresignedPutWithoutSizeLimit() Option { return func(c *config) { c.presignPut = true } }

// New returns a driver on a bucket of client. Closing the driver leaves the client
// open. The client should be made with MaxRetries: 1, for the retries of minio-go
// take long while the store is down and can undo what a condition promises. New
// makes no call; [Driver.Ping] tells whether the store and the bucket are there.
func New(client *minio.Client, bucket string, opts ...Option) (*Driver, error) {
	if client == nil {
		return nil, errors.New("s3files: the client is nil")
	}
	c := newConfig(opts)
	if c.credentials != nil {
		c.problem("WithCredentials is for Open: the client has credentials already")
	}
	return c.driver(client, bucket)
}

func newConfig(opts []Option) *config {
	c := &config{limit: DefaultTimeLimit, partSize: DefaultPartSize}
	for _, opt := range opts {
		opt(c)
	}
	return c
}

func (c *config) driver(client *minio.Client, bucket string) (*Driver, error) {
	if err := s3utils.CheckValidBucketNameStrict(bucket); err != nil {
		c.problem("the bucket: %w", err)
	}
	c.checkEncrypted("public endpoint", c.public)
	if len(c.optionProblems) > 0 {
		return nil, c.optionProblems[0]
	}
	amazon := s3utils.IsAmazonEndpoint(*client.EndpointURL())
	return &Driver{
		core:      minio.Core{Client: client},
		bucket:    bucket,
		breaker:   circuit.New("store of files", circuit.WithTimeLimit(0), circuit.WithIsDown(isDown)),
		limit:     c.limit,
		partSize:  int(c.partSize),
		layered:   c.layered || amazon,
		amazon:    amazon,
		public:    c.public,
		lookup:    c.lookup,
		presigned: map[string]bool{http.MethodGet: true, http.MethodPut: c.presignPut},
		downloads: queryslots.NewHeld(maxConns),
	}, nil
}

// Close implements [files.Driver]. A client that was given to [New] stays open.
func (d *Driver) Close() error {
	if d.transport != nil {
		d.transport.CloseIdleConnections()
	}
	return nil
}

// Ping implements [cpodkit.Pinger]: it asks for the bucket.
func (d *Driver) Ping(ctx context.Context) error { return d.do(ctx, d.askForBucket) }

func (d *Driver) askForBucket(ctx context.Context) error {
	there, err := d.core.BucketExists(ctx, d.bucket)
	if err == nil && !there {
		err = fmt.Errorf("s3files: there is no bucket %q", d.bucket)
	}
	return err
}
