package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The paths of secrets and of the records beside them.
const (
	secretsPath = "/v1/secrets/"
	grantsPath  = "/v1/secret-grants/"
	bundlesPath = "/v1/secret-bundles/"
)

// SecretGrant says which apps may read a secret, and whose it is.
type SecretGrant struct {
	Name string   `json:"name"`
	Apps []string `json:"apps"`
	// Owner is the app that wrote the secret; "" for an administrator.
	Owner string `json:"owner"`
	// Version is new on every write; see [IfMatch].
	Version   string    `json:"version"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// SecretBundle says which secrets become which environment variables and files of a job.
// Its apps use them there, and cannot read them.
type SecretBundle struct {
	Name string `json:"name"`
	// Env has names of secrets by names of environment variables.
	Env map[string]string `json:"secrets"`
	// Files has names of secrets by names of files.
	Files map[string]string `json:"files"`
	Apps  []string          `json:"apps"`
	// Owner is the app that wrote it; "" for an administrator.
	Owner string `json:"owner"`
	// Version is new on every write; see [IfMatch].
	Version   string    `json:"version"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Grant returns who may read a secret. It needs the scope admin, as do the other calls
// for grants.
func (s *Secrets) Grant(ctx context.Context, name string) (SecretGrant, error) {
	return getRecord[SecretGrant](ctx, s, "secrets.grant", grantsPath, name)
}

// SetGrant says which apps may read a secret; none without any. The secret need not be
// there: it may be one that the server reads from elsewhere.
func (s *Secrets) SetGrant(ctx context.Context, name string, apps []string, options ...SetOption) (SecretGrant, error) {
	return putRecord[SecretGrant](ctx, s, "secrets.setGrant", grantsPath, name,
		map[string][]string{"apps": append([]string{}, apps...)}, options)
}

// DeleteGrant has no app read a secret. A grant that is not there is a [NotFoundError].
func (s *Secrets) DeleteGrant(ctx context.Context, name string, options ...UpdateOption) error {
	return s.remove(ctx, "secrets.deleteGrant", grantsPath, name, options)
}

// Grants returns one page of the tenant's grants, in byte order of their names.
func (s *Secrets) Grants(ctx context.Context, options ...PageOption) (Page[SecretGrant], error) {
	return getPage[SecretGrant](ctx, s.api, "secrets.grants", strings.TrimSuffix(grantsPath, "/"), url.Values{}, options)
}

// AllGrants walks through all grants, fetching pages as it goes. It ends after an error.
func (s *Secrets) AllGrants(ctx context.Context) iter.Seq2[SecretGrant, error] {
	return walkPages(func(options ...PageOption) (Page[SecretGrant], error) { return s.Grants(ctx, options...) })
}

// Bundle returns a bundle that names the app, or that it has written. Another one, and one
// that is not there, are the same [NotFoundError].
func (s *Secrets) Bundle(ctx context.Context, name string) (SecretBundle, error) {
	return getRecord[SecretBundle](ctx, s, "secrets.bundle", bundlesPath, name)
}

// PutBundle stores a bundle under its name, of up to 100 variables and files. The app
// must be able to read each secret in it. Without Apps, a new bundle is for the app that
// writes it, and another one for those that it names already. Over a bundle of another
// app it is a [ConflictError].
func (s *Secrets) PutBundle(ctx context.Context, bundle SecretBundle, options ...SetOption) (SecretBundle, error) {
	body := struct {
		Env   map[string]string `json:"secrets"`
		Files map[string]string `json:"files,omitempty"`
		Apps  []string          `json:"apps,omitzero"`
	}{bundle.Env, bundle.Files, bundle.Apps}
	if body.Env == nil {
		body.Env = map[string]string{}
	}
	return putRecord[SecretBundle](ctx, s, "secrets.putBundle", bundlesPath, bundle.Name, body, options)
}

// DeleteBundle removes a bundle. One that is not there, and one that does not name the
// app, are a [NotFoundError]; one of another app is a [ConflictError].
func (s *Secrets) DeleteBundle(ctx context.Context, name string, options ...UpdateOption) error {
	return s.remove(ctx, "secrets.deleteBundle", bundlesPath, name, options)
}

// Bundles returns one page of the bundles that name the app or that it has written, in
// byte order of their names. An administrator gets all of the tenant.
func (s *Secrets) Bundles(ctx context.Context, options ...PageOption) (Page[SecretBundle], error) {
	return getPage[SecretBundle](ctx, s.api, "secrets.bundles", strings.TrimSuffix(bundlesPath, "/"), url.Values{}, options)
}

// AllBundles walks through all bundles, fetching pages as it goes. It ends after an error.
func (s *Secrets) AllBundles(ctx context.Context) iter.Seq2[SecretBundle, error] {
	return walkPages(func(options ...PageOption) (Page[SecretBundle], error) { return s.Bundles(ctx, options...) })
}

// secretCall is the common part of what acts on one name. It may be repeated.
func secretCall(op, method, path, name string, success ...int) (*call, error) {
	segments, err := pathOf(op, name, maxKey, maxKey)
	if err != nil {
		return nil, err
	}
	return &call{op: op, method: method, path: path + segments, repeat: always, success: success}, nil
}

func getRecord[T any](ctx context.Context, s *Secrets, op, path, name string) (record T, err error) {
	get, err := secretCall(op, http.MethodGet, path, name, http.StatusOK)
	if err != nil {
		return record, err
	}
	err = s.api.doJSON(ctx, get, &record)
	return record, err
}

func putRecord[T any](ctx context.Context, s *Secrets, op, path, name string, body any, options []SetOption) (record T, err error) {
	put, err := secretCall(op, http.MethodPut, path, name, http.StatusOK, http.StatusCreated)
	if err != nil {
		return record, err
	}
	var w writing
	for _, option := range options {
		option.applyToSet(&w)
	}
	if err := put.write(w, body); err != nil {
		return record, err
	}
	err = s.api.doJSON(ctx, put, &record)
	return record, err
}

// write gives the call its conditions and its body.
func (c *call) write(w writing, body any) (err error) {
	c.contentType, c.header = jsonType, http.Header{}
	if c.repeat, err = w.condition(c.op, c.header); err != nil {
		return err
	}
	c.data, err = encodeJSON(c.op, body)
	return err
}

func (s *Secrets) remove(ctx context.Context, op, path, name string, options []UpdateOption) error {
	remove, err := secretCall(op, http.MethodDelete, path, name, http.StatusNoContent)
	if err != nil {
		return err
	}
	var w writing
	for _, option := range options {
		option.applyToUpdate(&w)
	}
	remove.header = http.Header{}
	if remove.repeat, err = w.condition(op, remove.header); err != nil {
		return err
	}
	remove.repeat = ifUntouched // the second time it would be gone
	_, err = s.api.do(ctx, remove)
	return err
}
