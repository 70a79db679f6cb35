// Package apitest checks a server's real answers against the OpenAPI document
// of package api. A test puts [Transport] into its HTTP client and goes on as
// before; an answer that the document does not describe fails the test.
//
// It is meant for tests only: it links an OpenAPI reader and a JSON Schema
// validator.
package apitest

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cpodkit/cpodkit/api"
)

// Contract is the OpenAPI document, read and compiled. It is safe for
// concurrent use.
type Contract struct {
	templates []template
	problem   *jsonschema.Schema
}

// load takes a tenth of a second, and is done once in a process.
var load = sync.OnceValues(func() (*Contract, error) { return newContract(api.Spec()) })

// Load returns the contract. It ends t when the document is broken.
func Load(t testing.TB) *Contract {
	t.Helper()
	c, err := load()
	if err != nil {
		t.Fatalf("apitest: %v", err)
	}
	return c
}

// Transport is [Contract.Transport] of what [Load] returns.
func Transport(t testing.TB, base http.RoundTripper) http.RoundTripper {
	t.Helper()
	return Load(t).Transport(t, base)
}

// Transport returns a transport that sends requests with base, or with
// [http.DefaultTransport] when base is nil, and fails t with Errorf when
//
//   - the path, the method or the status is not documented,
//   - the content type, a header or the JSON body of the answer is not what the
//     document says,
//   - a request was accepted (2xx) that the document does not permit: a bad
//     parameter or body, or no token where one is needed,
//   - the answer does not return the request's X-Request-Id, or a problem
//     contradicts its own status, code or request id.
//
// A path that the document does not know must be answered 404, one that is not
// clean 400 or 404, and a method that it does not know 405 with Allow, each as
// a problem. Transport never changes what the caller sees: JSON bodies up to
// 64 MiB are read ahead and handed on, all others (files, larger JSON) pass
// unread. It is safe for concurrent use, until t ends.
func (c *Contract) Transport(t testing.TB, base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &transport{t: t, base: base, contract: c}
}

type transport struct {
	t        testing.TB
	base     http.RoundTripper
	contract *Contract
}

func (tr *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	tr.t.Helper()
	sent, body := recordBody(req)
	resp, err := tr.base.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	if violations := tr.contract.check(req, body, resp); len(violations) > 0 {
		tr.t.Errorf("apitest: %s %s answered %d, against api/openapi.yaml:\n\t%s",
			req.Method, requestPath(req), resp.StatusCode, strings.Join(violations, "\n\t"))
	}
	return resp, nil
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] reach base.
func (tr *transport) CloseIdleConnections() {
	if c, ok := tr.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
