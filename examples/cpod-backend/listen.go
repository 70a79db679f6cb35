package main

import (
	"context"
	"errors"
	"net"
	"sync"
)

// listen opens the listener of an address. "localhost" is the two loopback
// addresses, so that a client reaches the server whichever it tries first; a machine
// without IPv6 has the one.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "localhost" {
		return config.Listen(ctx, "tcp", address)
	}
	first, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, err
	}
	if _, port, err = net.SplitHostPort(first.Addr().String()); err != nil {
		return nil, errors.Join(err, first.Close())
	}
	second, err := config.Listen(ctx, "tcp", net.JoinHostPort("::1", port))
	if err != nil {
		return first, nil //nolint:nilerr // without IPv6
	}
	both := &listeners{Listener: first, second: second, accepted: make(chan accepted), closed: make(chan struct{})}
	go both.serve(first)
	go both.serve(second)
	return both, nil
}

// listeners is two listeners as one, with the address of the first.
type listeners struct {
	net.Listener
	second   net.Listener
	accepted chan accepted
	once     sync.Once
	closed   chan struct{}
}

type accepted struct {
	conn net.Conn
	err  error
}

func (l *listeners) serve(one net.Listener) {
	for {
		conn, err := one.Accept()
		select {
		case l.accepted <- accepted{conn, err}:
		case <-l.closed:
			if conn != nil {
				_ = conn.Close()
			}
			return
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// Accept implements [net.Listener].
func (l *listeners) Accept() (net.Conn, error) {
	select {
	case a := <-l.accepted:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (l *listeners) Close() error {
	l.once.Do(func() { close(l.closed) })
	return errors.Join(l.Listener.Close(), l.second.Close())
}
