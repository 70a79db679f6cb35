package secrets

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/internal/seal"
)

// The scopes of the calls. An administrator needs none of them.
const (
	ReadScope  = "secrets.read"  // reads secrets that are granted
	WriteScope = "secrets.write" // writes secrets and bundles of its own
)

// WithSecret sets what cursors of lists are sealed with, at least 16 bytes. Every
// replica needs the same secret. Without it New makes a random one, which is fine for
// one process.
func WithSecret(secret []byte) Option { return func(o *options) { o.cursorSecret = secret } }

func newCursors(secret []byte) (*seal.Box, error) {
	if secret == nil {
		secret = []byte(rand.Text())
	}
	return seal.New(secret, "secret cursors")
}

// Routes returns the calls under /v1/secrets, /v1/secret-grants and /v1/secret-bundles.
// They act for the caller's tenant. The calls that write secrets are not_supported unless
// the provider is an [Editor].
func (s *Secrets) Routes() []cpodkit.Route {
	route := func(name, pattern string, access cpodkit.Access, serve call, parameters []string, scopes ...string) cpodkit.Route {
		return cpodkit.Route{Name: name, Pattern: pattern, Scopes: scopes, Access: access, Handler: s.handler(serve, parameters)}
	}
	reads := func(name, pattern string, serve call, parameters ...string) cpodkit.Route {
		return route(name, pattern, cpodkit.Reads, serve, parameters, ReadScope, adminScope, platformScope)
	}
	writes := func(name, pattern string, serve call) cpodkit.Route {
		return route(name, pattern, cpodkit.Writes, serve, nil, WriteScope, adminScope, platformScope)
	}
	return []cpodkit.Route{
		reads("getSecret", "GET /v1/secrets/{name...}", serveGet, "version"),
		reads("resolveSecrets", "POST /v1/secrets/resolve", serveResolve),
		reads("listSecrets", "GET /v1/secrets", s.serveList, "limit", "cursor"),
		writes("putSecret", "PUT /v1/secrets/{name...}", servePut),
		writes("deleteSecret", "DELETE /v1/secrets/{name...}", serveDelete),

		route("listSecretGrants", "GET /v1/secret-grants", cpodkit.Reads, s.serveListGrants, []string{"limit", "cursor"}, adminScope, platformScope),
		route("getSecretGrant", "GET /v1/secret-grants/{name...}", cpodkit.Reads, serveGetGrant, nil, adminScope, platformScope),
		route("putSecretGrant", "PUT /v1/secret-grants/{name...}", cpodkit.Writes, servePutGrant, nil, adminScope, platformScope),
		route("deleteSecretGrant", "DELETE /v1/secret-grants/{name...}", cpodkit.Writes, serveDeleteGrant, nil, adminScope, platformScope),

		reads("listSecretBundles", "GET /v1/secret-bundles", s.serveListBundles, "limit", "cursor"),
		reads("getSecretBundle", "GET /v1/secret-bundles/{name...}", serveGetBundle),
		writes("putSecretBundle", "PUT /v1/secret-bundles/{name...}", servePutBundle),
		writes("deleteSecretBundle", "DELETE /v1/secret-bundles/{name...}", serveDeleteBundle),
	}
}

// call serves a call, or returns the error to answer with.
type call func(w http.ResponseWriter, r *http.Request, q rest.Query, h Handle) error

// handler serves a call on the secrets of the caller. No answer is to be cached.
func (s *Secrets) handler(serve call, parameters []string) http.Handler {
	return rest.Handler(func(w http.ResponseWriter, r *http.Request, q rest.Query) error {
		id, _ := cpodkit.IdentityFromContext(r.Context())
		w.Header().Set("Cache-Control", "no-store")
		return serve(w, r, q, s.For(id))
	}, parameters...)
}

// wireValue is a value in JSON, which holds UTF-8 alone.
type wireValue struct {
	Value  *string `json:"value,omitempty"`
	Base64 *string `json:"valueBase64,omitempty"`
}

