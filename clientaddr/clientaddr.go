// Package clientaddr finds the address of a request's client, behind proxies that
// an operator names. Its middleware puts the address into the context once. Rate
// limits, logs and handlers read it there with [cpodkit.ClientAddr].
package clientaddr

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// Source says where the address of a client is read. There is exactly one source.
// No other one is tried when it has no address, because a client could then
// choose the one that it can write itself. The zero value is [FromPeer]. A Source
// is safe for concurrent use.
type Source struct {
	trusted []netip.Prefix // of X-Forwarded-For
	count   int            // of proxies that append to X-Forwarded-For
	header  string         // in canonical form
}

const (
	xForwardedFor = "X-Forwarded-For"

	// maxHops bounds the work that a long X-Forwarded-For makes.
	maxHops = 64

	// maxHopText is more than an IPv6 address with brackets, zone and port needs.
	maxHopText = 128

	// mappedBits come before the IPv4 address in one that is mapped to IPv6.
	mappedBits = 96
)

// FromPeer takes the other end of the connection. It is right when
// clients connect to this server themselves; behind a proxy it is the proxy for
// everybody.
func FromPeer() Source { return Source{} }

// FromXFF takes the rightmost address that is not in the trusted prefixes
// out of the X-Forwarded-For chain, whose last link is the peer of the
// connection. A peer that is not trusted is the client itself, whatever it sends
// in the field. List the addresses of all proxies before this server, and nothing
// that a client may come from: a trusted address is never a client.
//
// It is an error to trust nothing, or so much that clients could be in it: an
// IPv4 prefix shorter than /8, or an IPv6 one shorter than /16 other than of the
// addresses that are no one's on the internet (fc00::/7 and fe80::/10).
func FromXFF(trusted ...netip.Prefix) (Source, error) {
	if len(trusted) == 0 {
		return Source{}, errors.New("clientaddr: no proxy is trusted: list their prefixes, or use FromPeer")
	}
	prefixes := make([]netip.Prefix, len(trusted))
	for i, p := range trusted {
		if !p.IsValid() {
			return Source{}, errors.New("clientaddr: a prefix of trusted proxies is invalid")
		}
		if tooWide(p) {
			return Source{}, fmt.Errorf("clientaddr: the prefix %s of trusted proxies is so wide that clients are in it "+
				"and could choose their address: list prefixes of at least /8 for IPv4 and /16 for IPv6", p)
		}
		// Addresses are compared unmapped.
		if p.Addr().Is4In6() {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
		}
		prefixes[i] = p.Masked()
	}
	return Source{trusted: prefixes}, nil
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

// FromXFFCount takes the address that the outermost of n proxies has
// appended to X-Forwarded-For: the nth from the right. Every request must pass
// all of them. Where their addresses are known, FromXFF is safer: when a
// proxy is taken away, this one believes the client. n is 1 to 64.
func FromXFFCount(n int) (Source, error) {
	if n < 1 || n > maxHops {
		return Source{}, fmt.Errorf("clientaddr: %d proxies: the number must be 1 to %d", n, maxHops)
	}
	return Source{count: n}, nil
}

// FromHeader takes the address from a header that holds nothing else, such
// as CF-Connecting-IP or X-Real-IP. The proxy must overwrite it on every request,
// and every request must pass the proxy. A request with several such headers has
// no address.
func FromHeader(name string) (Source, error) {
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return !tokenRune(c) }) {
		return Source{}, fmt.Errorf("clientaddr: %q is no name of a header", name)
	}
	return Source{header: http.CanonicalHeaderKey(name)}, nil
}

// tokenRune is a tchar of RFC 9110 section 5.6.2.
func tokenRune(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}

// Parse reads a setting: "peer", "xff:10.0.0.0/8,fd00::/8" (the
// prefixes of trusted proxies), "xff-count:2" (the number of proxies) or
// "header:CF-Connecting-IP".
func Parse(setting string) (Source, error) {
	source, value, _ := strings.Cut(setting, ":")
	switch source {
	case "peer":
		if value == "" {
			return FromPeer(), nil
		}
	case "xff":
		var trusted []netip.Prefix
		for text := range strings.SplitSeq(value, ",") {
			p, err := netip.ParsePrefix(strings.TrimSpace(text))
			if err != nil {
				return Source{}, fmt.Errorf("clientaddr: %q is no prefix such as 10.0.0.0/8", text)
			}
			trusted = append(trusted, p)
		}
		return FromXFF(trusted...)
	case "xff-count":
		n, err := strconv.Atoi(value)
		if err != nil {
			return Source{}, fmt.Errorf("clientaddr: %q is no number of proxies", value)
		}
		return FromXFFCount(n)
	case "header":
		return FromHeader(value)
	}
	return Source{}, fmt.Errorf("clientaddr: %q: want peer, xff:<prefixes>, xff-count:<n> or header:<name>", setting)
}

// Addr returns the address of the request's client: an IPv4-mapped one as IPv4,
// and without a zone. It is invalid when the source is missing or malformed.
func (s Source) Addr(r *http.Request) netip.Addr {
	switch {
	case s.trusted != nil:
		return s.rightmostUntrusted(r)
	case s.count > 0:
		return s.nthFromRight(r)
	case s.header != "":
		if values := r.Header[s.header]; len(values) == 1 {
			return parseHop(values[0])
		}
		return netip.Addr{}
	}
	return parseHop(r.RemoteAddr)
}

// Trusts reports whether a peer with this address is a proxy, as far as the source
// says so: an address in the prefixes of [FromXFF], and every one where all requests
// pass a proxy ([FromXFFCount] and [FromHeader]).
func (s Source) Trusts(peer netip.Addr) bool {
	return s.count > 0 || s.header != "" || s.isTrusted(peer.Unmap())
}

func (s Source) isTrusted(addr netip.Addr) bool {
	return slices.ContainsFunc(s.trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Middleware puts the address of each request's client into its context, where
// [cpodkit.ClientAddr] finds it. Mount it outside of whatever reads the address.
func (s Source) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ctx := cpodkit.WithClientAddr(r.Context(), s.Addr(r)); ctx != r.Context() {
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

func (s Source) rightmostUntrusted(r *http.Request) netip.Addr {
	addr := parseHop(r.RemoteAddr)
	hops := hopsFromRight{lines: r.Header[xForwardedFor]}
	for range maxHops {
		// A malformed link is not skipped: what stands left of it may be anybody's.
		if !addr.IsValid() || !s.isTrusted(addr) {
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

func (s Source) nthFromRight(r *http.Request) netip.Addr {
	hops := hopsFromRight{lines: r.Header[xForwardedFor]}
	for range s.count - 1 {
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
