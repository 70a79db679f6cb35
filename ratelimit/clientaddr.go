package ratelimit

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// ClientAddress says where the address of a client is read. There is exactly one
// source and no other is tried when it is silent: a chain of fallbacks lets a
// client choose the one that it can write itself. The zero value is
// [AddressFromPeer]. A ClientAddress is safe for concurrent use.
type ClientAddress struct {
	trusted []netip.Prefix // of X-Forwarded-For
	count   int            // of proxies that append to X-Forwarded-For
	header  string         // in canonical form
}

const (
	// unknownClient is the key of all requests whose address is missing or
	// malformed. They share one bucket, so that such a request gains nothing.
	unknownClient = "unknown"

	xForwardedFor = "X-Forwarded-For"

	// maxHops bounds the work that a long X-Forwarded-For makes.
	maxHops = 64

	// maxHopText is more than an IPv6 address with brackets, zone and port needs.
	maxHopText = 128

	// mappedBits come before the IPv4 address in one that is mapped to IPv6.
	mappedBits = 96
)

// AddressFromPeer takes the other end of the connection. It is right when
// clients connect to this server themselves; behind a proxy it is the proxy for
// everybody.
func AddressFromPeer() ClientAddress { return ClientAddress{} }

// AddressFromXFF takes the rightmost address that is not in the trusted prefixes
// out of the X-Forwarded-For chain, whose last link is the peer of the
// connection. A peer that is not trusted is the client itself, whatever it sends
// in the field. List the addresses of all proxies before this server, and nothing
// that a client may come from: a trusted address is never a client.
//
// It is an error to trust nothing, or so much that clients could be in it: an
// IPv4 prefix shorter than /8, or an IPv6 one shorter than /16 other than of the
// addresses that are no one's on the internet (fc00::/7 and fe80::/10).
func AddressFromXFF(trusted ...netip.Prefix) (ClientAddress, error) {
	if len(trusted) == 0 {
		return ClientAddress{}, errors.New("ratelimit: no proxy is trusted: list their prefixes, or use AddressFromPeer")
	}
	prefixes := make([]netip.Prefix, len(trusted))
	for i, p := range trusted {
		if !p.IsValid() {
			return ClientAddress{}, errors.New("ratelimit: a prefix of trusted proxies is invalid")
		}
		if tooWide(p) {
			return ClientAddress{}, fmt.Errorf("ratelimit: the prefix %s of trusted proxies is so wide that clients are in it "+
				"and could choose their address: list prefixes of at least /8 for IPv4 and /16 for IPv6", p)
		}
		// Addresses are compared unmapped.
		if p.Addr().Is4In6() {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
		}
		prefixes[i] = p.Masked()
	}
	return ClientAddress{trusted: prefixes}, nil
}

// tooWide reports whether a prefix of trusted proxies has clients in it.
func tooWide(p netip.Prefix) bool {
	addr, bits := p.Addr(), p.Bits()
	switch {
	case addr.Is4():
		return bits < 8
	case addr.Is4In6():
		return bits < mappedBits+8
	case addr.IsPrivate():
		return bits < 7
	case addr.IsLinkLocalUnicast():
		return bits < 10
	}
	return bits < 16
}

// AddressFromXFFCount takes the address that the outermost of n proxies has
// appended to X-Forwarded-For: the nth from the right. Every request must pass
// all of them. Where their addresses are known, AddressFromXFF is safer: when a
// proxy is taken away, this one believes the client. n is 1 to 64.
func AddressFromXFFCount(n int) (ClientAddress, error) {
	if n < 1 || n > maxHops {
		return ClientAddress{}, fmt.Errorf("ratelimit: %d proxies: the number must be 1 to %d", n, maxHops)
	}
	return ClientAddress{count: n}, nil
}

// AddressFromHeader takes the address from a header that holds nothing else, such
// as CF-Connecting-IP or X-Real-IP. The proxy must overwrite it on every request,
// and every request must pass the proxy. A request with several such headers has
// no address.
func AddressFromHeader(name string) (ClientAddress, error) {
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return !tokenRune(c) }) {
		return ClientAddress{}, fmt.Errorf("ratelimit: %q is no name of a header", name)
	}
	return ClientAddress{header: http.CanonicalHeaderKey(name)}, nil
}

// tokenRune is a tchar of RFC 9110 section 5.6.2.
func tokenRune(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}

