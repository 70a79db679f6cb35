package ratelimit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/cpodkit/cpodkit"
)

// KeyFunc appends to key what tells apart the buckets of a [Policy], and returns
// the longer slice, as strconv.AppendInt does. Requests with the same key share a
// bucket; what a KeyFunc cannot find out must give a key as well, so that no
// request is without a limit. Keys may hold any bytes; long ones are hashed.
type KeyFunc func(key []byte, r *http.Request) []byte

// anonymous is the key of all requests without an identity. The others begin with
// a brace.
const anonymous = "anonymous"

// ByIdentity gives each user of each app of each tenant a bucket, and each app
// that calls for itself. Requests without an identity share one: put the
// middleware inside of the authentication.
func ByIdentity(key []byte, r *http.Request) []byte {
	id, ok := cpodkit.IdentityFromContext(r.Context())
	if !ok {
		return append(key, anonymous...)
	}
	return appendID(appendApp(key, id.TenantID, id.AppID), id.UserID)
}

// ByApp gives each app of each tenant a bucket, shared by its users.
func ByApp(key []byte, r *http.Request) []byte {
	id, ok := cpodkit.IdentityFromContext(r.Context())
	if !ok {
		return append(key, anonymous...)
	}
	return appendApp(key, id.TenantID, id.AppID)
}

// ByTenant gives each tenant a bucket, shared by all its apps and users.
func ByTenant(key []byte, r *http.Request) []byte {
	id, ok := cpodkit.IdentityFromContext(r.Context())
	if !ok {
		return append(key, anonymous...)
	}
	return appendTenant(key, id.TenantID)
}

// ByRoute gives each route of [cpodkit.Mount] a bucket, and elsewhere each pattern
// of the http.ServeMux that the middleware is inside of.
func ByRoute(key []byte, r *http.Request) []byte {
	if route, ok := cpodkit.RouteFromContext(r.Context()); ok {
		return append(key, route.Name...)
	}
	return append(key, r.Pattern...)
}

// ByClientAddress gives each address a bucket, read from where a says. An IPv6
// address counts with its /64, and all requests without an address share one.
func ByClientAddress(a ClientAddress) KeyFunc { return a.appendKey }

// Combine gives each combination of keys a bucket, such as each tenant on each
// route. Different parts never make the same key.
func Combine(keys ...KeyFunc) KeyFunc {
	keys = slices.Clone(keys)
	return func(key []byte, r *http.Request) []byte {
		for _, part := range keys {
			start := len(key)
			key = part(key, r)
			var digits [20]byte
			length := append(strconv.AppendInt(digits[:0], int64(len(key)-start), 10), ':')
			key = slices.Insert(key, start, length...)
		}
		return key
	}
}

// appendTenant puts the tenant in braces: on a Redis Cluster the buckets of one
// tenant then lie together, and one trip reaches them all.
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
