package main

import (
	"errors"
	"slices"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

func wireStorage(cfg config, d *data, t *telemetry) ([]cpodkit.Route, error) {
	fileStore, err1 := files.New(d.files,
		files.WithSecret(d.ring.Secret("storage/files")),
		files.WithPublicURL(cfg.publicURL),
		files.WithMaxSize(cfg.maxFileBytes),
		files.WithRevoked(d.revocations.Revoked),
		files.WithTelemetry(t.tracers, t.meters))
	docStore, err2 := documents.New(d.documents,
		documents.WithSecret(d.ring.Secret("storage/documents")),
		documents.WithTelemetry(t.tracers, t.meters))
	kvStore, err3 := kv.New(d.kv, kv.WithTelemetry(t.tracers, t.meters))
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	return slices.Concat(fileStore.Routes(), docStore.Routes(), kvStore.Routes()), nil
}
