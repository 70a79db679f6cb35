package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/redis/rediscluster"
	"github.com/cpodkit/cpodkit/cluster"
)

// openCluster opens what connects the servers of an installation. One that is
// alone needs nothing.
func (d *data) openCluster(cfg config, t *telemetry) error {
	if isLocal(cfg.cluster) {
		return nil
	}
	client, err := d.redis("CPOD_CLUSTER", cfg.cluster)
	if err != nil {
		return err
	}
	if d.clusterDriver, err = rediscluster.New(client); err != nil {
		return fmt.Errorf("CPOD_CLUSTER: %w", err)
	}
	d.cluster, err = cluster.New(d.clusterDriver, cluster.WithTelemetry(t.tracers, t.meters))
	if err != nil {
		return err
	}
	d.closers = append(d.closers, d.cluster.Close)
	return nil
}

// revocationOptions says how servers on one database learn what another one
// revokes.
func (d *data) revocationOptions() []authz.RevocationsOption {
	switch {
	case !d.isShared:
		return nil
	case d.cluster == nil:
		return []authz.RevocationsOption{authz.WithSharedStore()}
	}
	return []authz.RevocationsOption{authz.WithChannel(d.cluster.Topic("revocations"))}
}

// followRevocations has a running server refuse what another one revokes, also
// while its last requests finish.
func followRevocations(ctx context.Context, d *data, log *slog.Logger) {
	d.background(context.WithoutCancel(ctx), func(ctx context.Context) {
		if err := d.revocations.Follow(ctx); err != nil && ctx.Err() == nil {
			log.Error("what other servers revoke is not followed; each request looks it up", "error", err)
		}
	})
}
