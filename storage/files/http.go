package files

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/storage"
)

// Routes returns the calls under /v1/storage/files, /v1/storage/file-urls and
// /v1/storage/signed. The signed ones are public: their URL is the right.
func (s *Store) Routes() []cpodkit.Route {
	route := func(name, pattern string, serve call, parameters ...string) cpodkit.Route {
		return cpodkit.Route{
			Name: name, Pattern: pattern, Scopes: []string{cpodkit.ByRequest}, Handler: s.handler(serve, parameters),
		}
	}
	signed := func(name, method string, serve func(*Store, http.ResponseWriter, *http.Request, authorized) error) cpodkit.Route {
		return cpodkit.Route{
			Name: name, Pattern: method + " " + signedPath + "{token}", Public: true, Handler: s.signedHandler(method, serve),
		}
	}
	return []cpodkit.Route{
		route("listFiles", "GET /v1/storage/files", serveList, "tier", "app", "prefix", "delimiter", "limit", "cursor"),
		route("writeFile", "PUT /v1/storage/files/{key...}", serveWrite, "tier"),
		route("readFile", "GET /v1/storage/files/{key...}", serveRead, "tier", "app"),
		route("deleteFile", "DELETE /v1/storage/files/{key...}", serveDelete, "tier"),
		{
			Name: "signFileURL", Pattern: "POST /v1/storage/file-urls", Scopes: []string{cpodkit.ByRequest},
			Handler: rest.Handler(rest.JSON(0, s.serveSignURL)),
		},
		signed("readSignedFile", http.MethodGet, (*Store).serveFile),
		signed("writeSignedFile", http.MethodPut, (*Store).storeFile),
	}
}

type call func(w http.ResponseWriter, r *http.Request, q rest.Query, h Handle) error

// handler serves one call on the identity's files, in the tier and of the app
// that the query names.
func (s *Store) handler(serve call, parameters []string) http.Handler {
	return rest.Handler(func(w http.ResponseWriter, r *http.Request, q rest.Query) error {
		caller, err := storage.FromRequest(r.Context(), q)
		if err != nil {
			return err
		}
		return serve(w, r, q, Handle{s, caller})
	}, parameters...)
}

// signedKey is the key of the opened file in the context of a request by a signed URL.
type signedKey struct{}

// signedHandler serves the file that the URL's token names.
func (s *Store) signedHandler(
	method string, serve func(*Store, http.ResponseWriter, *http.Request, authorized) error,
) http.Handler {
	opened := cpodkit.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, _ := r.Context().Value(signedKey{}).(authorized)
		if err := serve(s, w, r, at); err != nil {
			cpodkit.WriteError(w, r, err)
		}
	}), s.aroundURL...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Referrer-Policy", "no-referrer") // a link in the file must not give the URL away
		at, err := s.openToken(r.Context(), r.PathValue("token"), method)
		if err != nil {
			cpodkit.WriteError(w, r, err)
			return
		}
		opened.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), signedKey{}, at)))
	})
}

func serveWrite(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	at, err := h.forWriting(r.PathValue("key"))
	if err != nil {
		return err
	}
	return h.store.storeFile(w, r, at)
}

func serveRead(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	return h.serve(w, r, r.PathValue("key"))
}

// storeFile answers a PUT. What can be refused by the header alone is refused
// before the body is asked for.
func (s *Store) storeFile(w http.ResponseWriter, r *http.Request, at authorized) error {
	opts, err := writeOptions(r.Header)
	if err != nil {
		return err
	}
	if s.maxSize > 0 && r.ContentLength > s.maxSize {
		return errTooLarge(s.maxSize)
	}
	digests, err := bodyDigests(r)
	if err != nil {
		return err
	}
	if len(digests) > 0 && opts.IfAbsent { // not every driver looks before it reads the body
		if _, err := s.stat(r.Context(), at.name()); err == nil {
			return classified(cpodkit.CodePreconditionFailed)
		} else if !errors.Is(err, cpodkit.CodeNotFound) {
			return err
		}
	}
	file, err := s.write(r.Context(), at, checkedBody{r, digests}, r.ContentLength, opts)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if opts.IfAbsent {
		status = http.StatusCreated
	}
	w.Header().Set("ETag", rest.ETag(file.ETag))
	view := viewOf(file)
	view.Tier = at.tier
	cpodkit.WriteJSON(w, r, status, view)
	return nil
}

type fileFields File

// fileView is a file in an answer.
type fileView struct {
	fileFields
	LastModified rest.Time    `json:"lastModified"` // instead of the one of File
	Tier         storage.Tier `json:"tier,omitempty"`
}

func viewOf(f File) fileView {
	return fileView{fileFields: fileFields(f), LastModified: rest.Time(f.LastModified)}
}

func serveDelete(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	if err := rest.RefuseConditions(r.Header); err != nil {
		return err
	}
	if err := h.Delete(r.Context(), r.PathValue("key")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func serveList(w http.ResponseWriter, r *http.Request, q rest.Query, h Handle) error {
	limit, err := q.Limit()
	if err != nil {
		return err
	}
	opts := ListOptions{Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), Limit: limit, Cursor: q.Get("cursor")}
	switch resumed := q.Has("cursor"); {
	case resumed && opts.Cursor == "":
		return errCursor()
	case q.Has("delimiter") && opts.Delimiter == "" && !resumed:
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

type urlBody struct {
	Key       *string       `json:"key"`
	Tier      *storage.Tier `json:"tier"`
	ExpiresIn *int64        `json:"expiresIn"`
	Method    *string       `json:"method"`
}

// serveSignURL takes the tier as a member of its body.
func (s *Store) serveSignURL(r *http.Request, body urlBody) (SignedURL, error) {
	if body.Key == nil {
		return SignedURL{}, invalidMember("/key", "is missing")
	}
	var opts URLOptions
	id, _ := cpodkit.IdentityFromContext(r.Context()) // without one SignURL is missing_token
	h := s.For(id)
	if body.Tier != nil {
		if !body.Tier.Valid() {
			return SignedURL{}, invalidMember("/tier", "must be private, user or shared")
		}
		h = h.Tier(*body.Tier)
	}
	if body.Method != nil {
		if *body.Method == "" {
			return SignedURL{}, errMethod()
		}
		opts.Method = *body.Method
	}
	if body.ExpiresIn != nil {
		if *body.ExpiresIn < 1 || *body.ExpiresIn > int64(MaxURLExpiry/time.Second) {
			return SignedURL{}, errExpiresIn()
		}
		opts.ExpiresIn = time.Duration(*body.ExpiresIn) * time.Second
	}
	return h.SignURL(r.Context(), *body.Key, opts)
}
