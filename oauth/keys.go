package oauth

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/rest"
)

const (
	// MaxKeys is how many API keys an app may have.
	MaxKeys = 100
	// MaxKeyLife is how long an API key that expires may live: ten years.
	MaxKeyLife = 10 * 365 * 24 * time.Hour

	// keyIDPrefix begins the IDs of API keys, and not those of tokens.
	keyIDPrefix = "key-"

	// undoTime is what taking back a key may take after its caller has gone.
	undoTime = 5 * time.Second
)

// keyRequest is the body of POST /v1/oauth/apps/{id}/keys.
type keyRequest struct {
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes"`
	ExpiresIn *int64   `json:"expiresIn"` // seconds
}

// check returns everything that is wrong with the request at once.
func (k keyRequest) check(app App) error {
	const at = "/scopes"
	var faults faults
	faults.name(k.Name)
	faults.scopes(at, k.Scopes, nil)
	if len(faults) == 0 {
		for i, scope := range k.Scopes {
			faults.unless(app.DeclaredScopes.Covers(scope), pointer(at, i), "is not a scope that the app has declared")
		}
	}
	faults.expiresIn("/expiresIn", k.ExpiresIn)
	return faults.err()
}

// expiresIn checks how many seconds a key is to live.
func (f *faults) expiresIn(at string, seconds *int64) {
	longest := int64(MaxKeyLife / time.Second)
	f.unless(seconds == nil || 1 <= *seconds && *seconds <= longest, at, "must be 1 to %d seconds", longest)
}

// keyView is an API key in an answer. Key is there once, when it is made.
type keyView struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Scopes    []string  `json:"scopes"`
	CreatedAt rest.Time `json:"createdAt"`
	ExpiresAt rest.Time `json:"expiresAt,omitzero"`
	Key       string    `json:"key,omitempty"`
}

func viewKey(key authz.APIKey, secret string) keyView {
	return keyView{
		ID: key.ID, Name: key.Name, Scopes: append([]string{}, key.Scopes...),
		CreatedAt: rest.Time(key.CreatedAt), ExpiresAt: rest.Time(key.ExpiresAt), Key: secret,
	}
}

// createKey is POST /v1/oauth/apps/{id}/keys.
func (s *Server) createKey(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	admin, app, err := s.appOf(r)
	if err != nil {
		return err
	}
	var body keyRequest
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	if err := body.check(app); err != nil {
		return err
	}
	if err := admin.mayGrant(body.Scopes); err != nil {
		return err
	}
	if app.Type.Public() {
		return cpodkit.Errorf(cpodkit.CodeConflict, "A browser app cannot keep an API key secret, and has none.")
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	key := authz.APIKey{
		ID: newKeyID(now), Name: body.Name, TenantID: app.TenantID, AppID: app.ClientID, Instance: app.Instance,
		Scopes: body.Scopes, CreatedAt: now,
	}
	if body.ExpiresIn != nil {
		key.ExpiresAt = now.Add(time.Duration(*body.ExpiresIn) * time.Second)
	}
	secret := authz.NewAPIKey()
	if err := s.keys.Create(r.Context(), authz.DigestOf(secret), key); err != nil {
		return backendError(err)
	}
	if err := s.confirmKey(r, app, key); err != nil {
		s.undoKey(r.Context(), key)
		return err
	}
	s.logChange(r, "API key made", admin, app, slog.String("key_id", key.ID))
	writeUncached(w, r, http.StatusCreated, viewKey(key, secret))
	return nil
}

// confirmKey looks, after a key was stored, whether its app may have it. In this
// order calls at the same time cannot exceed the bound together, nor add a key
// to an app that is being deleted, nor one with a scope that was taken away.
func (s *Server) confirmKey(r *http.Request, app App, key authz.APIKey) error {
	keys, err := s.keys.List(r.Context(), app.Instance, "", MaxKeys+1)
	if err != nil {
		return backendError(err)
	}
	if len(keys) > MaxKeys {
		return cpodkit.Errorf(cpodkit.CodeConflict, "The app has %d API keys, which is the most; delete one first.", MaxKeys)
	}
	current, err := s.lookUp(r.Context(), app.ClientID)
	if err != nil {
		return err
	}
	live, err := current.live(key)
	if err != nil {
		return errDeleting()
	}
	if !slices.Equal(live.Scopes, key.Scopes) {
		return errBusy()
	}
	return nil
}

func errDeleting() error { return cpodkit.Errorf(cpodkit.CodeConflict, "The app is being deleted.") }

// undoKey takes back a key that nobody was told, also when the caller has gone.
func (s *Server) undoKey(ctx context.Context, key authz.APIKey) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	err := s.keys.Delete(ctx, key.Instance, key.ID)
	if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
		s.log.WarnContext(ctx, "a refused API key stays listed; nobody was told it",
			"client_id", key.AppID, "key_id", key.ID, "error", err)
	}
}

// listKeys is GET /v1/oauth/apps/{id}/keys.
func (s *Server) listKeys(w http.ResponseWriter, r *http.Request, q rest.Query) error {
	admin, app, err := s.appOf(r)
	if err != nil {
		return err
	}
	page, err := q.Page(s.cursors, admin.cursorBinding("keys/"+app.Instance))
	if err != nil {
		return err
	}
	keys, err := s.keys.List(r.Context(), app.Instance, page.After, page.Limit+1)
	if err != nil {
		return backendError(err)
	}
	rest.WritePage(w, r, page, keys,
		func(key authz.APIKey) string { return key.ID },
		func(key authz.APIKey) keyView {
			key.Scopes = narrowed(key.Scopes, app.DeclaredScopes)
			return viewKey(key, "")
		})
	return nil
}

// deleteKey is DELETE /v1/oauth/apps/{id}/keys/{keyId}.
func (s *Server) deleteKey(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	admin, app, err := s.appOf(r)
	if err != nil {
		return err
	}
	id := r.PathValue("keyId")
	err = s.keys.Delete(r.Context(), app.Instance, id)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return cpodkit.Errorf(cpodkit.CodeNotFound, "The app has no API key with this id.")
	}
	if err != nil {
		return backendError(err)
	}
	s.logChange(r, "API key deleted", admin, app, slog.String("key_id", id))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// newKeyID returns an ID that sorts by the time of its making: the milliseconds
// since 1970 in 48 bits, and 80 random bits.
func newKeyID(now time.Time) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(now.UnixMilli())<<16)
	rand.Read(id[6:])
	return keyIDPrefix + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id[:]))
}
