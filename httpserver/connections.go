package httpserver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/wholebody"
)

// ConnectionLimits bounds the connections of a server, so that clients who send
// slowly, or not at all, leave room for others.
type ConnectionLimits struct {
	// Max is the most connections at once, at least 4. A newer one is closed.
	Max int

	// Trusted reports whether a peer is a proxy, which may hold any part of Max. Any
	// other peer (an IPv4 address, or the /64 of an IPv6 one) holds at most a quarter,
	// counting connections with an unfinished head, or with a body that is read
	// whole. Over that, the connection that would be one more is closed. nil trusts
	// nobody.
	Trusted func(peer netip.Addr) bool

	// Server says how the answers speak of the server that refuse a head which
	// net/http cannot read: problem+json, as all others.
	Server cpodkit.ServerInfo

	// Log gets a line for each request whose head cannot be read, with the address of
	// the connection, and a warning when connections are closed for a limit, at most
	// one a minute. nil is none.
	Log *slog.Logger
}

// Listen returns ln with the limits. It sets hooks of srv, which must serve on that
// listener alone: ConnContext, ConnState and Handler.
func (l ConnectionLimits) Listen(srv *http.Server, ln net.Listener) (net.Listener, error) {
	if l.Max < 4 {
		return nil, errors.New("httpserver: the most connections must be at least 4")
	}
	if l.Log == nil {
		l.Log = slog.New(slog.DiscardHandler)
	}
	limited := &limitedListener{Listener: ln, ConnectionLimits: l, slow: map[netip.Prefix]int{}}
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		conn, ok := c.(*limitedConn)
		if !ok {
			return ctx
		}
		conn.base = ctx
		return wholebody.WithHold(context.WithValue(ctx, connKey{}, conn), conn.hold)
	}
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		if conn, ok := c.(*limitedConn); ok && state == http.StateIdle {
			conn.inHead.Store(true)
		}
	}
	next := srv.Handler
	srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, ok := r.Context().Value(connKey{}).(*limitedConn); ok { // its head is finished
			conn.inHead.Store(false)
			conn.setSlow(false)
		}
		next.ServeHTTP(w, r)
	})
	return limited, nil
}

type connKey struct{}

type limitedListener struct {
	net.Listener
	ConnectionLimits

	mu     sync.Mutex
	open   int
	slow   map[netip.Prefix]int // connections of each peer that count for its share
	closed int                  // for a limit, since the last warning
	warned time.Time
}

// Accept closes what is over a limit, and goes on.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		conn := &limitedConn{Conn: c, listener: l}
		conn.inHead.Store(true)
		conn.addr, conn.peer = peerOf(c.RemoteAddr())
		if l.admit(conn) {
			return conn, nil
		}
	}
}

func (l *limitedListener) admit(conn *limitedConn) bool {
	return l.decide(conn, func() bool {
		l.open++
		return l.open <= l.Max && l.count(conn, true)
	})
}

// decide closes conn unless fits reports, under the lock, that the limits have room
// for it.
func (l *limitedListener) decide(conn *limitedConn, fits func() bool) bool {
	l.mu.Lock()
	ok := fits()
	if !ok {
		l.leave(conn)
	}
	l.mu.Unlock()
	if !ok {
		_ = conn.Conn.Close()
		l.warn(conn.peer)
	}
	return ok
}

// count notes whether conn counts for its peer's share, and reports whether that has
// room for it.
func (l *limitedListener) count(conn *limitedConn, slow bool) bool {
	if conn.isSlow == slow || conn.isClosed {
		return true
	}
	conn.isSlow = slow
	if !slow {
		if l.slow[conn.peer]--; l.slow[conn.peer] == 0 {
			delete(l.slow, conn.peer)
		}
		return true
	}
	l.slow[conn.peer]++
	return l.slow[conn.peer] <= l.Max/4 || l.Trusted != nil && l.Trusted(conn.addr)
}

// warn logs that a connection is closed for a limit, once a minute.
func (l *limitedListener) warn(peer netip.Prefix) {
	l.mu.Lock()
	l.closed++
	closed, open, due := l.closed, l.open, time.Since(l.warned) >= time.Minute
	if due {
		l.warned, l.closed = time.Now(), 0
	}
	l.mu.Unlock()
	if due {
		l.Log.Warn("connections are closed for their limit", "closed", closed, "open", open, "limit", l.Max, "peer", peer.String())
	}
}

// leave takes a connection out of the counts.
func (l *limitedListener) leave(conn *limitedConn) {
	if !conn.isClosed {
		l.count(conn, false)
		conn.isClosed = true
		l.open--
	}
}

type limitedConn struct {
	net.Conn
	listener *limitedListener
	addr     netip.Addr
	peer     netip.Prefix
	base     context.Context //nolint:containedctx // of the connection, for what belongs to no request

	isSlow, isClosed bool // guarded by the listener

	inHead atomic.Bool // no handler has the request that is read now
}

func (c *limitedConn) setSlow(slow bool) {
	c.listener.decide(c, func() bool { return c.listener.count(c, slow) })
}

// Read counts the connection from the first byte of a head on.
func (c *limitedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.inHead.Load() {
		c.setSlow(true)
	}
	return n, err
}

// Write replaces what net/http itself answers to a head that it cannot read, before
// any handler has the request.
func (c *limitedConn) Write(p []byte) (int, error) {
	if !c.inHead.Load() {
		return c.Conn.Write(p)
	}
	status := statusOf(p)
	if status == 0 { // such as "100 Continue"
		return c.Conn.Write(p)
	}
	answer, id := refusedHead(c.base, status, c.listener.Server)
	c.listener.Log.LogAttrs(c.base, slog.LevelInfo, "request", slog.Int("status", status), slog.String("request_id", id),
		slog.String("peer", c.addr.String()), slog.String("error", "no handler could read the head"))
	if _, err := c.Conn.Write(answer); err != nil {
		return 0, err
	}
	return len(p), nil
}

// hold counts the connection while its body is read whole.
func (c *limitedConn) hold() (release func()) {
	c.setSlow(true)
	return func() { c.setSlow(false) }
}

func (c *limitedConn) Close() error {
	c.listener.mu.Lock()
	c.listener.leave(c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

// ReadFrom keeps the sendfile path of the connection open.
func (c *limitedConn) ReadFrom(src io.Reader) (int64, error) { return io.Copy(c.Conn, src) }

// CloseWrite lets net/http end its half of the connection first, so that the client
// gets the answer to a request that was refused.
func (c *limitedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// peerOf returns an address, and what one peer has: the address when it is of IPv4, or
// the /64 around one of IPv6.
func peerOf(addr net.Addr) (netip.Addr, netip.Prefix) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	network, _ := ip.Prefix(min(ip.BitLen(), 64))
	return ip, network
}
