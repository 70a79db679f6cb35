package clientaddr_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/clientaddr"
)

// addressed is a request from peer with the lines of a header.
func addressed(peer, header string, lines ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = peer
	for _, line := range lines {
		r.Header.Add(header, line)
	}
	return r
}

func parse(t testing.TB, setting string) clientaddr.Source {
	t.Helper()
	s, err := clientaddr.Parse(setting)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// network returns what limits count by behind the middleware of s: an IPv4
// address, or the /64 of an IPv6 one.
func network(s clientaddr.Source, r *http.Request) (network string) {
	s.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		switch p := cpodkit.ClientNetwork(r); {
		case !p.IsValid():
			network = "unknown"
		case p.Addr().Is4():
			network = strings.TrimSuffix(p.String(), "/32")
		default:
			network = p.String()
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
	return network
}

func TestSources(t *testing.T) {
	t.Parallel()
	const (
		xff   = "X-Forwarded-For"
		proxy = "10.0.0.1:4711"
	)
	for _, c := range []struct {
		name, setting, peer, header string
		lines                       []string
		want                        string
	}{
		{"peer", "peer", "192.0.2.1:80", "", nil, "192.0.2.1"},
		{"peer, IPv6", "peer", "[2001:db8:1:2:3::4]:80", "", nil, "2001:db8:1:2::/64"},
		{"peer, IPv4-mapped", "peer", "[::ffff:192.0.2.1]:80", "", nil, "192.0.2.1"},
		{"peer with a zone", "peer", "[fe80::1%eth0]:80", "", nil, "fe80::/64"},
		{"peer without a port", "peer", "192.0.2.1", "", nil, "192.0.2.1"},
		{"peer, IPv6 without a port", "peer", "[2001:db8:1:2:3::4]", "", nil, "2001:db8:1:2::/64"},
		{"peer of a Unix socket", "peer", "@", "", nil, "unknown"},
		{"no peer", "peer", "", "", nil, "unknown"},
		{"peer ignores headers", "peer", "192.0.2.1:80", xff, []string{"203.0.113.9"}, "192.0.2.1"},

		{"xff", "xff:10.0.0.0/8", proxy, xff, []string{"203.0.113.9"}, "203.0.113.9"},
		{"xff behind two proxies", "xff:10.0.0.0/8", proxy, xff, []string{"203.0.113.9, 10.9.9.9"}, "203.0.113.9"},
		{"xff with a forged start", "xff:10.0.0.0/8", proxy, xff, []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
		{"xff with a forged line", "xff:10.0.0.0/8", proxy, xff, []string{"1.1.1.1", "203.0.113.9"}, "203.0.113.9"},
		{"xff with a forged proxy", "xff:10.0.0.0/8", proxy, xff, []string{"1.1.1.1, 10.2.3.4, 203.0.113.9"}, "203.0.113.9"},
		{"xff by a peer that is no proxy", "xff:10.0.0.0/8", "198.51.100.7:80", xff, []string{"1.1.1.1"}, "198.51.100.7"},
		{"xff of a mapped proxy", "xff:10.0.0.0/8", "[::ffff:10.0.0.1]:80", xff, []string{"203.0.113.9, ::ffff:10.1.1.1"}, "203.0.113.9"},
		{"xff of a mapped prefix", "xff:::ffff:10.0.0.0/104", proxy, xff, []string{"203.0.113.9"}, "203.0.113.9"},
		{"xff of a proxy with a zone", "xff:10.0.0.0/8,fe80::/10", "[fe80::1%eth0]:80", xff, []string{"203.0.113.9, fe80::2%eth1"}, "203.0.113.9"},
		{"xff, IPv6", "xff:10.0.0.0/8", proxy, xff, []string{"2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"},
		{"xff, IPv6 in brackets", "xff:10.0.0.0/8", proxy, xff, []string{"1.1.1.1, [2001:db8::1]"}, "2001:db8::/64"},
		{"xff, IPv4 in brackets", "xff:10.0.0.0/8", proxy, xff, []string{"1.1.1.1, [203.0.113.9]"}, "unknown"},
		{"xff with half of the brackets", "xff:10.0.0.0/8", proxy, xff, []string{"1.1.1.1, 2001:db8::1]"}, "unknown"},
		{"xff with ports", "xff:10.0.0.0/8", proxy, xff, []string{"203.0.113.9:1234, [::ffff:10.0.0.7]:99"}, "203.0.113.9"},
		{"xff with empty members", "xff:10.0.0.0/8", proxy, xff, []string{"203.0.113.9,, ,", "", ","}, "203.0.113.9"},
		{"xff is missing", "xff:10.0.0.0/8", proxy, "", nil, "unknown"},
		{"xff of proxies alone", "xff:10.0.0.0/8", proxy, xff, []string{"10.0.0.5"}, "unknown"},
		{"a malformed link is not skipped", "xff:10.0.0.0/8", proxy, xff, []string{"1.1.1.1, unknown"}, "unknown"},
		{"a malformed link behind a proxy", "xff:10.0.0.0/8", proxy, xff, []string{"1.1.1.1, x y, 10.0.0.2"}, "unknown"},
		{"a chain without an end", "xff:10.0.0.0/8", proxy, xff, []string{"1.1.1.1" + strings.Repeat(",10.0.0.2", 5000)}, "unknown"},

		{"count", "xff-count:1", proxy, xff, []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
		{"count of two", "xff-count:2", proxy, xff, []string{"1.1.1.1, 203.0.113.9, 192.0.2.4"}, "203.0.113.9"},
		{"count over lines", "xff-count:2", proxy, xff, []string{"203.0.113.9", "192.0.2.4"}, "203.0.113.9"},
		{"count of more than there are", "xff-count:3", proxy, xff, []string{"203.0.113.9, 192.0.2.4"}, "unknown"},
		{"count, malformed", "xff-count:1", proxy, xff, []string{"203.0.113.9, hello"}, "unknown"},
		{"count, missing", "xff-count:1", proxy, "", nil, "unknown"},

		{"header", "header:cf-connecting-ip", proxy, "CF-Connecting-IP", []string{"203.0.113.9"}, "203.0.113.9"},
		{"header, padded", "header:X-Real-IP", proxy, "X-Real-IP", []string{" 203.0.113.9\t"}, "203.0.113.9"},
		{"header, twice", "header:X-Real-IP", proxy, "X-Real-IP", []string{"1.1.1.1", "203.0.113.9"}, "unknown"},
		{"header, a list", "header:X-Real-IP", proxy, "X-Real-IP", []string{"1.1.1.1, 203.0.113.9"}, "unknown"},
		{"header, missing", "header:X-Real-IP", "192.0.2.1:80", xff, []string{"1.1.1.1"}, "unknown"},
		{"header, long", "header:X-Real-IP", proxy, "X-Real-IP", []string{"fe80::1%" + strings.Repeat("z", 9000)}, "unknown"},
		{"header, a name", "header:X-Real-IP", proxy, "X-Real-IP", []string{"localhost"}, "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, r := parse(t, c.setting), addressed(c.peer, c.header, c.lines...)
			if key := network(s, r); key != c.want {
				t.Errorf("the network is %q, want %q", key, c.want)
			}
			if addr := s.Addr(r); addr.IsValid() != (c.want != "unknown") || addr.Zone() != "" || addr.Is4In6() {
				t.Errorf("address %v", addr)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{
		"", "peers", "peer:1", "xff", "xff:", "xff:10.0.0.1", "xff:10.0.0.0/8,", "xff:10.0.0.0/33", "xff:0.0.0.0/0", "xff:::/0",
		"xff:::ffff:0.0.0.0/96", "xff:::ffff:0.0.0.0/103", "xff:::ffff:0.0.0.0/95", "xff:0.0.0.0/1,128.0.0.0/1", "xff:10.0.0.0/7",
		"xff:2000::/3", "xff:2001::/15", "xff:fc00::/6", "xff:fe80::/9", "xff-count:", "xff-count:0", "xff-count:-1", "xff-count:65", "xff-count:x",
		"header:", "header:X Real", "header:X-Real-IP,X-Client", "header:\x00", "auto",
	} {
		if _, err := clientaddr.Parse(setting); err == nil {
			t.Errorf("%q is accepted", setting)
		}
	}
	for _, setting := range []string{"xff:11.0.0.0/8,fc00::/7,fd00::/8,fe80::/10,2001::/16", "xff:::ffff:10.0.0.0/104"} {
		parse(t, setting)
	}
	if _, err := clientaddr.FromXFF(netip.Prefix{}); err == nil {
		t.Error("an invalid prefix is accepted")
	}
}

// Whatever a client sends, the address is the one that its proxy has seen.
func FuzzForgedXFF(f *testing.F) {
	for _, forged := range []string{
		"", "1.1.1.1", "10.0.0.1", "10.0.0.1,", ",,,", "::ffff:10.0.0.1", "fe80::1%eth0", "[::1]:80", "[::1]", "[", "[]", "\x00", "unknown", "1.1.1.1:99999",
	} {
		f.Add(forged, "10.0.0.3")
	}
	f.Fuzz(func(t *testing.T, forged, second string) {
		byPrefix, byCount, byHeader := parse(t, "xff:10.0.0.0/8"), parse(t, "xff-count:1"), parse(t, "header:X-Forwarded-For")
		for _, lines := range [][]string{{forged + ", 203.0.113.9"}, {forged, "203.0.113.9"}, {forged, second, "203.0.113.9"}} {
			r := addressed("10.0.0.1:80", "X-Forwarded-For", lines...)
			if got := network(byPrefix, r); got != "203.0.113.9" {
				t.Errorf("%q by prefix: %q", lines, got)
			}
			if got := network(byCount, r); got != "203.0.113.9" {
				t.Errorf("%q by count: %q", lines, got)
			}
		}
		// A value that the proxy let through is an address or nothing.
		r := addressed("10.0.0.1:80", "X-Forwarded-For", forged)
		if addr := byHeader.Addr(r); addr.IsValid() && (addr.Zone() != "" || addr.Is4In6()) {
			t.Errorf("%q: %v", forged, addr)
		}
		if addr := byPrefix.Addr(r); addr.IsValid() && netip.MustParsePrefix("10.0.0.0/8").Contains(addr) {
			t.Errorf("%q: a proxy is the client", forged)
		}
	})
}

func TestAddressAllocatesNothing(t *testing.T) { //nolint:paralleltest // it counts allocations
	for _, setting := range []string{"peer", "xff:10.0.0.0/8,fd00::/8", "xff-count:2", "header:X-Real-Ip"} {
		a := parse(t, setting)
		r := addressed("10.0.0.1:80", "X-Forwarded-For", "203.0.113.9, 2001:db8::1, 10.0.0.2")
		r.Header.Set("X-Real-Ip", "203.0.113.9")
		if n := testing.AllocsPerRun(100, func() { a.Addr(r) }); n != 0 {
			t.Errorf("%s: %v allocations", setting, n)
		}
	}
}

// The address is found once: what reads it later, such as a log after the call,
// gets the same one, although the request is another by then.
func TestMiddleware(t *testing.T) {
	t.Parallel()
	want := netip.MustParseAddr("203.0.113.9")
	middleware := parse(t, "header:X-Real-Ip").Middleware
	var inside netip.Addr
	h := middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		r.Header.Del("X-Real-Ip")
		inside = cpodkit.ClientAddr(r)
	}))

	r := addressed("10.0.0.1:80", "X-Real-Ip", want.String())
	h.ServeHTTP(httptest.NewRecorder(), r)
	if inside != want || cpodkit.ClientAddr(r).String() != "10.0.0.1" {
		t.Errorf("inside %v, outside %v", inside, cpodkit.ClientAddr(r))
	}

	ctx, _ := cpodkit.WithRecord(t.Context(), "id", cpodkit.ServerInfo{})
	r = addressed("10.0.0.1:80", "X-Real-Ip", want.String()).WithContext(ctx)
	h.ServeHTTP(httptest.NewRecorder(), r)
	if inside != want || cpodkit.ClientAddr(r) != want {
		t.Errorf("with a record: inside %v, outside %v", inside, cpodkit.ClientAddr(r))
	}

	// A header without an address is not made up for by the peer.
	r = addressed("10.0.0.1:80", "X-Real-Ip", "?")
	if h.ServeHTTP(httptest.NewRecorder(), r); inside.IsValid() {
		t.Errorf("a malformed header is %v", inside)
	}
}

// Without the middleware the client is the peer.
func TestWithoutMiddleware(t *testing.T) {
	t.Parallel()
	for peer, want := range map[string]string{
		"192.0.2.1:80": "192.0.2.1", "[::ffff:192.0.2.1]:80": "192.0.2.1", "[fe80::1%eth0]:80": "fe80::1", "@": "invalid IP", "": "invalid IP",
	} {
		if got := cpodkit.ClientAddr(addressed(peer, "X-Forwarded-For", "1.1.1.1")).String(); got != want {
			t.Errorf("%q is %s, want %s", peer, got, want)
		}
	}
}
