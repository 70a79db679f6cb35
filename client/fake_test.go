package client_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// fake is a small cpod-backend in memory: enough of the API for the examples and the walk through the seed. Tiers are
// prefixes of its keys; its clock stands still, and cursors are plain.
type fake struct {
	mu    sync.Mutex
	files map[string]storedFile
	docs  map[string]json.RawMessage
	kv    map[string]storedKey
	apps  map[string]map[string]any
	now   time.Time
	url   string
}

type storedFile struct {
	content, contentType, etag string
}

type storedKey struct {
	value string
	ttl   int64
}

func newFake() *fake {
	return &fake{
		files: map[string]storedFile{}, docs: map[string]json.RawMessage{}, kv: map[string]storedKey{},
		apps: map[string]map[string]any{}, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

// startFake serves a fake and returns a client for it.
func startFake() (*client.Client, func()) {
	f := newFake()
	server := httptest.NewServer(f.handler())
	f.url = server.URL
	c, err := client.New(client.Config{BaseURL: server.URL, ClientID: "app-myservice", ClientSecret: "cs_example"})
	if err != nil {
		panic(err)
	}
	return c, func() {
		c.CloseIdleConnections()
		server.Close()
	}
}

func (f *fake) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]http.HandlerFunc{
		"POST /v1/oauth/token":                     f.token,
		"POST /v1/oauth/apps":                      f.registerApp,
		"PUT /v1/storage/files/{key...}":           f.putFile,
		"GET /v1/storage/files/{key...}":           f.getFile,
		"DELETE /v1/storage/files/{key...}":        f.deleteFile,
		"GET /v1/storage/files":                    f.listFiles,
		"POST /v1/storage/file-urls":               f.signFile,
		"PUT /v1/storage/db/{collection}/{key}":    f.putDocument,
		"GET /v1/storage/db/{collection}/{key}":    f.getDocument,
		"POST /v1/storage/db/{collection}/{query}": f.queryOrBatch,
		"PUT /v1/storage/kv/{key}":                 f.putKey,
		"GET /v1/storage/kv/{key}":                 f.getKey,
		"DELETE /v1/storage/kv/{key}":              f.deleteKey,
		"POST /v1/storage/kv/{key}/incr":           f.incrKey,
		"GET /v1/storage/kv/{key}/ttl":             f.ttlKey,
	} {
		mux.HandleFunc(pattern, handle)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		w.Header().Set("X-Request-Id", "r1")
		if r.URL.Path != "/v1/oauth/token" && r.Header.Get("Authorization") != "Bearer t" {
			respondProblem(w, http.StatusUnauthorized, "missing_token")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (f *fake) name(r *http.Request, parts ...string) string {
	tier := r.URL.Query().Get("tier")
	if tier == "" {
		tier = "private"
	}
	for _, part := range parts {
		tier += "/" + r.PathValue(part)
	}
	return tier
}

func (f *fake) token(w http.ResponseWriter, r *http.Request) {
	if id, secret, _ := r.BasicAuth(); id != "app-myservice" || secret != "cs_example" {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"access_token": "t", "token_type": "Bearer", "expires_in": 3600})
}

func (f *fake) registerApp(w http.ResponseWriter, r *http.Request) {
	app := readJSON[map[string]any](r)
	id := fmt.Sprint(app["client_id"])
	if f.apps[id] != nil {
		respondProblem(w, http.StatusConflict, "conflict")
		return
	}
	f.apps[id] = app
	app["created_at"], app["client_secret"] = f.now, "cs_shown_once"
	writeJSON(w, http.StatusCreated, app)
}

func (f *fake) fileJSON(name string) map[string]any {
	tier, key, _ := strings.Cut(name, "/")
	file := f.files[name]
	return map[string]any{
		"key": key, "tier": tier, "size": len(file.content), "etag": file.etag, "contentType": file.contentType, "lastModified": f.now,
	}
}

func (f *fake) putFile(w http.ResponseWriter, r *http.Request) {
	name := f.name(r, "key")
	content, err := io.ReadAll(r.Body)
	if err != nil {
		respondProblem(w, http.StatusBadRequest, "bad_request")
		return
	}
	f.files[name] = storedFile{string(content), r.Header.Get("Content-Type"), fmt.Sprintf("e%d", len(f.files))}
	writeJSON(w, http.StatusOK, f.fileJSON(name))
}

func (f *fake) getFile(w http.ResponseWriter, r *http.Request) {
	file, found := f.files[f.name(r, "key")]
	if !found {
		respond(w, http.StatusNotFound, "application/problem+json", `{"code":"not_found","detail":"there is no such file"}`)
		return
	}
	w.Header().Set("Content-Type", file.contentType)
	w.Header().Set("ETag", `"`+file.etag+`"`)
	http.ServeContent(w, r, "", f.now, strings.NewReader(file.content))
}

func (f *fake) deleteFile(w http.ResponseWriter, r *http.Request) {
	delete(f.files, f.name(r, "key"))
	w.WriteHeader(http.StatusNoContent)
}

func (f *fake) listFiles(w http.ResponseWriter, r *http.Request) {
	var items []any
	for _, name := range slices.Sorted(maps.Keys(f.files)) {
		if strings.HasPrefix(name, f.name(r)+"/"+r.URL.Query().Get("prefix")) {
			items = append(items, f.fileJSON(name))
		}
	}
	writePage(w, items, r.URL.Query().Get("limit"), r.URL.Query().Get("cursor"))
}

func (f *fake) signFile(w http.ResponseWriter, r *http.Request) {
	ask := readJSON[struct {
		Method    string
		ExpiresIn int
	}](r)
	writeJSON(w, http.StatusOK, map[string]any{
		"url": f.url + "/v1/storage/signed/opaque", "method": ask.Method, "expiresAt": f.now.Add(time.Duration(ask.ExpiresIn) * time.Second),
	})
}

func (f *fake) documentJSON(name string) map[string]any {
	parts := strings.SplitN(name, "/", 3)
	return map[string]any{"key": parts[2], "value": f.docs[name], "version": "v1", "updatedAt": f.now}
}

func (f *fake) putDocument(w http.ResponseWriter, r *http.Request) {
	name := f.name(r, "collection", "key")
	f.docs[name] = readJSON[json.RawMessage](r)
	writeJSON(w, http.StatusOK, f.documentJSON(name))
}

func (f *fake) getDocument(w http.ResponseWriter, r *http.Request) {
	name := f.name(r, "collection", "key")
	if f.docs[name] == nil {
		respondProblem(w, http.StatusNotFound, "not_found")
		return
	}
	writeJSON(w, http.StatusOK, f.documentJSON(name))
}

// queryOrBatch knows equality on single fields, and one order.
func (f *fake) queryOrBatch(w http.ResponseWriter, r *http.Request) {
	ask := readJSON[struct {
		Filter map[string]any
		Sort   map[string]int
		Limit  int
		Cursor string
		Ops    []struct {
			Op, Key string
			Value   json.RawMessage
		}
	}](r)
	collection := f.name(r, "collection") + "/"
	if r.PathValue("query") == "batch" {
		for _, op := range ask.Ops {
			if delete(f.docs, collection+op.Key); op.Op == "set" {
				f.docs[collection+op.Key] = op.Value
			}
		}
		writeJSON(w, http.StatusOK, map[string]any{"succeeded": len(ask.Ops), "failed": 0, "errors": []any{}})
		return
	}
	field := func(name, path string) any {
		var value map[string]any
		_ = json.Unmarshal(f.docs[name], &value)
		return value[path]
	}
	names := slices.Sorted(maps.Keys(f.docs))
	names = slices.DeleteFunc(names, func(name string) bool {
		for path, want := range ask.Filter {
			if field(name, path) != want {
				return true
			}
		}
		return !strings.HasPrefix(name, collection)
	})
	for path, direction := range ask.Sort {
		slices.SortStableFunc(names, func(a, b string) int {
			return direction * strings.Compare(fmt.Sprint(field(a, path)), fmt.Sprint(field(b, path)))
		})
	}
	var items []any
	for _, name := range names {
		items = append(items, f.documentJSON(name))
	}
	writePage(w, items, strconv.Itoa(ask.Limit), ask.Cursor)
}

func (f *fake) putKey(w http.ResponseWriter, r *http.Request) {
	name := f.name(r, "key")
	if _, found := f.kv[name]; found && r.Header.Get("If-None-Match") == "*" {
		respondProblem(w, http.StatusPreconditionFailed, "precondition_failed")
		return
	}
	ask := readJSON[struct {
		Value json.RawMessage
		TTL   int64
	}](r)
	stored := storedKey{value: string(ask.Value), ttl: -1}
	_ = json.Unmarshal(ask.Value, &stored.value)
	if ask.TTL > 0 {
		stored.ttl = ask.TTL
	}
	f.kv[name] = stored
	w.WriteHeader(http.StatusNoContent)
}

func (f *fake) getKey(w http.ResponseWriter, r *http.Request) {
	stored, found := f.kv[f.name(r, "key")]
	if !found {
		respondProblem(w, http.StatusNotFound, "not_found")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"value": stored.value})
}

func (f *fake) ttlKey(w http.ResponseWriter, r *http.Request) {
	stored, found := f.kv[f.name(r, "key")]
	if !found {
		respondProblem(w, http.StatusNotFound, "not_found")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"ttl": stored.ttl})
}

