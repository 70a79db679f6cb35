package rego

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// RouteInput is the input of data.http.allow: what a policy on routes knows of a call. What
// the rule does not read may be left out.
type RouteInput struct {
	Route  string `json:"route"`  // the name, such as "readFile"
	Access string `json:"access"` // "reads" or "writes"
	Public bool   `json:"public"` // the call needs no token
	Method string `json:"method"`

	// Path is the path of the URL, cut at each "/" and then decoded.
	Path []string `json:"path,omitempty"`

	// Params are the values of the wildcards in the pattern of the route, decoded.
	Params map[string]string `json:"params,omitempty"`

	Query map[string][]string `json:"query,omitempty"`

	// Headers are those that [WithHeaders] names, in lower case. Several with one name are
	// joined with ", ".
	Headers map[string]string `json:"headers,omitempty"`

	Identity *InputIdentity  `json:"identity,omitempty"`
	Claims   json.RawMessage `json:"claims,omitempty"` // all of the token; none for an API key

	ClientAddress string `json:"clientAddress,omitempty"`

	// Body is the JSON of the body, on routes that [WithBody] names.
	Body json.RawMessage `json:"body,omitempty"`
}

// AuthorizeInput is the input of data.authz.allow: the question of POST /v1/auth/authorize.
type AuthorizeInput struct {
	Identity InputIdentity `json:"identity"` // of the token that is asked about
	Claims   authz.Claims  `json:"claims"`   // all of that token
	Action   string        `json:"action"`
	Resource string        `json:"resource"`

	// Path is the resource, cut at each "/" and then decoded. There is none where the
	// resource is not a clean path that begins with "/".
	Path []string `json:"path,omitempty"`

	Context json.RawMessage `json:"context,omitempty"` // what the caller sent besides
}

// InputIdentity is an identity in an input.
type InputIdentity struct {
	TenantID string         `json:"tenantId"`
	AppID    string         `json:"appId"`
	UserID   string         `json:"userId,omitempty"` // absent without a user
	Scopes   cpodkit.Scopes `json:"scopes"`
	TokenID  string         `json:"tokenId,omitempty"`
	Issuer   string         `json:"issuer,omitempty"`   // absent for an API key
	IssuedAt int64          `json:"issuedAt,omitempty"` // in seconds since 1970; absent for an API key
}

func inputIdentity(id cpodkit.Identity) InputIdentity {
	in := InputIdentity{
		TenantID: id.TenantID, AppID: id.AppID, UserID: id.UserID, Scopes: id.Scopes, TokenID: id.TokenID, Issuer: id.Issuer,
	}
	if in.Scopes == nil {
		in.Scopes = cpodkit.Scopes{}
	}
	if id.IssuedAt.After(time.Time{}) {
		in.IssuedAt = id.IssuedAt.Unix()
	}
	return in
}

func authorizeInput(q authz.Question) AuthorizeInput {
	return AuthorizeInput{
		Identity: inputIdentity(q.Identity), Claims: q.Claims, Action: q.Action, Resource: q.Resource,
		Path: cleanPath(q.Resource), Context: q.Context,
	}
}

// cleanPath returns the decoded segments of a path; nil for one that is not clean.
func cleanPath(path string) []string {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?#\\") {
		return nil
	}
	segments := segmentsOf(strings.TrimSuffix(path, "/"))
	if slices.ContainsFunc(segments, func(s string) bool { return s == "" || s == "." || s == ".." }) {
		return nil
	}
	return segments
}

// segmentsOf cuts an escaped path that begins with "/". A malformed segment is "".
func segmentsOf(path string) []string {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range segments {
		if strings.Contains(segment, "%") {
			segments[i], _ = url.PathUnescape(segment) // "" is no name
		}
	}
	return segments
}

// wildcards returns the names of the wildcards in a pattern of [http.ServeMux].
func wildcards(pattern string) []string {
	var names []string
	for {
		_, after, found := strings.Cut(pattern, "{")
		if !found {
			return names
		}
		name, rest, _ := strings.Cut(after, "}")
		if name = strings.TrimSuffix(name, "..."); name != "" && name != "$" {
			names = append(names, name)
		}
		pattern = rest
	}
}

// routeReader makes the input of one route.
type routeReader struct {
	fixed   RouteInput // what is the same for each call
	params  []string
	headers []string // in lower case
	maxBody int64    // 0 leaves the body alone
}

func newRouteReader(route cpodkit.Route, o *wrapOptions) *routeReader {
	access := "reads"
	if route.Access == cpodkit.Writes || route.Access == cpodkit.WritesAfter {
		access = "writes"
	}
	return &routeReader{
		fixed:   RouteInput{Route: route.Name, Access: access, Public: route.Public},
		params:  wildcards(route.Path()),
		headers: o.headers,
		maxBody: o.bodies[route.Name],
	}
}

// read fills in what a rule reads, except for the body.
func (p *routeReader) read(r *http.Request, id *cpodkit.Identity, in *RouteInput, rule *reads) {
	*in = p.fixed
	in.Method = r.Method
	if rule.needs("path") {
		in.Path = segmentsOf(r.URL.EscapedPath())
	}
	if len(p.params) > 0 && rule.needs("params") {
		in.Params = make(map[string]string, len(p.params))
		for _, name := range p.params {
			in.Params[name] = r.PathValue(name)
		}
	}
	if r.URL.RawQuery != "" && rule.needs("query") {
		in.Query = r.URL.Query()
	}
	if len(p.headers) > 0 && rule.needs("headers") {
		in.Headers = make(map[string]string, len(p.headers))
		for _, name := range p.headers {
			if values := r.Header.Values(name); len(values) > 0 {
				in.Headers[name] = strings.Join(values, ", ")
			}
		}
	}
	if id != nil && rule.needs("identity") {
		identity := inputIdentity(*id)
		in.Identity = &identity
	}
	if id != nil && rule.needs("claims") {
		if claims, ok := authz.ClaimsFromContext(r.Context()); ok {
			in.Claims, _ = claims.MarshalJSON() // those of a verified token are kept as JSON
		}
	}
	if rule.needs("clientAddress") {
		if addr := cpodkit.ClientAddr(r); addr.IsValid() {
			in.ClientAddress = addr.String()
		}
	}
}
