//go:build unix

package rediskv_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

// TestRefusals has Redis refuse writes for reasons that pass. They are
// unavailable, and reads go on, however many writes are refused.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string][2]string{
		"OOM":        {"maxmemory", "1"},
		"NOREPLICAS": {"min-replicas-to-write", "1"},
		"READONLY":   {"replicaof", "127.0.0.1 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := open(t, testservice.Redis(t).URL())
			driver := newDriver(t, client)
			if _, err := driver.Set(t.Context(), "k", "1", 0, false); err != nil {
				t.Fatal(err)
			}
			if name == "READONLY" {
				if err := client.Do(t.Context(), "replicaof", "127.0.0.1", "1").Err(); err != nil {
					t.Fatal(err)
				}
			} else if err := client.ConfigSet(t.Context(), refusal[0], refusal[1]).Err(); err != nil {
				t.Fatal(err)
			}
			for range 10 {
				if _, err := driver.Set(t.Context(), "k", "2", 0, false); !errors.Is(err, cpodkit.CodeUnavailable) {
					t.Errorf("Set = %v, want unavailable", err)
				}
				if _, err := driver.Incr(t.Context(), "k", 1); !errors.Is(err, cpodkit.CodeUnavailable) {
					t.Errorf("Incr = %v, want unavailable", err)
				}
				if got, err := driver.Get(t.Context(), "k"); err != nil || got != "1" {
					t.Errorf("Get = %q, %v", got, err)
				}
			}
		})
	}
}

// A command that the user of Redis may not send is a mistake of whoever set it
// up, and no outage.
func TestForbiddenCommand(t *testing.T) {
	t.Parallel()
	server := testservice.Redis(t)
	admin := open(t, server.URL())
	if err := admin.Do(t.Context(), "acl", "setuser", "reader", "on", ">pw", "~*", "+@read", "+@connection").Err(); err != nil {
		t.Fatal(err)
	}
	driver := newDriver(t, open(t, "redis://reader:pw@"+server.Addr))
	if _, err := driver.Get(t.Context(), "k"); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("Get = %v", err)
	}
	if _, err := driver.Set(t.Context(), "k", "v", 0, false); err == nil || cpodkit.CodeOf(err) != cpodkit.CodeInternal {
		t.Errorf("Set = %v, want an error without a code", err)
	}
}

func TestFailover(t *testing.T) {
	t.Parallel()
	sentinel, master, _ := testservice.RedisSentinel(t)
	client := open(t, sentinelURL(sentinel))
	driver := newDriver(t, client)
	if _, err := driver.Set(t.Context(), "k", "1", 0, false); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Do(t.Context(), "wait", 1, 5000).Int(); err != nil || n != 1 {
		t.Fatalf("%d replicas have it: %v", n, err)
	}
	master.Kill()
	if _, err := driver.Incr(t.Context(), "k", 1); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("Incr without a master = %v, want unavailable", err)
	}
	testservice.Eventually(t, "the new master counts", func() bool {
		sum, err := driver.Incr(t.Context(), "k", 1)
		if err != nil && !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("Incr during the failover: %v", err)
		}
		return err == nil && sum == 2
	})
}

// A Cluster that misses a node serves nothing by default, then all again.
func TestClusterWithoutANode(t *testing.T) {
	t.Parallel()
	nodes := testservice.RedisCluster(t)
	driver := newDriver(t, open(t, clusterURL(nodes)))
	failed := 0
	write := func(i int) error {
		_, err := driver.Set(t.Context(), fmt.Sprint("k", i), "v", 0, false)
		if err != nil && !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("Set: %v", err)
		}
		return err
	}
	all := func() bool {
		failed = 0
		for i := range 20 {
			if write(i) != nil {
				failed++
			}
		}
		return failed == 0
	}
	if !all() {
		t.Fatalf("%d of 20 writes fail", failed)
	}
	nodes[1].Kill()
	testservice.Eventually(t, "writes fail", func() bool { all(); return failed > 0 })
	nodes[1].Start()
	testservice.Eventually(t, "all writes succeed again", all)
}
