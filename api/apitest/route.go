package apitest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// template is a path of the document with its operations by method.
type template struct {
	segments   []segment
	operations map[string]*operation
}

type segment struct {
	kind segmentKind
	name string // the text of a literal, else the parameter's name
}

// segmentKind orders segments as http.ServeMux does: the more specific first.
type segmentKind int

const (
	literal segmentKind = iota
	single              // one segment
	rest                // all that follows, which may be empty
)

func splitTemplate(path, multi string) []segment {
	var segments []segment
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		name, isParameter := strings.CutPrefix(part, "{")
		name = strings.TrimSuffix(name, "}")
		switch {
		case !isParameter:
			segments = append(segments, segment{literal, part})
		case name == multi:
			segments = append(segments, segment{rest, name})
		default:
			segments = append(segments, segment{single, name})
		}
	}
	return segments
}

func moreSpecific(a, b template) int {
	return slices.CompareFunc(a.segments, b.segments, func(x, y segment) int {
		if x.kind != y.kind {
			return int(x.kind) - int(y.kind)
		}
		return strings.Compare(x.name, y.name)
	})
}

// match returns the path parameters, unescaped, when the escaped path fits.
func (t template) match(path string) (map[string]string, bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	values := map[string]string{}
	for i, seg := range t.segments {
		if i >= len(parts) {
			return nil, false
		}
		switch seg.kind {
		case literal:
			if unescape(parts[i]) != seg.name {
				return nil, false
			}
		case single:
			if parts[i] == "" {
				return nil, false
			}
			values[seg.name] = unescape(parts[i])
		case rest:
			values[seg.name] = unescape(strings.Join(parts[i:], "/"))
			return values, true
		}
	}
	return values, len(parts) == len(t.segments)
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// find returns the operation of a request and its path parameters. Without
// one, known tells whether the document knows the path at all. HEAD is served
// by GET where it is not an operation of its own.
func (c *Contract) find(method, path string) (op *operation, parameters map[string]string, known bool) {
	methods := []string{method}
	if method == http.MethodHead {
		methods = append(methods, http.MethodGet)
	}
	for _, m := range methods {
		for _, t := range c.templates {
			values, ok := t.match(path)
			if !ok {
				continue
			}
			known = true
			if op := t.operations[m]; op != nil {
				return op, values, true
			}
		}
	}
	return nil, nil, known
}

// requestPath is the escaped path as it goes over the wire.
func requestPath(req *http.Request) string {
	if req.URL.Opaque == "" {
		return req.URL.EscapedPath()
	}
	if u, err := url.Parse(req.URL.Opaque); err == nil {
		return u.EscapedPath()
	}
	return req.URL.Opaque
}

// cleanPath reports whether neither the escaped path nor what it stands for
// has an empty, "." or ".." segment before its last slash.
func cleanPath(escaped string) bool {
	for _, path := range []string{escaped, unescape(escaped)} {
		path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
		if path == "" {
			continue
		}
		for part := range strings.SplitSeq(path, "/") {
			if part == "" || part == "." || part == ".." {
				return false
			}
		}
	}
	return true
}
