package flags

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

const (
	streamPath = "/ofrep/v1/streams/flags"

	// configETag is the parameter in which a client repeats the etag of an event.
	configETag = "flagConfigEtag"

	// maxErrorDetails bounds how much of what is wrong an answer says.
	maxErrorDetails = 1 << 10
)

// ofrepFlag is one flag in an answer: a success, or a failure with an error code.
// Without a value the client's default holds.
type ofrepFlag struct {
	Key          string         `json:"key,omitempty"`
	Value        any            `json:"value,omitempty"`
	Reason       string         `json:"reason,omitempty"`
	Variant      string         `json:"variant,omitempty"`
	ErrorCode    ErrorCode      `json:"errorCode,omitempty"`
	ErrorDetails string         `json:"errorDetails,omitempty"`
	Metadata     map[string]any `json:"metadata,omitempty"`
}

func newOFREPFlag(r Result) ofrepFlag {
	f := ofrepFlag{Key: r.Key, Metadata: r.Metadata}
	if r.ErrorCode != "" {
		f.ErrorCode, f.ErrorDetails = r.ErrorCode, r.ErrorMessage
		return f
	}
	f.Value, f.Reason, f.Variant = r.Value, string(r.Reason), r.Variant
	return f
}

// bulkAnswer is all flags.
type bulkAnswer struct {
	Flags        []ofrepFlag    `json:"flags"`
	EventStreams []eventStream  `json:"eventStreams"`
	Metadata     map[string]any `json:"metadata,omitempty"`
}

// eventStream names the stream of changes, by its URL or by its path.
type eventStream struct {
	Type     string          `json:"type"`
	URL      string          `json:"url,omitempty"`
	Endpoint *streamEndpoint `json:"endpoint,omitempty"`
}

type streamEndpoint struct {
	RequestURI string `json:"requestUri"`
}

func (f *Flags) serveOFREP(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	c, err := readOFREP(w, r)
	if err != nil {
		return err
	}
	result, err := f.of(r).Evaluate(r.Context(), r.PathValue("key"), c)
	if err != nil {
		return err
	}
	answer, status := newOFREPFlag(result), http.StatusOK
	switch result.ErrorCode {
	case "":
	case ErrorFlagNotFound:
		status = http.StatusNotFound
	default:
		status = http.StatusBadRequest
	}
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, status, answer)
	return nil
}

// readOFREP reads the context of a request. Members of the body beside it are ignored.
func readOFREP(w http.ResponseWriter, r *http.Request) (*Context, error) {
	body, err := cpodkit.ReadJSON(w, r, maxEvaluateBody)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, cpodkit.Errorf(cpodkit.CodeBadRequest, "The body is not a JSON object.")
	}
	return contextAt("/context", members["context"])
}

// writeOFREPError answers with the protocol's own body where it has one.
func writeOFREPError(w http.ResponseWriter, r *http.Request, err error) {
	key := r.PathValue("key")
	cpodkit.WriteErrorAs(w, r, err, func(e *cpodkit.Error) (status int, body any) {
		switch status := cpodkit.StatusOf(e); status {
		case http.StatusBadRequest:
			return status, ofrepFlag{Key: key, ErrorCode: ErrorParse, ErrorDetails: e.Detail}
		case http.StatusUnprocessableEntity: // which the protocol does not have
			return http.StatusBadRequest, ofrepFlag{Key: key, ErrorCode: ErrorInvalidContext, ErrorDetails: detailsOf(e)}
		case http.StatusInternalServerError:
			return status, ofrepFlag{ErrorDetails: "Something went wrong on the server."}
		}
		return 0, nil
	})
}

// detailsOf words the members that are wrong.
func detailsOf(e *cpodkit.Error) string {
	parts := make([]string, len(e.Fields))
	for i, field := range e.Fields {
		parts[i] = field.Pointer + ": " + field.Detail
	}
	text := strings.Join(parts, "; ")
	return strings.ToValidUTF8(text[:min(len(text), maxErrorDetails)], "")
}

func (f *Flags) serveBulk(w http.ResponseWriter, r *http.Request, q rest.Query) error {
	c, err := readOFREP(w, r)
	if err != nil {
		return err
	}
	set, stale, err := f.since(r, q)
	if err != nil {
		return err
	}
	c = f.of(r).Complete(r.Context(), c)
	results := set.EvaluateAll(c)
	answer := bulkAnswer{Flags: make([]ofrepFlag, len(results)), EventStreams: f.streams, Metadata: set.Metadata()}
	for i, result := range results {
		answer.Flags[i] = newOFREPFlag(result)
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	tag, err := bulkTag(set, c, body)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("ETag", rest.ETag(tag))
	h.Set("Cache-Control", "private, no-cache")
	if !stale && rest.Unchanged(r.Header, tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	rest.WriteRaw(w, http.StatusOK, body)
	return nil
}

// bulkTag is an ETag over flags and context. The answer is a part of it, because rules
// may ask for the time.
func bulkTag(set *Set, c *Context, answer []byte) (string, error) {
	context, err := json.Marshal([]any{c.TargetingKey, c.Attributes, c.identity()}) // sorts members
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, part := range [][]byte{[]byte(set.version), context} {
		digest := sha256.Sum256(part)
		_, _ = hash.Write(digest[:]) // it never fails
	}
	_, _ = hash.Write(answer)
	return hex.EncodeToString(hash.Sum(nil)[:16]), nil
}

// since returns the flags of the caller. When the client has heard of a change that is
// not in effect here, they are read anew; stale reports that they still are others.
// What the client has at hand is then no reason for a 304.
func (f *Flags) since(r *http.Request, q rest.Query) (set *Set, stale bool, err error) {
	h := f.of(r)
	if set, err = h.Set(r.Context()); err != nil || !q.Has(configETag) {
		return set, false, err
	}
	told := strings.Trim(strings.TrimPrefix(q.Get(configETag), "W/"), `"`)
	if told == set.version {
		return set, false, nil
	}
	if err := f.Refresh(r.Context(), h.identity.TenantID); err != nil && r.Context().Err() != nil {
		return nil, false, err
	}
	set, err = h.Set(r.Context())
	return set, err == nil && told != set.version, err
}

// refetch is the event that says that flags have changed.
type refetch struct {
	Type string `json:"type"`
	ETag string `json:"etag"`
}

func (f *Flags) serveStream(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	h := f.of(r)
	if _, err := h.Set(r.Context()); err != nil {
		return err
	}
	return rest.ServeEvents(w, r, rest.DefaultHeartbeat, func(ctx context.Context, lastID string, send func(rest.Event) error) error {
		return f.versions(ctx, h.identity.TenantID, lastID, func(version string) error {
			return send(rest.Event{ID: version, Data: refetch{"refetchEvaluation", rest.ETag(version)}})
		})
	})
}

// versions calls changed with each version of a tenant's flags after the one that is
// given, or after the current one with "". Versions that come while one is handled may
// be left out, except the last one.
func (f *Flags) versions(ctx context.Context, tenantID, after string, changed func(version string) error) error {
	t := f.watched(tenantID)
	defer t.watch(-1)
	if err := f.reload(ctx, t, false); err != nil {
		return err
	}
	if after == "" {
		after = t.set.Load().version
	}
	for {
		t.mu.Lock()
		woken := t.changed
		t.mu.Unlock()
		if now := t.set.Load().version; now != after {
			if err := changed(now); err != nil {
				return err
			}
			after = now
		}
		select {
		case <-woken:
		case <-ctx.Done():
			return nil
		}
	}
}
