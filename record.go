package cpodkit

import (
	"context"
	"net/netip"
	"sync/atomic"
)

// Record is what the parts of a server learn of one request. The outermost
// middleware makes it (see package httpserver); [Mount] notes the route,
// [WithIdentity] the identity, [WithClientAddr] the address of the client, a rate
// limit its name, the authorization server the client, and [WriteError] the
// failure. Logs, telemetry and audit read it after the call.
//
// It is safe for concurrent use. The methods of a nil Record return zero values
// and note nothing, so that nobody has to ask whether there is one.
type Record struct {
	id     string
	server ServerInfo

	route    atomic.Pointer[Route]
	identity atomic.Pointer[Identity]
	failure  atomic.Pointer[Error]
	limit    atomic.Pointer[string]
	client   atomic.Pointer[string]
	urlMaker atomic.Pointer[Identity]

	clientAddr atomic.Pointer[netip.Addr]
}

// ServerInfo is what answers say of the server itself.
type ServerInfo struct {
	// ErrorTypeBase and a code make the "type" URI of a problem (RFC 9457 section
	// 3.1.1). "" is "urn:cpodkit:error:".
	ErrorTypeBase string

	// Realm stands in WWW-Authenticate (RFC 9110 section 11.5). "" is "api".
	Realm string

	// ResourceMetadata is the URL of the metadata that say how tokens are got (RFC 9728
	// section 3). It stands in the challenges of 401 and 403 (section 5.1); "" for none.
	ResourceMetadata string

	// CallsHint is a sentence that says where the calls of the server are
	// described. It is added to the answer for an unknown path.
	CallsHint string
}

type recordKey struct{}

// WithRecord returns a context with a new Record, for a request with this id. The
// outermost middleware of a server calls it.
func WithRecord(ctx context.Context, requestID string, server ServerInfo) (context.Context, *Record) {
	rec := &Record{id: requestID, server: server}
	return context.WithValue(ctx, recordKey{}, rec), rec
}

// RecordFromContext returns the record of the request, or nil.
func RecordFromContext(ctx context.Context) *Record {
	rec, _ := ctx.Value(recordKey{}).(*Record)
	return rec
}

// RequestID returns the id of the request.
func (r *Record) RequestID() string {
	if r == nil {
		return ""
	}
	return r.id
}

// Route returns the route that serves the request, or nil. It is not to be
// changed.
func (r *Record) Route() *Route {
	if r == nil {
		return nil
	}
	return r.route.Load()
}

// Identity returns for whom the request acts, or nil. It is not to be changed.
func (r *Record) Identity() *Identity {
	if r == nil {
		return nil
	}
	return r.identity.Load()
}

// Failure returns the error that the request was answered with, or nil.
func (r *Record) Failure() *Error {
	if r == nil {
		return nil
	}
	return r.failure.Load()
}

// Limit returns the name of the rate limit that refused the request, or "".
func (r *Record) Limit() string {
	if r == nil {
		return ""
	}
	return deref(r.limit.Load())
}

// NoteLimit notes the name of the rate limit that refuses the request.
func (r *Record) NoteLimit(name string) {
	if r != nil {
		r.limit.Store(&name)
	}
}

// ClientID returns the client_id of the app that a request without an identity acts
// for, or "": the one that a call of an OAuth endpoint names, also where its secret is
// wrong, or the app that made the signed URL of the request.
func (r *Record) ClientID() string {
	if r == nil {
		return ""
	}
	return deref(r.client.Load())
}

// NoteClientID notes the client_id of the app that a request without an identity acts
// for.
func (r *Record) NoteClientID(id string) {
	if r != nil {
		r.client.Store(&id)
	}
}

// URLMaker returns the credential that made the signed URL of the request, or nil. It is
// there also where the URL is refused, if its seal is whole. Only TenantID, AppID, TokenID
// and, for an API key, KeyDigest are set. The request does not act for it as an identity:
// its right is the URL. It is not to be changed.
func (r *Record) URLMaker() *Identity {
	if r == nil {
		return nil
	}
	return r.urlMaker.Load()
}

// NoteURLMaker notes the credential that made the signed URL of the request.
func (r *Record) NoteURLMaker(maker Identity) {
	if r != nil {
		r.urlMaker.Store(&maker)
	}
}

// noteFailure notes what the request was answered with.
func (r *Record) noteFailure(e *Error) {
	if r != nil {
		r.failure.Store(e)
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// RequestID returns the id of the request, or "" where it has no [Record].
func RequestID(ctx context.Context) string { return RecordFromContext(ctx).RequestID() }

// serverInfo returns what answers of the request say of the server.
func serverInfo(ctx context.Context) ServerInfo {
	var s ServerInfo
	if rec := RecordFromContext(ctx); rec != nil {
		s = rec.server
	}
	if s.ErrorTypeBase == "" {
		s.ErrorTypeBase = "urn:cpodkit:error:"
	}
	if s.Realm == "" {
		s.Realm = "api"
	}
	return s
}
