// Package header reads the headers of a request strictly.
package header

import (
	"net/http"

	"github.com/cpodkit/cpodkit"
)

// Refuse returns a bad_request error when the request has one of the named
// headers, for conditions that a call cannot keep: to ignore one would destroy
// what the caller wants to protect.
func Refuse(h http.Header, names ...string) error {
	for _, name := range names {
		if len(h.Values(name)) > 0 {
			return cpodkit.Errorf(cpodkit.CodeBadRequest, "This call does not take the header %s.", name)
		}
	}
	return nil
}
