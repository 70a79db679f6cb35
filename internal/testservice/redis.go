//go:build unix

package testservice

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// SentinelMaster is the name of the master that [RedisSentinel] watches.
const SentinelMaster = "main"

// RedisSentinel starts a master, a replica of it, and a Sentinel that makes the
// replica the master when the master has been gone for half a second.
func RedisSentinel(t testing.TB) (sentinel, master, replica *Server) {
	t.Helper()
	master = Redis(t, WithArgs("--repl-diskless-sync-delay", "0"))
	host, port := hostPort(t, master.Addr)
	replica = Redis(t, WithArgs("--replicaof", host, port))
	replica.await("INFO replication", "master_link_status:up")
	s, _ := newServer(t, redisServer, nil)
	_, own := hostPort(t, s.Addr)
	file := filepath.Join(s.dir, "sentinel.conf")
	s.must(os.WriteFile(file, []byte(strings.Join([]string{
		"bind " + host, "port " + own, "dir " + s.dir,
		fmt.Sprintf("sentinel monitor %s %s %s 1", SentinelMaster, host, port),
		"sentinel down-after-milliseconds " + SentinelMaster + " 500",
		"sentinel failover-timeout " + SentinelMaster + " 3000",
	}, "\n")), 0o600))
	s.command = append(s.command, file, "--sentinel")
	s.Start()
	s.await("SENTINEL replicas "+SentinelMaster, strconv.Itoa(replica.Port()))
	return s, master, replica
}

// RedisCluster starts a Redis Cluster of three masters without replicas.
func RedisCluster(t testing.TB) []*Server {
	t.Helper()
	const slots = 16384
	nodes := make([]*Server, 3)
	buses := make([]string, len(nodes))
	for i := range nodes {
		_, buses[i] = hostPort(t, freeAddr(t))
		nodes[i] = Redis(t, WithArgs("--cluster-enabled", "yes", "--cluster-port", buses[i], "--cluster-node-timeout", "2000"))
		nodes[i].must(nodes[i].do(fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", slots*i/len(nodes), slots*(i+1)/len(nodes)-1)))
		nodes[i].must(nodes[i].do(fmt.Sprintf("CLUSTER SET-CONFIG-EPOCH %d", i+1)))
	}
	host, port := hostPort(t, nodes[0].Addr)
	for _, node := range nodes[1:] {
		node.must(node.do("CLUSTER MEET " + host + " " + port + " " + buses[0]))
	}
	for _, node := range nodes {
		node.await("CLUSTER INFO", "cluster_state:ok")
		node.await("CLUSTER INFO", "cluster_known_nodes:"+strconv.Itoa(len(nodes)))
	}
	return nodes
}

// do sends an inline command and fails on an error reply.
func (s *Server) do(command string) error {
	_, err := s.ask(command)
	return err
}

// await asks until the reply holds want.
func (s *Server) await(command, want string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), watchdog)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		reply, err := s.ask(command)
		if err == nil && strings.Contains(reply, want) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Fatalf("%s: no %q in the reply to %s: %q, %v", s.Addr, want, command, reply, err)
		}
	}
}

// ask returns what the server says to an inline command; of an array its parts,
// one after the other.
func (s *Server) ask(command string) (string, error) {
	dialer := net.Dialer{Timeout: watchdog}
	conn, err := dialer.DialContext(s.t.Context(), "tcp", s.Addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(watchdog)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
		return "", err
	}
	return reply(bufio.NewReader(conn))
}

// reply reads one reply of RESP 2.
func reply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	kind, text := line[0], strings.TrimSpace(line[1:])
	n, _ := strconv.Atoi(text)
	switch kind {
	case '-':
		return "", errors.New(text)
	case '$':
		bulk := make([]byte, max(n, 0)+2)
		if n >= 0 {
			_, err = io.ReadFull(r, bulk)
		}
		return string(bulk), err
	case '*':
		all := ""
		for range n {
			part, err := reply(r)
			if err != nil {
				return "", err
			}
			all += part
		}
		return all, nil
	}
	return text, nil
}

// URL returns the redis:// URL of a Redis, or the rediss:// one.
func (s *Server) URL() string {
	if s.CA != "" {
		return "rediss://" + s.Addr + "?ca=" + s.CA
	}
	return "redis://" + s.Addr
}
