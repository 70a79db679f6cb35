// Package trailer has handlers see the trailer of a request that middleware copies.
package trailer

import "net/http"

// Keep makes the copies of r (see [http.Request.WithContext]) hold its trailer at the end
// of the body. Without it, net/http sets a trailer that the header does not announce on r
// alone. Middleware that may be the first to copy a request calls Keep before it copies.
func Keep(r *http.Request) {
	if r.Trailer == nil && len(r.TransferEncoding) > 0 {
		r.Trailer = http.Header{}
	}
}
