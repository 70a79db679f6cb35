//go:build unix

package rediskv_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediskv"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/kv"
	"github.com/cpodkit/cpodkit/storage/kv/kvtest"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

// open returns a client that ends with the test.
func open(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	client, err := redisclient.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func newDriver(t testing.TB, client redis.UniversalClient, opts ...rediskv.Option) *rediskv.Driver {
	t.Helper()
	driver, err := rediskv.New(client, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

func sentinelURL(sentinel *testservice.Server) string {
	return "redis+sentinel://" + sentinel.Addr + "/" + testservice.SentinelMaster
}

func clusterURL(nodes []*testservice.Server) string {
	addrs := make([]string, len(nodes))
	for i, node := range nodes {
		addrs[i] = node.Addr
	}
	return "redis+cluster://" + strings.Join(addrs, ",")
}

func TestSingleNode(t *testing.T) {
	t.Parallel()
	client := open(t, testservice.RedisURL(t))
	kvtest.Run(t, func(t testing.TB) kv.Driver { return newDriver(t, client) })
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	sentinel, _, _ := testservice.RedisSentinel(t)
	client := open(t, sentinelURL(sentinel))
	kvtest.Run(t, func(t testing.TB) kv.Driver { return newDriver(t, client) })
}

func TestCluster(t *testing.T) {
	t.Parallel()
	client := open(t, clusterURL(testservice.RedisCluster(t)))
	kvtest.Run(t, func(t testing.TB) kv.Driver { return newDriver(t, client) })
}

func TestNamesStayApart(t *testing.T) {
	t.Parallel()
	client := open(t, testservice.Redis(t).URL())
	storagetest.RunKV(t, func(t testing.TB) kv.Driver { return newDriver(t, client) })
}

func TestFlood(t *testing.T) { //nolint:paralleltest // it would starve the others
	client := open(t, testservice.Redis(t).URL())
	storagetest.FloodKV(t, func(t testing.TB) kv.Driver { return newDriver(t, client) }, 0)
}
