package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/backends/s3/s3files"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/storage/files"
)

// filesPart is files.
func filesPart(s *settings) part {
	const name = "CPOD_FILES"
	url := s.backend(name, "file:", "files: `file:` (in the data directory), `file:/path`, or `s3://bucket?endpoint=…`", "file", "s3")
	maxBytes := s.bytes("CPOD_MAX_FILE_BYTES", "0", "the largest file, in bytes; a larger one is 413; 0 for no limit")
	p := part{name: "files", data: func(_ context.Context, h *house) (data, error) {
		driver, err := openFiles(h, name, url, localfiles.BesideOwner())
		if err != nil {
			return nil, err
		}
		h.onClose(driver.Close)
		return files.New(driver)
	}, open: func(_ context.Context, h *house) (opened, error) {
		driver, err := openFiles(h, name, url)
		if err != nil {
			return opened{}, err
		}
		return serveFiles(h, driver, files.WithMaxSize(maxBytes))
	}}
	if isLocal(url) {
		p.alone, p.variable = "files are this server's own: run one server only, or set CPOD_FILES", name
	}
	return p
}

func openFiles(h *house, name, url string, opts ...localfiles.Option) (files.Driver, error) {
	if !isLocal(url) {
		bucket, err := s3files.Open(url)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return bucket, nil
	}
	path := pathOf(url, "")
	if path == "" {
		if err := h.makeDataDir(); err != nil {
			return nil, err
		}
		path = filepath.Join(h.dataDir, "files")
	}
	return localfiles.Open(path, append(opts, localfiles.KeepFree(h.keepFree))...)
}

func serveFiles(h *house, driver files.Driver, opts ...files.Option) (opened, error) {
	h.onClose(driver.Close)
	store, err := files.New(driver, append(opts,
		files.WithSecret(h.ring.Secret("storage/files")),
		files.WithPublicURL(h.publicURL),
		files.WithGate(h.gate),
		files.WithURLMiddleware(h.shareRequests),
		files.WithQuota(h.quota),
		files.WithRevoked(func(ctx context.Context, maker files.URLMaker) (bool, error) {
			return h.oauth.Ended(ctx, oauth.Credential(maker))
		}),
		files.WithTelemetry(h.telemetry.tracers, h.telemetry.meters))...)
	if err != nil {
		return opened{}, err
	}
	h.counted = append(h.counted, namedData{"files", store})
	return opened{routes: store.Routes(), ready: []dependency{{"files", driver, false}}}, nil
}
