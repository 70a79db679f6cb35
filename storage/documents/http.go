package documents

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/storage"
)

// Routes returns the calls under /v1/storage/db. Their scope depends on the
// tier, so they check it themselves.
func (s *Store) Routes() []cpodkit.Route {
	return []cpodkit.Route{
		s.route("listCollections", "GET /v1/storage/db", cpodkit.Reads, serveList, "tier", "app", "limit", "cursor"),
		s.route("setDocument", "PUT /v1/storage/db/{collection}/{key}", cpodkit.Writes, inCollection(serveSet), "tier"),
		s.route("getDocument", "GET /v1/storage/db/{collection}/{key}", cpodkit.Reads, inCollection(serveGet), "tier", "app"),
		s.route("deleteDocument", "DELETE /v1/storage/db/{collection}/{key}", cpodkit.Writes, inCollection(serveDelete), "tier"),
		s.route("queryDocuments", "POST /v1/storage/db/{collection}/query", cpodkit.Reads, inCollection(serveQuery), "tier", "app"),
		s.route("batchDocuments", "POST /v1/storage/db/{collection}/batch", cpodkit.Writes, inCollection(serveBatch), "tier"),
	}
}

type call func(w http.ResponseWriter, r *http.Request, q rest.Query, h Handle) error

// route serves a call in the tier and of the app that its query names.
func (s *Store) route(name, pattern string, access cpodkit.Access, serve call, parameters ...string) cpodkit.Route {
	handler := rest.Handler(func(w http.ResponseWriter, r *http.Request, q rest.Query) error {
		caller, err := storage.FromRequest(r.Context(), q)
		if err != nil {
			return err
		}
		return serve(w, r, q, Handle{s, caller})
	}, parameters...)
	return cpodkit.Route{Name: name, Pattern: pattern, Scopes: []string{cpodkit.ByRequest}, Access: access, Handler: handler}
}

// inCollection serves a call on the collection that its path names.
func inCollection(serve func(http.ResponseWriter, *http.Request, Collection) error) call {
	return func(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
		return serve(w, r, h.Collection(r.PathValue("collection")))
	}
}

func serveList(w http.ResponseWriter, r *http.Request, q rest.Query, h Handle) error {
	limit, err := q.Limit()
	if err != nil {
		return err
	}
	opts := ListOptions{Limit: limit, Cursor: q.Get("cursor")}
	if q.Has("cursor") && opts.Cursor == "" {
		return errListCursor(nil)
	}
	page, err := h.List(r.Context(), opts)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, http.StatusOK, page)
	return nil
}

func serveSet(w http.ResponseWriter, r *http.Request, c Collection) error {
	key := r.PathValue("key")
	in, err := c.authorizeWriteOf(key) // before the body is read
	if err != nil {
		return err
	}
	conditions, err := rest.WriteConditions(r.Header)
	if err != nil {
		return err
	}
	value, err := cpodkit.ReadJSON(w, r, MaxValue)
	if err != nil {
		return err
	}
	d, err := c.handle.store.set(r.Context(), in, key, value, SetOptions{
		IfMatch: conditions.IfMatch, IfPresent: conditions.MustExist, IfAbsent: conditions.IfAbsent,
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if conditions.IfAbsent {
		status = http.StatusCreated
	}
	body := appendKey(append(make([]byte, 0, len(key)+128), `{"key":`...), d.Key)
	w.Header().Set("ETag", rest.ETag(d.Version))
	rest.WriteRaw(w, status, appendVersion(body, d))
	return nil
}

func serveGet(w http.ResponseWriter, r *http.Request, c Collection) error {
	d, err := c.Get(r.Context(), r.PathValue("key"))
	if err != nil {
		return err
	}
	d.App = "" // only the items of lists tell it
	h := w.Header()
	h.Set("ETag", rest.ETag(d.Version))
	h.Set("Last-Modified", d.UpdatedAt.Format(http.TimeFormat))
	// A browser may keep it, but asks each time whether it is still the same.
	h.Set("Cache-Control", "private, no-cache")
	if rest.Unchanged(r.Header, d.Version) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	rest.WriteRaw(w, http.StatusOK, appendDocument(make([]byte, 0, len(d.Value)+len(d.Key)+128), d))
	return nil
}

func serveDelete(w http.ResponseWriter, r *http.Request, c Collection) error {
	if err := rest.RefuseHeaders(r.Header, "If-None-Match"); err != nil {
		return err
	}
	conditions, err := rest.WriteConditions(r.Header)
	if err != nil {
		return err
	}
	opts := &DeleteOptions{IfMatch: conditions.IfMatch, IfPresent: conditions.MustExist}
	if err := c.Delete(r.Context(), r.PathValue("key"), opts); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func serveQuery(w http.ResponseWriter, r *http.Request, c Collection) error {
	reach, err := c.authorizeQuery()
	if err != nil {
		return err
	}
	var body queryBody
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	query, err := body.walk(reach, c.handle.caller.Apps, func(p *parser) { p.sort(body.Sort) })
	if err != nil {
		return err
	}
	page, err := c.query(r.Context(), query)
	if err != nil {
		return err
	}
	size := 64 + len(page.NextCursor)
	for _, d := range page.Items {
		size += len(d.Value) + len(d.Key) + len(d.App) + 128
	}
	b := append(make([]byte, 0, size), `{"items":[`...)
	for i, d := range page.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendDocument(b, d)
	}
	b = append(b, ']')
	if page.NextCursor != "" {
		b = appendKey(append(b, `,"nextCursor":`...), page.NextCursor)
	}
	rest.WriteRaw(w, http.StatusOK, append(b, '}'))
	return nil
}

func serveBatch(w http.ResponseWriter, r *http.Request, c Collection) error {
	in, err := c.authorizeWrite()
	if err != nil {
		return err
	}
	if err := rest.RefuseConditions(r.Header); err != nil {
		return err
	}
	var body struct {
		Ops []struct {
			Op    *string         `json:"op"`
			Key   *string         `json:"key"`
			Value json.RawMessage `json:"value"`
		} `json:"ops"`
	}
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	var p parser
	ops := make([]BatchOp, len(body.Ops))
	for i, op := range body.Ops {
		at := fmt.Sprintf("/ops/%d", i)
		isSet, isDelete := op.Op != nil && *op.Op == "set", op.Op != nil && *op.Op == "delete"
		switch {
		case !isSet && !isDelete:
			p.fault(at+"/op", `must be "set" or "delete"`)
		case isSet && op.Value == nil:
			p.fault(at+"/value", "is missing; set takes any JSON")
		case isDelete && op.Value != nil && string(op.Value) != "null":
			p.fault(at+"/value", "does not go with delete")
		}
		if op.Key == nil {
			p.fault(at+"/key", "is missing")
			continue
		}
		ops[i] = BatchOp{Key: *op.Key, Value: op.Value, Delete: isDelete}
	}
	if err := p.err(); err != nil {
		return err
	}
	result, err := c.handle.store.batch(r.Context(), in, ops)
	if err != nil {
		return err
	}
	cpodkit.WriteJSON(w, r, http.StatusOK, result)
	return nil
}
