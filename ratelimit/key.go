package ratelimit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/cpodkit/cpodkit"
)

// Key says whose bucket a request takes from. The zero Key is none, and a [Policy]
// needs one.
type Key struct {
	// bind returns the function for the requests of a route; for those of any route
	// when route is nil.
	bind func(route *cpodkit.Route) (KeyFunc, error)
}

// KeyFunc appends to key what tells apart the buckets of a [Policy], and returns
// the longer slice, as strconv.AppendInt does. Requests with the same key share a
// bucket. A KeyFunc that finds nothing in a request appends a key as well, so that
// no request is without a limit. Keys may hold any bytes; long ones are hashed.
type KeyFunc func(key []byte, r *http.Request) []byte

// ByFunc gives each key that f makes a bucket.
func ByFunc(f KeyFunc) Key {
	if f == nil {
		return Key{}
	}
	return Key{func(*cpodkit.Route) (KeyFunc, error) { return f, nil }}
}

// ByIdentity gives each user of each app of each tenant a bucket, and each app
// that acts for itself. Requests without an identity count by their client's
// address: put the middleware inside of the authentication.
func ByIdentity() Key {
	return ByFunc(func(key []byte, r *http.Request) []byte {
		id, ok := cpodkit.IdentityFromContext(r.Context())
		if !ok {
			return appendAnonymous(key, r)
		}
		return appendID(appendApp(key, id.TenantID, id.AppID), id.UserID)
	})
}

// ByApp gives each app of each tenant a bucket, shared by its users. Requests
// without an identity are as in [ByIdentity].
func ByApp() Key {
	return ByFunc(func(key []byte, r *http.Request) []byte {
		id, ok := cpodkit.IdentityFromContext(r.Context())
		if !ok {
			return appendAnonymous(key, r)
		}
		return appendApp(key, id.TenantID, id.AppID)
	})
}

// ByTenant gives each tenant a bucket, shared by all its apps and users. Requests
// without an identity are as in [ByIdentity].
func ByTenant() Key {
	return ByFunc(func(key []byte, r *http.Request) []byte {
		id, ok := cpodkit.IdentityFromContext(r.Context())
		if !ok {
			return appendAnonymous(key, r)
		}
		return appendTenant(key, id.TenantID)
	})
}

// appendAnonymous makes the key of a request without an identity. The others begin
// with a brace.
func appendAnonymous(key []byte, r *http.Request) []byte {
	return appendClient(append(key, "anonymous/"...), r)
}

// ByClientAddr gives each client address a bucket, see [cpodkit.ClientAddr]: an
// IPv6 address counts with its /64. All requests whose address is not known share
// one. Behind a proxy, put the middleware inside of that of package clientaddr.
func ByClientAddr() Key { return ByFunc(appendClient) }

func appendClient(key []byte, r *http.Request) []byte {
	switch addr := cpodkit.ClientAddr(r); {
	case addr.Is4():
		return addr.AppendTo(key)
	case addr.IsValid():
		return cpodkit.ClientNetwork(r).AppendTo(key)
	}
	return append(key, "unknown"...)
}

// ByRoute gives each route of [cpodkit.Mount] a bucket. It needs [Limiter.Wrap],
// which knows the routes; [Limiter.Middleware] refuses it. For a limit by route in
// another router, put a middleware around each route.
func ByRoute() Key {
	return Key{func(route *cpodkit.Route) (KeyFunc, error) {
		if route == nil {
			return nil, errors.New("ByRoute needs Limiter.Wrap, which cpodkit.Mount tells the routes")
		}
		name := route.Name
		return func(key []byte, _ *http.Request) []byte { return append(key, name...) }, nil
	}}
}

// Combine gives each combination of keys a bucket, such as each tenant on each
// route. Different parts never make the same key.
func Combine(keys ...Key) Key {
	if len(keys) == 0 || slices.ContainsFunc(keys, Key.isZero) {
		return Key{}
	}
	keys = slices.Clone(keys)
	return Key{func(route *cpodkit.Route) (KeyFunc, error) {
		parts := make([]KeyFunc, len(keys))
		for i, k := range keys {
			var err error
			if parts[i], err = k.bind(route); err != nil {
				return nil, err
			}
		}
		return func(key []byte, r *http.Request) []byte { return appendParts(key, parts, r) }, nil
	}}
}

func (k Key) isZero() bool { return k.bind == nil }

// appendParts writes each part after its length.
func appendParts(key []byte, parts []KeyFunc, r *http.Request) []byte {
	for _, part := range parts {
		start := len(key)
		key = part(key, r)
		var digits [20]byte
		length := append(strconv.AppendInt(digits[:0], int64(len(key)-start), 10), ':')
		key = slices.Insert(key, start, length...)
	}
	return key
}

// appendTenant puts the tenant in braces: a Redis Cluster then keeps the buckets of
// one tenant on one node, and one trip reaches them all.
func appendTenant(key []byte, tenantID string) []byte {
	return append(appendID(append(key, '{'), tenantID), '}')
}

func appendApp(key []byte, tenantID, appID string) []byte {
	return append(appendID(append(appendTenant(key, tenantID), '/'), appID), '/')
}

// appendID writes an id so that it holds no slash and no brace. Authentication
// lets in no id that cannot be encoded; one from elsewhere is escaped.
func appendID(key []byte, id string) []byte {
	if id == "" { // a token without a user
		return key
	}
	encoded, err := cpodkit.EncodeID(id)
	if err != nil {
		encoded = url.PathEscape(id)
	}
	return append(key, encoded...)
}

// maxScratch is the largest scratch that is kept for the next request.
const maxScratch = 4 * MaxKey

// keyspace makes the keys of one policy's buckets. Its names never stand in an
// identity's own keys (see [Limiter]).
type keyspace struct{ plain, hashed string }

// newKeyspace keeps different limits apart even under one name: in one bucket they
// would change it to and fro, and the larger refill it for the smaller.
func newKeyspace(limit Limit) keyspace {
	// The escaped name holds neither of the two separators.
	name := fmt.Sprintf("$policy/%s/%d/%d", url.PathEscape(limit.Name), limit.Tokens, limit.Window.Nanoseconds())
	return keyspace{name + "/", name + "#"}
}

// append makes the key of a part that a KeyFunc has made.
func (k keyspace) append(key, part []byte) []byte {
	if len(k.plain)+len(part) <= MaxKey {
		return append(append(key, k.plain...), part...)
	}
	sum := sha256.Sum256(part)
	return hex.AppendEncode(append(key, k.hashed...), sum[:])
}
