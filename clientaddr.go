package cpodkit

import (
	"context"
	"net/http"
	"net/netip"
)

type clientAddrKey struct{}

// WithClientAddr returns a context in which [ClientAddr] finds addr; an invalid
// addr says that the address is not known. The middleware of package clientaddr
// calls it. With a [Record] in ctx the record holds the address, and ctx is
// returned as it is.
func WithClientAddr(ctx context.Context, addr netip.Addr) context.Context {
	if rec := RecordFromContext(ctx); rec != nil {
		rec.clientAddr.Store(&addr)
		return ctx
	}
	return context.WithValue(ctx, clientAddrKey{}, addr)
}

// ClientAddr returns the address of the request's client: the one that
// [WithClientAddr] stored, else the peer of the connection. Behind a proxy that
// peer is the proxy for everybody: use package clientaddr there. An IPv4-mapped
// address is returned as IPv4, and none has a zone. The address is invalid where
// it is not known.
func ClientAddr(r *http.Request) netip.Addr {
	if rec := RecordFromContext(r.Context()); rec != nil {
		if addr := rec.clientAddr.Load(); addr != nil {
			return *addr
		}
	}
	if addr, ok := r.Context().Value(clientAddrKey{}).(netip.Addr); ok {
		return addr
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap().WithZone("")
}

// ClientNetwork returns what usually belongs to one client: its IPv4 address, or
// the /64 around its IPv6 address. Limits count by it. It is invalid where
// [ClientAddr] is.
func ClientNetwork(r *http.Request) netip.Prefix {
	addr := ClientAddr(r)
	network, err := addr.Prefix(min(addr.BitLen(), 64))
	if err != nil {
		return netip.Prefix{}
	}
	return network
}
