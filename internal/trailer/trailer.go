// Package trailer has handlers see the trailer of a request that middleware copies.
package trailer

import "net/http"

// Keep has the copies of r (see [http.Request.WithContext]) hold its trailer at the end of
// the body. Without it net/http gives one that the header does not announce to r alone.
// Whoever may be the first to copy a request calls it before.
func Keep(r *http.Request) {
	if r.Trailer == nil && len(r.TransferEncoding) > 0 {
		r.Trailer = http.Header{}
	}
}
