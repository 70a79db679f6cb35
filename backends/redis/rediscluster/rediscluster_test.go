//go:build unix

package rediscluster_test

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediscluster"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/cluster/clustertest"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

func newDriver(t testing.TB, client redis.UniversalClient, opts ...rediscluster.Option) cluster.Driver {
	t.Helper()
	driver, err := rediscluster.New(client, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

// system has a client for each replica, as servers do.
func system(url string) func(testing.TB) clustertest.Replica {
	return func(t testing.TB) clustertest.Replica {
		return func() cluster.Driver { return newDriver(t, open(t, url)) }
	}
}

func TestSingleNode(t *testing.T) {
	t.Parallel()
	clustertest.Run(t, system(testservice.RedisURL(t)))
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	sentinel, _, _ := testservice.RedisSentinel(t)
	clustertest.Run(t, system(sentinelURL(sentinel)))
}

func sentinelURL(sentinel *testservice.Server) string {
	return "redis+sentinel://" + sentinel.Addr + "/" + testservice.SentinelMaster
}

func TestCluster(t *testing.T) {
	t.Parallel()
	nodes := testservice.RedisCluster(t)
	clustertest.Run(t, system("redis+cluster://"+nodes[0].Addr+","+nodes[1].Addr+","+nodes[2].Addr))
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	if _, err := rediscluster.New(nil); err == nil {
		t.Error("New takes no client")
	}
	client := open(t, "redis://127.0.0.1:1")
	for _, prefix := range []string{"{", "}", "a{b}:"} {
		if _, err := rediscluster.New(client, rediscluster.WithPrefix(prefix)); err == nil {
			t.Errorf("New takes the prefix %q", prefix)
		}
	}
}