func (f *fake) deleteKey(w http.ResponseWriter, r *http.Request) {
	name := f.name(r, "key")
	if query := r.URL.Query(); query.Has("ifValue") && f.kv[name].value != query.Get("ifValue") {
		respondProblem(w, http.StatusPreconditionFailed, "precondition_failed")
		return
	}
	delete(f.kv, name)
	w.WriteHeader(http.StatusNoContent)
}

func (f *fake) incrKey(w http.ResponseWriter, r *http.Request) {
	name := f.name(r, "key")
	stored, found := f.kv[name]
	if !found {
		stored = storedKey{"0", -1}
	}
	value, err := strconv.ParseInt(stored.value, 10, 64)
	if err != nil {
		respondProblem(w, http.StatusConflict, "conflict")
		return
	}
	value += readJSON[struct{ By int64 }](r).By
	stored.value = strconv.FormatInt(value, 10)
	f.kv[name] = stored
	writeJSON(w, http.StatusOK, map[string]any{"value": value})
}

func readJSON[T any](r *http.Request) T {
	var value T
	if err := json.NewDecoder(r.Body).Decode(&value); err != nil {
		panic(err)
	}
	return value
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	respond(w, status, "application/json", string(body))
}

func writePage(w http.ResponseWriter, items []any, limit, cursor string) {
	size, _ := strconv.Atoi(limit)
	if size == 0 {
		size = 50
	}
	start, _ := strconv.Atoi(cursor)
	end := min(start+size, len(items))
	page := map[string]any{"items": append([]any{}, items[start:end]...)}
	if end < len(items) {
		page["nextCursor"] = strconv.Itoa(end)
	}
	writeJSON(w, http.StatusOK, page)
}
