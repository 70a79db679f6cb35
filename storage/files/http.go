package files

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/header"
	"github.com/cpodkit/cpodkit/internal/query"
	"github.com/cpodkit/cpodkit/storage"
)

// Routes returns the calls under /v1/storage/files, /v1/storage/file-urls and
// /v1/storage/signed. The signed ones are public: their URL is the right.
func (s *Store) Routes() []cpodkit.Route {
	route := func(name, pattern string, serve func(http.ResponseWriter, *http.Request, Handle) error) cpodkit.Route {
		return cpodkit.Route{Name: name, Pattern: pattern, Scopes: []string{cpodkit.ByRequest}, Handler: s.handler(serve)}
	}
	signed := func(name, method string, serve func(*Store, http.ResponseWriter, *http.Request, place) error) cpodkit.Route {
		return cpodkit.Route{
			Name: name, Pattern: method + " " + signedPath + "{token}", Public: true, Handler: s.signedHandler(method, serve),
		}
	}
	return []cpodkit.Route{
		route("listFiles", "GET /v1/storage/files", serveList),
		route("writeFile", "PUT /v1/storage/files/{key...}", serveWrite),
		route("readFile", "GET /v1/storage/files/{key...}", serveRead),
		route("deleteFile", "DELETE /v1/storage/files/{key...}", serveDelete),
		route("signFileURL", "POST /v1/storage/file-urls", serveSignURL),
		signed("readSignedFile", http.MethodGet, (*Store).serveFile),
		signed("writeSignedFile", http.MethodPut, (*Store).storeFile),
	}
}

// handler serves one call on the identity's files, in the tier and of the app
// that the query names.
func (s *Store) handler(serve func(http.ResponseWriter, *http.Request, Handle) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tier, apps, err := storage.TargetOf(r)
		if err == nil {
			id, _ := cpodkit.IdentityFromContext(r.Context()) // the zero identity may do nothing
			err = serve(w, r, Handle{store: s, identity: id, tier: tier, apps: apps})
		}
		if err != nil {
			cpodkit.WriteError(w, r, err)
		}
	})
}

// signedHandler serves the file that the URL's token names.
func (s *Store) signedHandler(
	method string, serve func(*Store, http.ResponseWriter, *http.Request, place) error,
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Referrer-Policy", "no-referrer") // a link in the file must not give the URL away
		at, err := s.openToken(r.Context(), r.PathValue("token"), method)
		if err == nil {
			err = serve(s, w, r, at)
		}
		if err != nil {
			cpodkit.WriteError(w, r, err)
		}
	})
}

func serveWrite(w http.ResponseWriter, r *http.Request, h Handle) error {
	at, err := h.forWriting(r.PathValue("key"))
	if err != nil {
		return err
	}
	return h.store.storeFile(w, r, at)
}

func serveRead(w http.ResponseWriter, r *http.Request, h Handle) error {
	return h.read(r.Context(), r.PathValue("key"), func(at place) error { return h.store.serveFile(w, r, at) })
}

// storeFile answers a PUT. What can be refused by the header alone is refused
// before the body is asked for.
func (s *Store) storeFile(w http.ResponseWriter, r *http.Request, at place) error {
	opts, err := writeOptions(r.Header)
	if err != nil {
		return err
	}
	if s.maxSize > 0 && r.ContentLength > s.maxSize {
		return errTooLarge(s.maxSize)
	}
	file, err := s.write(r.Context(), at, requestBody{r.Body}, opts)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if opts.IfAbsent {
		status = http.StatusCreated
	}
	w.Header().Set("ETag", quoteETag(file.ETag))
	cpodkit.WriteJSON(w, r, status, struct {
		File
		Tier storage.Tier `json:"tier"`
	}{file, at.tier})
	return nil
}

// requestBody is a client's body: where it breaks off, the client is to blame.
type requestBody struct{ body io.Reader }

func (b requestBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = cpodkit.BodyError(err, cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "The body is larger than this server takes."))
	}
	return n, err
}

func serveDelete(w http.ResponseWriter, r *http.Request, h Handle) error {
	if err := header.Refuse(r.Header, "If-Match", "If-None-Match", "If-Unmodified-Since"); err != nil {
		return err
	}
	if err := h.Delete(r.Context(), r.PathValue("key")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func serveList(w http.ResponseWriter, r *http.Request, h Handle) error {
	params, err := query.Of(r)
	if err != nil {
		return err
	}
	var opts ListOptions
	if opts.Limit, err = params.Limit(); err != nil {
		return err
	}
	if opts.Prefix, _, err = params.One("prefix"); err != nil {
		return err
	}
	var folded, resumed bool
	if opts.Delimiter, folded, err = params.One("delimiter"); err != nil {
		return err
	}
	if opts.Cursor, resumed, err = params.One("cursor"); err != nil {
		return err
	}
	switch {
	case resumed && opts.Cursor == "":
		return errCursor()
	case folded && opts.Delimiter == "" && !resumed:
		return errDelimiter()
	}
	page, err := h.List(r.Context(), opts)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, http.StatusOK, page)
	return nil
}

func serveSignURL(w http.ResponseWriter, r *http.Request, h Handle) error {
	params, err := query.Of(r)
	if err != nil {
		return err
	}
	if params.Has("tier") || params.Has("app") {
		return cpodkit.Errorf(cpodkit.CodeBadRequest, "This call takes the tier as a member of its body, not in the query.")
	}
	var body struct {
		Key       *string       `json:"key"`
		Tier      *storage.Tier `json:"tier"`
		ExpiresIn *int64        `json:"expiresIn"`
		Method    *string       `json:"method"`
	}
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	if body.Key == nil {
		return invalidMember("/key", "is missing")
	}
	var opts URLOptions
	if body.Tier != nil {
		if t := *body.Tier; t != storage.Private && t != storage.User && t != storage.Shared {
			return invalidMember("/tier", "must be private, user or shared")
		}
		h = h.Tier(*body.Tier)
	}
	if body.Method != nil {
		if *body.Method == "" {
			return errMethod()
		}
		opts.Method = *body.Method
	}
	if body.ExpiresIn != nil {
		if *body.ExpiresIn < 1 || *body.ExpiresIn > int64(MaxURLExpiry/time.Second) {
			return errExpiresIn()
		}
		opts.ExpiresIn = time.Duration(*body.ExpiresIn) * time.Second
	}
	signed, err := h.SignURL(r.Context(), *body.Key, opts)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, http.StatusOK, signed)
	return nil
}
