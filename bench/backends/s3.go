package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/cpodkit/cpodkit/backends/s3/s3files"
	"github.com/cpodkit/cpodkit/storage/files"
)

func s3Pairs(ctx context.Context) ([]pair, func(), error) {
	at, err := variable("CPODKIT_TEST_S3")
	if err != nil {
		return nil, nil, err
	}
	u, err := url.Parse(at)
	if err != nil {
		return nil, nil, err
	}
	secret, _ := u.User.Password()
	client, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(u.User.Username(), secret, ""), MaxRetries: 1,
	})
	if err != nil {
		return nil, nil, err
	}
	done := func() {}
	bucket := "bench-" + strings.ToLower(rand.Text())
	if err := client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{}); err != nil {
		return nil, done, err
	}
	driver, err := s3files.New(client, bucket)
	if err != nil {
		return nil, done, err
	}
	store, err := files.New(driver)
	if err != nil {
		return nil, done, err
	}
	done = func() { store.Close() }
	mine := store.For(identity())
	var pairs []pair
	for _, size := range []struct {
		name  string
		bytes int
	}{{"4 KiB", 4 << 10}, {"16 MiB", 16 << 20}} {
		content := bytes.Repeat([]byte("0123456789abcdef"), size.bytes/16)
		key := strings.ReplaceAll(size.name, " ", "")
		if _, err := mine.Write(ctx, key, bytes.NewReader(content), nil); err != nil {
			return nil, done, err
		}
		name := "acme/apps/shop/" + key
		pairs = append(pairs, pair{
			name: "S3 GET of " + size.name,
			bare: func(ctx context.Context) error {
				object, err := client.GetObject(ctx, bucket, name, minio.GetObjectOptions{})
				if err != nil {
					return err
				}
				return drain(object)
			},
			ours: func(ctx context.Context) error {
				file, err := mine.Open(ctx, key)
				if err != nil {
					return err
				}
				return drain(file)
			},
		})
	}
	return pairs, done, nil
}

func drain(r io.ReadCloser) error {
	_, err := io.Copy(io.Discard, r)
	r.Close()
	return err
}
