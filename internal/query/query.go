// Package query reads the query parameters of a call strictly: a malformed
// query and a parameter that stands twice are errors, because two readers of
// such a request may see two different calls.
package query

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/cpodkit/cpodkit"
)

// Bounds of a list's limit parameter.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

// Params are the parameters of one request.
type Params struct{ values url.Values }

// Of parses the query of r.
func Of(r *http.Request) (Params, error) {
	if r.URL.RawQuery == "" {
		return Params{}, nil
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Params{}, cpodkit.Errorf(cpodkit.CodeBadRequest, "The query of the URL is malformed.")
	}
	return Params{values}, nil
}

// Has reports whether the parameter is there.
func (p Params) Has(name string) bool { return p.values.Has(name) }

// One returns the value of a parameter and whether it is there.
func (p Params) One(name string) (value string, given bool, err error) {
	switch vs := p.values[name]; len(vs) {
	case 0:
		return "", false, nil
	case 1:
		return vs[0], true, nil
	}
	return "", true, cpodkit.Errorf(cpodkit.CodeBadRequest, "The query parameter %s stands more than once.", name)
}

// Limit returns the limit parameter: [DefaultLimit] when it is absent, and an
// error outside 1 to [MaxLimit].
func (p Params) Limit() (int, error) {
	text, given, err := p.One("limit")
	if err != nil {
		return 0, err
	}
	if !given {
		return DefaultLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > MaxLimit {
		return 0, cpodkit.Errorf(cpodkit.CodeBadRequest, "The query parameter limit is a number from 1 to %d.", MaxLimit)
	}
	return n, nil
}
