package kv

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/storage"
)

// maxSetBody takes every string of [MaxValue] bytes, also when each byte of it
// is sent as a \u escape of six, and some room for the rest of the body.
const maxSetBody = 6*MaxValue + 4<<10

// Routes returns the calls under /v1/storage/kv. A key is one path segment: a
// slash in it is sent as %2F. Their scope depends on the tier.
func (s *Store) Routes() []cpodkit.Route {
	route := func(name, pattern string, access cpodkit.Access, serve call, parameters ...string) cpodkit.Route {
		return cpodkit.Route{
			Name: name, Pattern: pattern, Scopes: []string{cpodkit.ByRequest}, Access: access,
			Handler: s.handler(serve, append(parameters, "tier")),
		}
	}
	return []cpodkit.Route{
		route("setEntry", "PUT /v1/storage/kv/{key}", cpodkit.WritesAfter, serveSet),
		route("getEntry", "GET /v1/storage/kv/{key}", cpodkit.Reads, serveGet),
		route("entryExists", "HEAD /v1/storage/kv/{key}", cpodkit.Reads, serveExists),
		route("deleteEntry", "DELETE /v1/storage/kv/{key}", cpodkit.WritesAfter, serveDelete, "ifValue"),
		route("incrementEntry", "POST /v1/storage/kv/{key}/incr", cpodkit.WritesAfter, serveIncr),
		route("getEntryTTL", "GET /v1/storage/kv/{key}/ttl", cpodkit.Reads, serveTTL),
	}
}

type call func(w http.ResponseWriter, r *http.Request, q rest.Query, h Handle) error

// handler serves one call on the identity's entries in the tier of the query.
func (s *Store) handler(serve call, parameters []string) http.Handler {
	return rest.Handler(func(w http.ResponseWriter, r *http.Request, q rest.Query) error {
		caller, err := storage.FromRequest(r.Context(), q)
		if err != nil {
			return err
		}
		return serve(w, r, q, Handle{s, caller})
	}, parameters...)
}

func serveSet(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	// Nobody makes the server read a large body who may not write.
	path, err := h.path(r.PathValue("key"), storage.Write)
	if err != nil {
		return err
	}
	if err := rest.RefuseHeaders(r.Header, "If-Match"); err != nil { // an entry has no ETag
		return err
	}
	conditions, err := rest.WriteConditions(r.Header)
	if err != nil {
		return err
	}
	opts := SetOptions{IfAbsent: conditions.IfAbsent}
	var body struct {
		Value json.RawMessage `json:"value"`
		TTL   *int64          `json:"ttl"`
	}
	if err := cpodkit.DecodeJSON(w, r, &body, maxSetBody); err != nil {
		return err
	}
	if body.Value == nil {
		return invalid("/value", "is missing")
	}
	if body.TTL != nil {
		const most = int64(MaxTTL / time.Second)
		if *body.TTL < 1 || *body.TTL > most {
			return invalid("/ttl", fmt.Sprintf("must be 1 to %d seconds", most))
		}
		opts.TTL = time.Duration(*body.TTL) * time.Second
	}
	value, err := valueText(body.Value)
	if err != nil {
		return err
	}
	if err := h.store.setAt(r.Context(), path, value, opts); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// valueText is what is stored for a JSON value: the text of a string, and the
// compacted bytes of anything else.
func valueText(raw json.RawMessage) (string, error) {
	if raw[0] == '"' {
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err
	}
	var compact bytes.Buffer
	err := json.Compact(&compact, raw)
	return compact.String(), err
}

func serveGet(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	value, err := h.Get(r.Context(), r.PathValue("key"))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, http.StatusOK, struct {
		Value string `json:"value"`
	}{value})
	return nil
}

func serveExists(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	exists, err := h.Exists(r.Context(), r.PathValue("key"))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	if !exists {
		w.WriteHeader(http.StatusNotFound)
	}
	return nil
}

func serveDelete(w http.ResponseWriter, r *http.Request, q rest.Query, h Handle) error {
	err := rest.RefuseConditions(r.Header)
	switch {
	case err != nil:
	case q.Has("ifValue"):
		err = h.DeleteIf(r.Context(), r.PathValue("key"), q.Get("ifValue"))
	default:
		err = h.Delete(r.Context(), r.PathValue("key"))
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func serveIncr(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	path, err := h.path(r.PathValue("key"), storage.Write)
	if err != nil {
		return err
	}
	if err := rest.RefuseConditions(r.Header); err != nil {
		return err
	}
	raw, err := cpodkit.ReadJSON(w, r, 0)
	if err != nil {
		return err
	}
	var body struct {
		By *int64 `json:"by"`
	}
	if len(raw) > 0 {
		if err := cpodkit.UnmarshalStrict(raw, &body); err != nil {
			return err
		}
	}
	by := int64(1)
	if body.By != nil {
		by = *body.By
	}
	sum, err := h.store.incrAt(r.Context(), path, by)
	if err != nil {
		return err
	}
	cpodkit.WriteJSON(w, r, http.StatusOK, struct {
		Value int64 `json:"value"`
	}{sum})
	return nil
}

func serveTTL(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	left, err := h.TTL(r.Context(), r.PathValue("key"))
	if err != nil {
		return err
	}
	seconds := int64(-1)
	if left > 0 {
		seconds = int64((left + time.Second - 1) / time.Second)
	}
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, http.StatusOK, struct {
		TTL int64 `json:"ttl"`
	}{seconds})
	return nil
}
