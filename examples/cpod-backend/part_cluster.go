package main

import (
	"context"
	"fmt"

	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/redis/rediscluster"
	"github.com/cpodkit/cpodkit/cluster"
)

// clusterPart is what connects the servers of an installation. One that is alone
// needs nothing.
func clusterPart(s *settings) part {
	const name = "CPOD_CLUSTER"
	url := s.backend(name, "memory:", "what replicas tell each other: `memory:`, or a Redis as in `CPOD_KV`", memoryOrRedis()...)
	if isLocal(url) {
		return part{
			alone:    "servers on this database cannot tell each other what they revoke, so each request looks it up: set CPOD_CLUSTER",
			variable: name,
			open:     func(context.Context, *house) (opened, error) { return opened{}, nil },
		}
	}
	return part{open: func(_ context.Context, h *house) (opened, error) {
		client, err := h.redis(name, url)
		if err != nil {
			return opened{}, err
		}
		driver, err := rediscluster.New(client)
		if err != nil {
			return opened{}, fmt.Errorf("%s: %w", name, err)
		}
		h.cluster, err = cluster.New(driver, cluster.WithTelemetry(h.telemetry.tracers, h.telemetry.meters))
		if err != nil {
			return opened{}, err
		}
		h.onClose(h.cluster.Close)
		return opened{ready: []dependency{{"cluster", driver, true}}}, nil
	}}
}

// revocationOptions says how servers on one database learn what another one
// revokes.
func (h *house) revocationOptions() []authz.RevocationsOption {
	switch {
	case !h.isShared:
		return nil
	case h.cluster == nil:
		return []authz.RevocationsOption{authz.WithSharedStore()}
	}
	return []authz.RevocationsOption{authz.WithChannel(h.cluster.Topic("revocations"))}
}

// followRevocations has a running server refuse what another one revokes, also
// while its last requests finish.
func (h *house) followRevocations(ctx context.Context) {
	if err := h.revocations.Follow(ctx); err != nil && ctx.Err() == nil {
		h.log.Error("what other servers revoke is not followed; each request looks it up", "error", err)
	}
}
