package s3files

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"path"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/files"
)

// PresignURL implements [files.Presigner] for GET, and for PUT with
// [UnsafePresignedPutWithoutSizeLimit]. The URL is on the public endpoint, and
// makes a browser save the file rather than show it, for the store sends none of
// the headers that would keep it from running there. A URL for GET does no HEAD.
//
// It is CodeNotSupported without a public endpoint, for other methods, for more
// than 7 days, and when the credentials end before the URL, or may: they are
// temporary and do not say until when.
func (d *Driver) PresignURL(ctx context.Context, name, method string, ttl time.Duration) (string, error) {
	if err := check(name); err != nil {
		return "", err
	}
	if d.public == nil || !d.presigned[method] || ttl < time.Second || ttl > files.MaxURLExpiry {
		return "", cpodkit.CodeNotSupported
	}
	var keys credentials.Value
	var region string
	err := d.do(ctx, func(ctx context.Context) (err error) {
		// Where the region is not known it takes a call, and so may the credentials.
		if region, err = d.core.GetBucketLocation(ctx, d.bucket); err == nil {
			keys, err = d.core.GetCreds()
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if !outlives(keys, time.Now().Add(ttl)) {
		return "", cpodkit.CodeNotSupported
	}
	client, err := minio.New(d.public.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken),
		Secure:       d.public.Scheme == "https",
		Region:       region,
		BucketLookup: d.lookup,
		Transport:    noCalls{},
	})
	if err != nil {
		return "", errors.New("s3files: the public endpoint is no host of a store")
	}
	signed, err := client.Presign(ctx, method, d.bucket, name, ttl, answerHeaders(method, name))
	if err != nil {
		return "", err
	}
	return signed.String(), nil
}

func outlives(keys credentials.Value, end time.Time) bool {
	switch {
	case keys.AccessKeyID == "" || keys.SignerType != credentials.SignatureDefault && !keys.SignerType.IsV4():
		return false
	case keys.Expiration.IsZero():
		return keys.SessionToken == ""
	}
	return keys.Expiration.After(end)
}

// answerHeaders are those that S3 lets a URL choose.
func answerHeaders(method, name string) url.Values {
	if method != http.MethodGet {
		return nil
	}
	disposition := "attachment"
	if full := mime.FormatMediaType(disposition, map[string]string{"filename": path.Base(name)}); full != "" {
		disposition = full
	}
	return url.Values{
		"response-content-disposition": {disposition},
		"response-cache-control":       {"private, no-cache"},
	}
}

// noCalls holds the client of the public endpoint to signing.
type noCalls struct{}

func (noCalls) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("s3files: signing makes no call")
}
