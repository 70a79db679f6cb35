package kv

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/header"
	"github.com/cpodkit/cpodkit/internal/query"
	"github.com/cpodkit/cpodkit/storage"
)

// maxSetBody takes every string of [MaxValue] bytes, also when each byte of it
// is sent as a \u escape of six, and some room for the rest of the body.
const maxSetBody = 6*MaxValue + 4<<10

// Routes returns the calls under /v1/storage/kv. A key is one path segment: a
// slash in it is sent as %2F. Their scope depends on the tier.
func (s *Store) Routes() []cpodkit.Route {
	route := func(name, pattern string, access cpodkit.Access, serve call) cpodkit.Route {
		return cpodkit.Route{
			Name: name, Pattern: pattern, Scopes: []string{cpodkit.ByRequest}, Access: access, Handler: s.handler(serve),
		}
	}
	return []cpodkit.Route{
		route("setEntry", "PUT /v1/storage/kv/{key}", cpodkit.WritesAfter, serveSet),
		route("getEntry", "GET /v1/storage/kv/{key}", cpodkit.Reads, serveGet),
		route("entryExists", "HEAD /v1/storage/kv/{key}", cpodkit.Reads, serveExists),
		route("deleteEntry", "DELETE /v1/storage/kv/{key}", cpodkit.WritesAfter, serveDelete),
		route("incrementEntry", "POST /v1/storage/kv/{key}/incr", cpodkit.WritesAfter, serveIncr),
		route("getEntryTTL", "GET /v1/storage/kv/{key}/ttl", cpodkit.Reads, serveTTL),
	}
}

type call func(w http.ResponseWriter, r *http.Request, h Handle, key string) error

// handler serves one call on the identity's entries in the tier of the query.
func (s *Store) handler(serve call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tier, err := storage.TierOf(r)
		if err == nil {
			id, _ := cpodkit.IdentityFromContext(r.Context()) // the zero identity may do nothing
			err = serve(w, r, s.For(id).Tier(tier), r.PathValue("key"))
		}
		if err != nil {
			cpodkit.WriteError(w, r, err)
		}
	})
}

func serveSet(w http.ResponseWriter, r *http.Request, h Handle, key string) error {
	// Nobody makes the server read a large body who may not write.
	if _, err := h.path(key, storage.Write); err != nil {
		return err
	}
	var opts SetOptions
	var err error
	if opts.IfAbsent, err = ifAbsent(r.Header); err != nil {
		return err
	}
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
	if err := h.Set(r.Context(), key, value, &opts); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// ifAbsent reads the conditions of a PUT.
func ifAbsent(h http.Header) (bool, error) {
	if err := header.Refuse(h, "If-Match", "If-Unmodified-Since"); err != nil {
		return false, err
	}
	switch values := h.Values("If-None-Match"); {
	case len(values) == 0:
		return false, nil
	case len(values) == 1 && values[0] == "*":
		return true, nil
	}
	return false, cpodkit.Errorf(cpodkit.CodeBadRequest, "A kv entry has no ETag; this call takes If-None-Match: * only.")
}

// valueText is what is stored for a JSON value: the text of a string, and the
// compacted bytes of anything else.
func valueText(raw json.RawMessage) (string, error) {
	if raw[0] == '"' {
		if hasLoneSurrogate(raw) {
			return "", invalid("/value", "holds half of a surrogate pair, which no text can keep")
		}
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err
	}
	var compact bytes.Buffer
	err := json.Compact(&compact, raw)
	return compact.String(), err
}

// hasLoneSurrogate reports whether a valid JSON string escapes a UTF-16
// surrogate without its other half (RFC 8259 section 8.2).
func hasLoneSurrogate(raw []byte) bool {
	high := false
	for i := 1; i < len(raw)-1; i++ {
		unit := rune(-1)
		if raw[i] == '\\' {
			i++
			if raw[i] == 'u' {
				parsed, _ := strconv.ParseUint(string(raw[i+1:i+5]), 16, 16)
				unit = rune(parsed)
				i += 4
			}
		}
		isLow := unit >= 0xdc00 && unit <= 0xdfff
		if isLow != high {
			return true
		}
		high = unit >= 0xd800 && unit <= 0xdbff
	}
	return high
}

func serveGet(w http.ResponseWriter, r *http.Request, h Handle, key string) error {
	value, err := h.Get(r.Context(), key)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, http.StatusOK, struct {
		Value string `json:"value"`
	}{value})
	return nil
}

func serveExists(w http.ResponseWriter, r *http.Request, h Handle, key string) error {
	exists, err := h.Exists(r.Context(), key)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	if !exists {
		w.WriteHeader(http.StatusNotFound)
	}
	return nil
}

func serveDelete(w http.ResponseWriter, r *http.Request, h Handle, key string) error {
	if err := header.Refuse(r.Header, "If-Match", "If-None-Match", "If-Unmodified-Since"); err != nil {
		return err
	}
	params, err := query.Of(r)
	if err != nil {
		return err
	}
	value, conditional, err := params.One("ifValue")
	if err != nil {
		return err
	}
	if conditional {
		err = h.DeleteIf(r.Context(), key, value)
	} else {
		err = h.Delete(r.Context(), key)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func serveIncr(w http.ResponseWriter, r *http.Request, h Handle, key string) error {
	if _, err := h.path(key, storage.Write); err != nil {
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
	sum, err := h.Incr(r.Context(), key, by)
	if err != nil {
		return err
	}
	cpodkit.WriteJSON(w, r, http.StatusOK, struct {
		Value int64 `json:"value"`
	}{sum})
	return nil
}

func serveTTL(w http.ResponseWriter, r *http.Request, h Handle, key string) error {
	left, err := h.TTL(r.Context(), key)
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
