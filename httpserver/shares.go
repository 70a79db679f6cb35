package httpserver

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/shares"
)

// ShareRequests returns middleware that bounds how many requests of one tenant are under
// way, so that one that holds as many connections as it can leaves some to others. most
// is the number of connections, as in [ConnectionLimits]. A tenant may have one more
// request while it has less than a seventh of what is left of them: one tenant alone has
// an eighth at most. A request above that is rate_limited, with Retry-After; a tenant's
// only one is always served.
//
// The tenant is that of the identity, or of the signed URL of the request (see
// [cpodkit.Record.URLMaker]). Put it inside of the authentication, and inside of what
// opens signed URLs, such as files.WithURLMiddleware: all that the one middleware is put
// around share the room. A request of no tenant counts for nobody.
func ShareRequests(most int) cpodkit.Middleware {
	s := &requestShares{room: shares.NewRoom(int64(most))}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tenant := tenantOf(r)
			if tenant == "" {
				next.ServeHTTP(w, r)
				return
			}
			if held, err := s.enter(tenant); err != nil {
				cpodkit.RecordFromContext(r.Context()).NoteLimit("requests")
				w.Header().Add("RateLimit-Policy", fmt.Sprintf(`"requests";q=%d`, held))
				w.Header().Add("RateLimit", `"requests";r=0;t=1`)
				if r.ContentLength < 0 && r.ProtoMajor == 1 {
					w.Header().Set("Connection", "close") // else net/http reads 256 KiB of the body before it answers
				}
				cpodkit.WriteError(w, r, err)
				return
			}
			defer s.leave(tenant)
			next.ServeHTTP(w, r)
		})
	}
}

// tenantOf returns whose request it is, or "".
func tenantOf(r *http.Request) string {
	if maker := cpodkit.RecordFromContext(r.Context()).URLMaker(); maker != nil {
		return maker.TenantID
	}
	id, _ := cpodkit.IdentityFromContext(r.Context())
	return id.TenantID
}

type requestShares struct {
	mu   sync.Mutex
	room *shares.Room
}

// enter returns an error, and how many requests the tenant has, when it may have no more.
func (s *requestShares) enter(tenant string) (held int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held = s.room.Held(tenant)
	if held > 0 && !s.room.Fits(tenant, 1) {
		err := cpodkit.Errorf(cpodkit.CodeRateLimited,
			"Your tenant has %d requests under way, which is its share; wait until some have ended.", held)
		err.RetryAfter = time.Second
		return held, err
	}
	s.room.Add(tenant, 1)
	return 0, nil
}

func (s *requestShares) leave(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room.Add(tenant, -1)
}
