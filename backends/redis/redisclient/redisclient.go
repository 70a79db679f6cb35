// Package redisclient opens a connection pool to Redis by URL: a single node,
// Sentinel or Cluster.
package redisclient

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// The time limits of a client unless its URL says otherwise.
const (
	DefaultDialTimeout = 2 * time.Second
	DefaultTimeout     = 3 * time.Second
)

// Open returns a client for a URL of one of these forms. It makes no connection:
// Redis may be down. A URL that is not valid is an error that repeats no part of
// it that may be secret.
//
//	redis://[user:password@]host[:6379][/database]
//	redis+sentinel://[user:password@]host[:26379][,host…]/master[/database]
//	redis+cluster://[user:password@]host[:6379][,host…]
//
// rediss, rediss+sentinel and rediss+cluster speak TLS 1.2 or later, and always
// verify the certificate. User and password are percent-encoded (RFC 3986
// section 2.1), and those of the data nodes. The query may hold:
//
//	ca=FILE               certificates (PEM) of the authorities to trust instead of the system's
//	cert=FILE, key=FILE   the client's own certificate
//	server_name=NAME      the name in the server's certificate, the host's by default
//	dial_timeout=2s       how long a connection may take to be made
//	timeout=3s            how long one read or write may take, and the wait for a free connection
//	pool_size=N           connections per node, 10 for each CPU by default
//	sentinel_username=U, sentinel_password=P
//
// The client sends every command at most once and never repeats it by itself,
// with an exception of go-redis: in a Cluster a command whose answer was lost is
// sent again, unless the command says that it must not be. The drivers of this
// module say so of every write.
func Open(rawURL string) (redis.UniversalClient, error) {
	t, err := parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	maintenance := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	switch t.kind {
	case sentinel:
		return redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: t.master, SentinelAddrs: t.addrs,
			SentinelUsername: t.sentinelUser, SentinelPassword: t.sentinelPassword,
			Username: t.user, Password: t.password, DB: t.database, TLSConfig: t.tls,
			DialTimeout: t.dialTimeout, ReadTimeout: t.timeout, WriteTimeout: t.timeout, ContextTimeoutEnabled: true,
			PoolSize: t.poolSize, PoolTimeout: t.timeout, MaxRetries: -1, DialerRetries: 1, DisableIdentity: true, PipelinePoolSize: -1,
		}), nil
	case cluster:
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: t.addrs, Username: t.user, Password: t.password, TLSConfig: t.tls,
			DialTimeout: t.dialTimeout, ReadTimeout: t.timeout, WriteTimeout: t.timeout, ContextTimeoutEnabled: true,
			PoolSize: t.poolSize, PoolTimeout: t.timeout, DialerRetries: 1, DisableIdentity: true, PipelinePoolSize: -1,
			MaintNotificationsConfig: maintenance,
		}), nil
	default:
		return redis.NewClient(&redis.Options{
			Addr: t.addrs[0], Username: t.user, Password: t.password, DB: t.database, TLSConfig: t.tls,
			DialTimeout: t.dialTimeout, ReadTimeout: t.timeout, WriteTimeout: t.timeout, ContextTimeoutEnabled: true,
			PoolSize: t.poolSize, PoolTimeout: t.timeout, MaxRetries: -1, DialerRetries: 1, DisableIdentity: true, PipelinePoolSize: -1,
			MaintNotificationsConfig: maintenance,
		}), nil
	}
}

// target is what a URL says.
type target struct {
	kind                           kind
	addrs                          []string
	master                         string
	database                       int
	user, password                 string
	sentinelUser, sentinelPassword string
	dialTimeout, timeout           time.Duration
	poolSize                       int
	tls                            *tls.Config
}

type kind int

const (
	single kind = iota
	sentinel
	cluster
)
