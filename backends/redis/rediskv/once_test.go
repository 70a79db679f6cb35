//go:build unix

package rediskv_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/redis/rediskv"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

// marker begins all keys of the test.
const marker = "sent-once:"

// network loses the answer to one command on a key of the test when it is told
// to: the server has got the command and done it.
type network struct{ lose atomic.Pointer[error] }

func (n *network) dial(ctx context.Context, kind, addr string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, kind, addr)
	return &lossyConn{Conn: conn, network: n}, err
}

type lossyConn struct {
	net.Conn
	network *network
	asked   atomic.Bool
}

func (c *lossyConn) Write(p []byte) (int, error) {
	c.asked.Store(bytes.Contains(p, []byte(marker)))
	return c.Conn.Write(p)
}

func (c *lossyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.asked.Load() {
		return n, err
	}
	if lost := c.network.lose.Swap(nil); lost != nil {
		c.Close()
		return 0, *lost
	}
	return n, err
}

// TestWritesAreSentOnce loses the answer to each kind of write, also with the
// clients of go-redis as they come, which repeat what was not answered.
func TestWritesAreSentOnce(t *testing.T) {
	t.Parallel()
	server, nodes := testservice.Redis(t), testservice.RedisCluster(t)
	var lossy, lossyCluster network
	for _, test := range []struct {
		name    string
		network *network
		client  redis.UniversalClient
	}{
		{"single node", &lossy, redis.NewClient(&redis.Options{Addr: server.Addr, Dialer: lossy.dial})},
		{"cluster", &lossyCluster, redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{nodes[0].Addr}, Dialer: lossyCluster.dial})},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer test.client.Close()
			for _, lost := range []error{net.ErrClosed, os.ErrDeadlineExceeded, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, io.EOF} {
				testSentOnce(t, test.client, test.network, lost)
			}
		})
	}
}

func testSentOnce(t *testing.T, client redis.UniversalClient, n *network, lost error) {
	t.Helper()
	ctx := t.Context()
	driver := newDriver(t, client, rediskv.WithPrefix(marker+rand.Text()))
	if _, err := driver.Set(ctx, "one", "1", 0, false); err != nil {
		t.Fatal(err)
	}
	if _, err := driver.Incr(ctx, "count", 1); err != nil {
		t.Fatal(err)
	}
	held := "held"
	if _, err := driver.Set(ctx, "lock", held, 0, false); err != nil {
		t.Fatal(err)
	}
	if _, err := driver.Delete(ctx, "lock", new("other")); err != nil { // the node knows the script now
		t.Fatal(err)
	}
	for _, write := range []struct {
		name string
		call func() error
		done func() bool
	}{
		{"Incr", func() error { _, err := driver.Incr(ctx, "count", 1); return err }, func() bool { v, _ := driver.Get(ctx, "count"); return v == "2" }},
		{"Set if absent", func() error { _, err := driver.Set(ctx, "new", "x", 0, true); return err }, func() bool { v, _ := driver.Get(ctx, "new"); return v == "x" }},
		{"Set", func() error { _, err := driver.Set(ctx, "one", "2", 0, false); return err }, func() bool { v, _ := driver.Get(ctx, "one"); return v == "2" }},
		{"Delete", func() error { _, err := driver.Delete(ctx, "one", nil); return err }, func() bool { ok, _ := driver.Exists(ctx, "one"); return !ok }},
		{"Delete if value", func() error { _, err := driver.Delete(ctx, "lock", &held); return err }, func() bool { ok, _ := driver.Exists(ctx, "lock"); return !ok }},
	} {
		n.lose.Store(&lost)
		if err := write.call(); !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("%s whose answer is lost (%v): %v; want unavailable", write.name, lost, err)
		}
		if n.lose.Load() != nil || !write.done() {
			t.Errorf("%s whose answer is lost (%v) was not sent exactly once", write.name, lost)
		}
	}
}
