package main

import (
	"context"
	"fmt"

	"github.com/cpodkit/cpodkit/backends/docstore/flagstore"
	"github.com/cpodkit/cpodkit/flags"
)

const flagsVariable = "CPOD_FLAGS"

// flagsPart is feature flags: each tenant's own, in the database, or the installation's,
// in a file.
func flagsPart(s *settings) part {
	url := s.backend(flagsVariable, "db:",
		"feature flags: `db:`, where each tenant keeps its own by API, or `file:/path`, a file or a folder of `.json` files in flagd's format "+
			"for all tenants; of two flags with one key that of the later file name holds", "db", "file")
	if scheme(url) == "file" && pathOf(url, "") == "" {
		s.fail(flagsVariable, "want the path of a file or a folder, such as file:/etc/cpod/flags.json")
	}
	return part{open: func(ctx context.Context, h *house) (opened, error) {
		source, err := openFlags(ctx, h, url)
		if err != nil {
			return opened{}, fmt.Errorf("%s: %w", flagsVariable, err)
		}
		all, err := flags.New(source,
			flags.WithSecret(h.ring.Secret("flags")), flags.WithPublicURL(h.publicURL), flags.WithLog(h.log),
			flags.WithTelemetry(h.telemetry.tracers, h.telemetry.meters))
		if err != nil {
			return opened{}, err
		}
		return opened{
			routes: all.Routes(),
			ready:  []dependency{{"flags", all, true}}, // the last good ones go on
			run:    []func(context.Context){all.Run},
		}, nil
	}}
}

func openFlags(ctx context.Context, h *house, url string) (flags.Source, error) {
	if scheme(url) == "file" {
		return flags.NewFile(ctx, pathOf(url, ""), flags.WithFileLog(h.log))
	}
	opts := []flagstore.Option{flagstore.WithLog(h.log)}
	if h.cluster != nil {
		opts = append(opts, flagstore.WithNotices(h.cluster.Topic("flags")))
	}
	return flagstore.New(h.db, opts...)
}
