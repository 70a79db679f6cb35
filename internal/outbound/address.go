package outbound

import (
	"fmt"
	"net/netip"
	"syscall"
)

// refusePrivate is the Control of a [net.Dialer]. It sees the address after the name was
// resolved, so that a name that resolves to another address the next time gains nothing.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	peer, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !IsPublic(peer.Addr()) {
		return fmt.Errorf("the address %s is not public, and private ones are not allowed", peer.Addr())
	}
	return nil
}

// IsPublic reports whether an address is one of the public Internet, by the registries
// of special-purpose addresses (RFC 6890).
func IsPublic(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false
	}
	for _, prefix := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
	} {
		if netip.MustParsePrefix(prefix).Contains(addr) {
			return false
		}
	}
	return true
}
