// Package loopback tells whether a host is this machine.
package loopback

import (
	"net/netip"
	"strings"
)

// Is reports whether host, without a port and without brackets, is "localhost" or an
// address that never leaves the machine (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3).
// Other names are not resolved: they are not.
func Is(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