func newWireValue(v Value) wireValue {
	text := v.Reveal()
	if utf8.ValidString(text) {
		return wireValue{Value: &text}
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	return wireValue{Base64: &encoded}
}

func (w wireValue) read() (Value, error) {
	switch {
	case w.Value != nil && w.Base64 != nil:
		return Value{}, invalid("/valueBase64", "is given beside value; send one of them")
	case w.Value != nil:
		return NewValue(*w.Value), nil
	case w.Base64 == nil:
		return Value{}, invalid("/value", "is missing, and so is valueBase64")
	}
	decoded, err := base64.StdEncoding.DecodeString(*w.Base64)
	switch {
	case err != nil:
		return Value{}, invalid("/valueBase64", "is not base64 with padding (RFC 4648 section 4)")
	case len(decoded) == 0:
		return Value{}, invalid("/valueBase64", "is empty")
	}
	return NewValue(string(decoded)), nil
}

func serveGet(w http.ResponseWriter, r *http.Request, q rest.Query, h Handle) error {
	var opts []GetOption
	if q.Has("version") {
		n, err := strconv.ParseInt(q.Get("version"), 10, 64)
		if err != nil || n < 1 {
			return cpodkit.Errorf(cpodkit.CodeBadRequest, "The query parameter version is a number from 1 up.")
		}
		opts = append(opts, Version(n))
	}
	name := r.PathValue("name")
	secret, err := h.Get(r.Context(), name, opts...)
	if err != nil {
		return err
	}
	if tag := versionTag(secret.Version); tag != "" {
		// If-None-Match is not asked: the versions of a secret that is made anew begin at 1 again.
		w.Header().Set("ETag", rest.ETag(tag))
	}
	v := newWireValue(secret.Value)
	cpodkit.WriteJSON(w, r, http.StatusOK, struct {
		Name      string    `json:"name"`
		Value     *string   `json:"value,omitempty"`
		Base64    *string   `json:"valueBase64,omitempty"`
		Version   int64     `json:"version,omitzero"`
		CreatedAt rest.Time `json:"createdAt,omitzero"`
	}{name, v.Value, v.Base64, secret.Version, rest.Time(secret.CreatedAt)})
	return nil
}

// versionTag returns a version as an entity tag; "" for none.
func versionTag(version int64) string {
	if version == 0 {
		return ""
	}
	return strconv.FormatInt(version, 10)
}

func serveResolve(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	var body struct {
		Names *[]string `json:"names"`
	}
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	if body.Names == nil {
		return invalid("/names", "is missing")
	}
	values, missing, err := h.Resolve(r.Context(), *body.Names...)
	if err != nil {
		return err
	}
	answer := struct {
		Values  map[string]string `json:"values"`
		Base64  map[string]string `json:"valuesBase64,omitempty"`
		Missing []string          `json:"missing"`
	}{map[string]string{}, map[string]string{}, append([]string{}, missing...)}
	for name, value := range values {
		if v := newWireValue(value); v.Value != nil {
			answer.Values[name] = *v.Value
		} else {
			answer.Base64[name] = *v.Base64
		}
	}
	cpodkit.WriteJSON(w, r, http.StatusOK, answer)
	return nil
}

// infoView is a secret without its value.
type infoView struct {
	Name      string    `json:"name"`
	Version   int64     `json:"version,omitzero"`
	CreatedAt rest.Time `json:"createdAt,omitzero"`
	UpdatedAt rest.Time `json:"updatedAt,omitzero"`
	Owner     string    `json:"owner,omitempty"`
	Apps      []string  `json:"apps"`
}

func newInfoView(i Info) infoView {
	return infoView{i.Name, i.Version, rest.Time(i.CreatedAt), rest.Time(i.UpdatedAt), i.Owner, append([]string{}, i.Apps...)}
}

func (s *Secrets) serveList(w http.ResponseWriter, r *http.Request, q rest.Query, h Handle) error {
	return list(s, w, r, q, h, h.List, func(i Info) string { return i.Name }, newInfoView)
}

// list serves a list. Its path keeps its cursors from those of other lists.
func list[T, V any](
	s *Secrets, w http.ResponseWriter, r *http.Request, q rest.Query, h Handle,
	fetch func(ctx context.Context, after string, limit int) ([]T, bool, error), name func(T) string, view func(T) V,
) error {
	if err := h.check(); err != nil {
		return err
	}
	// No encoded id holds a slash.
	tenant, _ := cpodkit.EncodeID(h.id.TenantID)
	app, _ := cpodkit.EncodeID(h.id.AppID)
	page, err := q.Page(s.cursors, tenant+"/"+app+r.URL.Path)
	if err != nil {
		return err
	}
	items, more, err := fetch(r.Context(), page.After, page.Limit)
	if err != nil {
		return err
	}
	if more { // one item beyond the page says so
		items = append(items[:page.Limit:page.Limit], items[0])
	}
	rest.WritePage(w, r, page, items, name, view)
	return nil
}

func servePut(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	name := r.PathValue("name")
	if err := h.checkName(name); err != nil {
		return err
	}
	c, opts, err := conditions(r)
	if err != nil {
		return err
	}
	var body struct {
		wireValue
		Apps *[]string `json:"apps"`
	}
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	value, err := body.read()
	if err != nil {
		return err
	}
	if body.Apps != nil {
		opts = append(opts, Apps(*body.Apps...))
	}
	info, err := h.Put(r.Context(), name, value, opts...)
	if err != nil {
		return err
	}
	written(w, r, c, versionTag(info.Version), newInfoView(info))
	return nil
}

// written answers a PUT.
func written(w http.ResponseWriter, r *http.Request, c rest.Conditions, tag string, view any) {
	status := http.StatusOK
	if c.IfAbsent {
		status = http.StatusCreated
	}
	if tag != "" {
		w.Header().Set("ETag", rest.ETag(tag))
	}
	cpodkit.WriteJSON(w, r, status, view)
}

// conditions reads those of a write of a secret.
func conditions(r *http.Request) (rest.Conditions, []WriteOption, error) {
	c, err := rest.WriteConditions(r.Header)
	var opts []WriteOption
	switch {
	case err != nil:
	case c.IfAbsent:
		opts = append(opts, IfAbsent())
	case c.MustExist:
		opts = append(opts, IfExists())
	case c.IfMatch != "":
		n, parseErr := strconv.ParseInt(c.IfMatch, 10, 64)
		if parseErr != nil || n < 1 || versionTag(n) != c.IfMatch {
			err = coded(cpodkit.CodePreconditionFailed)
		}
		opts = append(opts, IfVersion(n))
	}
	return c, opts, err
}

func serveDelete(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	if err := rest.RefuseHeaders(r.Header, "If-None-Match"); err != nil {
		return err
	}
	_, opts, err := conditions(r)
	if err == nil {
		err = h.Delete(r.Context(), r.PathValue("name"), opts...)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