// ParseClientAddress reads a setting: "peer", "xff:10.0.0.0/8,fd00::/8" (the
// prefixes of trusted proxies), "xff-count:2" (the number of proxies) or
// "header:CF-Connecting-IP".
func ParseClientAddress(setting string) (ClientAddress, error) {
	source, value, _ := strings.Cut(setting, ":")
	switch source {
	case "peer":
		if value == "" {
			return AddressFromPeer(), nil
		}
	case "xff":
		var trusted []netip.Prefix
		for text := range strings.SplitSeq(value, ",") {
			p, err := netip.ParsePrefix(strings.TrimSpace(text))
			if err != nil {
				return ClientAddress{}, fmt.Errorf("ratelimit: %q is no prefix such as 10.0.0.0/8", text)
			}
			trusted = append(trusted, p)
		}
		return AddressFromXFF(trusted...)
	case "xff-count":
		n, err := strconv.Atoi(value)
		if err != nil {
			return ClientAddress{}, fmt.Errorf("ratelimit: %q is no number of proxies", value)
		}
		return AddressFromXFFCount(n)
	case "header":
		return AddressFromHeader(value)
	}
	return ClientAddress{}, fmt.Errorf("ratelimit: client address %q: want peer, xff:<prefixes>, xff-count:<n> or header:<name>", setting)
}

// Addr returns the address of the request's client: an IPv4-mapped one as IPv4,
// and without a zone. It is invalid when the source is missing or malformed.
func (a ClientAddress) Addr(r *http.Request) netip.Addr {
	switch {
	case a.trusted != nil:
		return a.rightmostUntrusted(r)
	case a.count > 0:
		return a.nthFromRight(r)
	case a.header != "":
		if values := r.Header[a.header]; len(values) == 1 {
			return parseHop(values[0])
		}
		return netip.Addr{}
	}
	return parseHop(r.RemoteAddr)
}

// Key returns the key of the request's client: its IPv4 address, or the /64 of
// its IPv6 address, since a customer usually has all of one. All requests without
// an address share the key "unknown".
func (a ClientAddress) Key(r *http.Request) string {
	return string(a.appendKey(nil, r))
}

func (a ClientAddress) appendKey(key []byte, r *http.Request) []byte {
	addr := a.Addr(r)
	switch {
	case !addr.IsValid():
		return append(key, unknownClient...)
	case addr.Is6():
		network, _ := addr.Prefix(64)
		return network.AppendTo(key)
	}
	return addr.AppendTo(key)
}

func (a ClientAddress) rightmostUntrusted(r *http.Request) netip.Addr {
	isTrusted := func(addr netip.Addr) bool {
		return slices.ContainsFunc(a.trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
	}
	addr := parseHop(r.RemoteAddr)
	hops := hopsFromRight{lines: r.Header[xForwardedFor]}
	for range maxHops {
		// A malformed link is not skipped: what stands left of it may be anybody's.
		if !addr.IsValid() || !isTrusted(addr) {
			return addr
		}
		hop, ok := hops.next()
		if !ok {
			break
		}
		addr = parseHop(hop)
	}
	return netip.Addr{}
}

func (a ClientAddress) nthFromRight(r *http.Request) netip.Addr {
	hops := hopsFromRight{lines: r.Header[xForwardedFor]}
	for range a.count - 1 {
		if _, ok := hops.next(); !ok {
			return netip.Addr{}
		}
	}
	hop, _ := hops.next()
	return parseHop(hop)
}

// hopsFromRight walks the members of a list field from its end. The lines of a
// field are one list in their order, without its empty members (RFC 9110 sections
// 5.3 and 5.6.1).
type hopsFromRight struct {
	lines []string
	rest  string // of the line under way
}

func (h *hopsFromRight) next() (hop string, ok bool) {
	for {
		for h.rest == "" {
			if len(h.lines) == 0 {
				return "", false
			}
			last := len(h.lines) - 1
			h.rest, h.lines = h.lines[last], h.lines[:last]
		}
		comma := strings.LastIndexByte(h.rest, ',')
		hop = textproto.TrimString(h.rest[comma+1:])
		h.rest = h.rest[:max(comma, 0)]
		if hop != "" {
			return hop, true
		}
	}
}

// parseHop reads an address with or without a port. One of IPv6 with a port
// stands in brackets, and may without.
func parseHop(s string) netip.Addr {
	if len(s) > maxHopText {
		return netip.Addr{}
	}
	s = textproto.TrimString(s)
	host, port, hasPort := strings.Cut(s, ":")
	var addr netip.Addr
	var err error
	switch {
	case strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]"):
		if addr, err = netip.ParseAddr(s[1 : len(s)-1]); !addr.Is6() {
			return netip.Addr{}
		}
	case strings.HasPrefix(s, "["):
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(s)
		addr = withPort.Addr()
	case hasPort && !strings.Contains(port, ":"): // of IPv4; this way is the fastest
		if _, err = strconv.ParseUint(port, 10, 16); err == nil {
			addr, err = netip.ParseAddr(host)
		}
	default:
		addr, err = netip.ParseAddr(s)
	}
	if err != nil {
		return netip.Addr{}
	}
	// An address that is written in another way must not escape the prefixes.
	return addr.Unmap().WithZone("")
}
