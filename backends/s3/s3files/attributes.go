package s3files

import (
	"crypto/rand"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/cpodkit/cpodkit/storage/files"
)

// User metadata, without the x-amz-meta- of its headers.
const (
	metaPrefix   = "X-Amz-Meta-"
	metaETag     = "Cpodkit-Etag"
	metaModified = "Cpodkit-Modified" // not with multipart uploads: they begin long before the Put
	metaUntyped  = "Cpodkit-Untyped"  // the file has no content type, S3 gives it one
)

// metadata makes the user metadata of a Put. Its time is left out when that is to
// be the object's own.
func metadata(etag string, modified time.Time, contentType string) map[string]string {
	m := map[string]string{metaETag: etag}
	if !modified.IsZero() {
		m[metaModified] = strconv.FormatInt(modified.UnixMilli(), 10)
	}
	if contentType == "" {
		m[metaUntyped] = "true"
	}
	return m
}

func newETag() string { return rand.Text() }

// attributes describes an object by what a HEAD, a GET, or a list with metadata
// tells of it. Lists and answers agree on all but the fraction of a second.
func attributes(name string, info minio.ObjectInfo) files.Attributes {
	meta := func(key string) string {
		if value, ok := info.UserMetadata[key]; ok {
			return value
		}
		return info.UserMetadata[metaPrefix+key]
	}
	attrs := files.Attributes{
		Name:        name,
		Size:        info.Size,
		ETag:        meta(metaETag),
		ContentType: contentTypeOf(info),
		ModTime:     info.LastModified.UTC().Truncate(time.Second),
	}
	if !validETag(attrs.ETag) {
		attrs.ETag = info.ETag
	}
	if ms, err := strconv.ParseInt(meta(metaModified), 10, 64); err == nil {
		attrs.ModTime = time.UnixMilli(ms).UTC()
	}
	if meta(metaUntyped) != "" {
		attrs.ContentType = ""
	}
	return attrs
}

// contentTypeOf finds the content type in the header of an answer, or in the
// metadata of a list.
func contentTypeOf(info minio.ObjectInfo) string {
	if info.ContentType != "" {
		return info.ContentType
	}
	for key, value := range info.UserMetadata {
		if strings.EqualFold(key, "Content-Type") {
			return value
		}
	}
	return ""
}

// validETag refuses what this package has not made.
func validETag(etag string) bool {
	return len(etag) >= 26 && len(etag) <= 64 &&
		strings.Trim(etag, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}
