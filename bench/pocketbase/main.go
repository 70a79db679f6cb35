// Command pocketbase compares the reference server with PocketBase, through
// HTTP, on this machine, and prints a table. Linux only.
//
// Each server is a process of its own and this one is the client. The rounds of
// the two alternate, and the ratio of a row is the median of the ratios of its
// rounds, so that a noisy neighbour disturbs both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

func main() {
	clients := flag.Int("clients", 32, "connections that send one request after the other")
	period := flag.Duration("period", 1500*time.Millisecond, "length of a round")
	rounds := flag.Int("rounds", 3, "measured rounds of each row and server")
	dir := flag.String("dir", "", "where to keep the data of the servers while it runs (default the folder for temporary files)")
	only := flag.String("only", "", "regular expression of the rows to measure")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, *clients, *rounds, *period, *dir, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pocketbase:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, clients, rounds int, period time.Duration, in, only string) (err error) {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(in, "cpod-bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, stop, err := startServers(ctx, dir)
	defer stop()
	if err != nil {
		return err
	}
	rows, err := s.rows(ctx)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, tableHead); err != nil {
		return err
	}
	for _, r := range rows {
		if !wanted.MatchString(r.name) {
			continue
		}
		m, err := measure(ctx, r.ours, r.peer, clients, rounds, period)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		if _, err := fmt.Fprintln(out, tableLine(r, m)); err != nil {
			return err
		}
	}
	return nil
}

// startServers builds and starts the four servers. stop ends those that run, also
// after an error.
func startServers(ctx context.Context, dir string) (s servers, stop func(), err error) {
	var running []*server
	stop = func() {
		for _, one := range running {
			one.stop()
		}
	}
	overlay, err := relaxedOverlay(dir)
	if err != nil {
		return s, stop, err
	}
	program, err1 := build(ctx, dir, "cpod-backend", "..", "./examples/cpod-backend")
	relaxed, err2 := build(ctx, dir, "cpod-backend-relaxed", "..", "-overlay", overlay, "./examples/cpod-backend")
	pocketbase, err3 := build(ctx, dir, "peer", ".", "./pocketbase/peer")
	if err := errors.Join(err1, err2, err3); err != nil {
		return s, stop, err
	}
	for _, one := range []struct {
		into **ours
		name string
		path string
	}{{&s.ours, "cpodkit", program}, {&s.relaxed, "cpodkit-relaxed", relaxed}} {
		o, err := startOurs(ctx, one.name, one.path, filepath.Join(dir, one.name))
		if o != nil {
			running = append(running, o.server)
		}
		if err != nil {
			return s, stop, err
		}
		*one.into = o
	}
	for _, one := range []struct {
		into        **peer
		synchronous string
	}{{&s.full, "FULL"}, {&s.normal, "NORMAL"}} {
		name := "pocketbase-" + one.synchronous
		p, err := startPeer(ctx, name, pocketbase, filepath.Join(dir, name), one.synchronous)
		if p != nil {
			running = append(running, p.server)
		}
		if err != nil {
			return s, stop, err
		}
		*one.into = p
	}
	return s, stop, nil
}
