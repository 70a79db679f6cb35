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
	// Max is the most connections at once, at least 4. For a newer one, an idle one of
	// the peer that has most of them is closed (RFC 9112 section 9.5); idle connections
	// of proxies go last. Without an idle one, the newer one is closed.
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
	// the connection (client_addr, or peer where it is Trusted). It gets a warning when
	// connections are closed for a limit, at most one a minute. nil is none.
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
	limited := &limitedListener{Listener: ln, ConnectionLimits: l, peers: map[peerKey]*peer{}}
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
			conn.setIdle()
		}
	}
	next := srv.Handler
	srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, ok := r.Context().Value(connKey{}).(*limitedConn); ok { // its head is finished
			conn.inHead.Store(false)
			if !conn.setSlow(false) {
				return // the connection is closed, and no answer would arrive
			}
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
	peers  map[peerKey]*peer // that have connections
	closed int               // for a limit, since the last warning
	warned time.Time
}

type peerKey struct {
	network   netip.Prefix
	isTrusted bool
}

// peer is the connections of one peer. The listener guards it.
type peer struct {
	peerKey

	open, slow int                   // slow ones count for the peer's share
	idle       map[*limitedConn]bool // between two requests
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
		var network netip.Prefix
		conn.addr, network = peerOf(c.RemoteAddr())
		if l.admit(conn, peerKey{network, l.Trusted != nil && l.Trusted(conn.addr)}) {
			return conn, nil
		}
	}
}

func (l *limitedListener) admit(conn *limitedConn, key peerKey) bool {
	var idle *limitedConn
	ok := l.decide(conn, func() bool {
		if l.peers[key] == nil {
			l.peers[key] = &peer{peerKey: key, idle: map[*limitedConn]bool{}}
		}
		conn.peer = l.peers[key]
		conn.peer.open++
		l.open++
		if !l.count(conn, true) {
			return false
		}
		if l.open > l.Max {
			if idle = l.leastWanted(); idle != nil {
				l.leave(idle)
			}
		}
		return l.open <= l.Max
	})
	if idle != nil {
		_ = idle.Conn.Close()
		l.warn(idle.peer.network)
	}
	return ok
}

// leastWanted returns an idle connection of the peer that has most of them, or nil.
// Those of proxies come last.
func (l *limitedListener) leastWanted() *limitedConn {
	var most *peer
	for _, p := range l.peers {
		if len(p.idle) == 0 {
			continue
		}
		if most == nil || most.isTrusted && !p.isTrusted || most.isTrusted == p.isTrusted && len(p.idle) > len(most.idle) {
			most = p
		}
	}
	if most != nil {
		for conn := range most.idle {
			return conn
		}
	}
	return nil
}

// decide closes conn unless fits reports, under the lock, that the limits have room
// for it. It reports whether conn is open.
func (l *limitedListener) decide(conn *limitedConn, fits func() bool) bool {
	l.mu.Lock()
	if conn.isClosed {
		l.mu.Unlock()
		return false
	}
	ok := fits()
	if !ok {
		l.leave(conn)
	}
	l.mu.Unlock()
	if !ok {
		_ = conn.Conn.Close()
		l.warn(conn.peer.network)
	}
	return ok
}

// count notes whether conn, which is in use, counts for its peer's share, and reports
// whether that has room for it.
func (l *limitedListener) count(conn *limitedConn, slow bool) bool {
	delete(conn.peer.idle, conn)
	if conn.isSlow == slow {
		return true
	}
	conn.isSlow = slow
	if !slow {
		conn.peer.slow--
		return true
	}
	conn.peer.slow++
	return conn.peer.slow <= l.Max/4 || conn.peer.isTrusted
}

// warn logs that a connection is closed for a limit, once a minute.
func (l *limitedListener) warn(network netip.Prefix) {
	l.mu.Lock()
	l.closed++
	closed, open, due := l.closed, l.open, time.Since(l.warned) >= time.Minute
	if due {
		l.warned, l.closed = time.Now(), 0
	}
	l.mu.Unlock()
	if due {
		l.Log.Warn("connections are closed for their limit", "closed", closed, "open", open, "limit", l.Max, "peer", network.String())
	}
}

// leave takes a connection out of the counts.
func (l *limitedListener) leave(conn *limitedConn) {
	if !conn.isClosed {
		l.count(conn, false)
		conn.isClosed = true
		l.open--
		if conn.peer.open--; conn.peer.open == 0 {
			delete(l.peers, conn.peer.peerKey)
		}
	}
}

type limitedConn struct {
	net.Conn
	listener *limitedListener
	addr     netip.Addr
	peer     *peer
	base     context.Context //nolint:containedctx // of the connection, for what belongs to no request

	isSlow, isClosed bool // guarded by the listener

	inHead atomic.Bool // no handler has the request that is read now
}

func (c *limitedConn) setSlow(slow bool) (isOpen bool) {
	return c.listener.decide(c, func() bool { return c.listener.count(c, slow) })
}

func (c *limitedConn) setIdle() {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	if !c.isClosed {
		c.peer.idle[c] = true
	}
}

// Read counts the connection from the first byte of a head on. It returns nothing of a
// request on a connection that is closed for a limit: the answer would not arrive.
func (c *limitedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.inHead.Load() && !c.setSlow(true) {
		return 0, net.ErrClosed
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
	client := "client_addr"
	if c.peer.isTrusted { // the head that names the client cannot be read
		client = "peer"
	}
	c.listener.Log.LogAttrs(c.base, slog.LevelInfo, "request", slog.Int("status", status), slog.String("request_id", id),
		slog.String(client, c.addr.String()), slog.String("error", "no handler could read the head"))
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
