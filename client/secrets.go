package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit/internal/unprintable"
)

// Secrets reads the secrets that the app is granted, with the scope secrets.read, and
// writes its own, with secrets.write. It is safe for concurrent use. Names have up to 512
// bytes of UTF-8 without control characters; between slashes, no segment is empty, "." or
// "..".
type Secrets struct{ api *api }

// SecretValue is the text or the bytes of a secret. fmt and log/slog print "[redacted]"
// for it, marshalling it is an error, and it cannot be compared with ==.
// [SecretValue.Reveal] is the one way out. The zero value is empty.
type SecretValue struct {
	unprintable.Type
	reveal sealed
}

// NewSecretValue returns the SecretValue of a secret.
func NewSecretValue(secret string) SecretValue { return SecretValue{reveal: seal(secret)} }

// Reveal returns the secret. From there on it is the caller's to keep it.
func (v SecretValue) Reveal() string {
	if v.reveal == nil {
		return ""
	}
	return v.reveal()
}

// Secret is one version of a secret.
type Secret struct {
	Name  string
	Value SecretValue
	// Version is 1 and up, or 0 where the server keeps its secrets without versions.
	Version int64
	// CreatedAt is when the version was made; zero where the server does not know.
	CreatedAt time.Time
}

// SecretInfo describes a secret without its value.
type SecretInfo struct {
	Name string `json:"name"`
	// Version is the newest one; 0 where the server keeps or lists none.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	// Owner is the app that wrote it; "" for an administrator.
	Owner string `json:"owner"`
	// Apps may read it.
	Apps []string `json:"apps"`
}

// SecretOption refines [Secrets.Get]: [Version].
type SecretOption func(url.Values)

// Version asks for one version of a secret, 1 or up, instead of the newest.
func Version(n int64) SecretOption {
	return func(query url.Values) { query.Set("version", strconv.FormatInt(n, 10)) }
}

// wireValue is a value in JSON, which holds UTF-8 alone.
type wireValue struct {
	Value  *string `json:"value,omitempty"`
	Base64 *[]byte `json:"valueBase64,omitempty"`
}

func (w wireValue) value() SecretValue {
	switch {
	case w.Value != nil:
		return NewSecretValue(*w.Value)
	case w.Base64 != nil:
		return NewSecretValue(string(*w.Base64))
	}
	return SecretValue{}
}

// Get returns a secret. One that is not there, and one that the app is not granted, are
// the same [NotFoundError].
func (s *Secrets) Get(ctx context.Context, name string, options ...SecretOption) (Secret, error) {
	get, err := secretCall("secrets.get", http.MethodGet, secretsPath, name, http.StatusOK)
	if err != nil {
		return Secret{}, err
	}
	get.query = url.Values{}
	for _, option := range options {
		option(get.query)
	}
	var got struct {
		wireValue
		Version   int64     `json:"version"`
		CreatedAt time.Time `json:"createdAt"`
	}
	if err := s.api.doJSON(ctx, get, &got); err != nil {
		return Secret{}, err
	}
	return Secret{Name: name, Value: got.value(), Version: got.Version, CreatedAt: got.CreatedAt}, nil
}

// Resolve returns the newest values of up to 100 secrets by their names, and the names of
// those that are not there or that the app is not granted.
func (s *Secrets) Resolve(ctx context.Context, names ...string) (values map[string]SecretValue, missing []string, err error) {
	const op = "secrets.resolve"
	for _, name := range names {
		if err := checkKey(op, name, maxKey); err != nil {
			return nil, nil, err
		}
	}
	data, err := encodeJSON(op, map[string][]string{"names": append([]string{}, names...)})
	if err != nil {
		return nil, nil, err
	}
	var answer struct {
		Values       map[string]string `json:"values"`
		ValuesBase64 map[string][]byte `json:"valuesBase64"`
		Missing      []string          `json:"missing"`
	}
	err = s.api.doJSON(ctx, &call{
		op: op, method: http.MethodPost, path: secretsPath + "resolve", data: data, contentType: jsonType,
		repeat: always, success: []int{http.StatusOK}, maxAnswer: maxPage,
	}, &answer)
	if err != nil {
		return nil, nil, err
	}
	values = map[string]SecretValue{}
	for name, value := range answer.Values {
		values[name] = NewSecretValue(value)
	}
	for name, value := range answer.ValuesBase64 {
		values[name] = NewSecretValue(string(value))
	}
	return values, answer.Missing, nil
}

// Put stores a new version of a secret, of 1 byte to 64 KiB. [ForApps] says which apps may
// read it. Without it a new secret is read by the app that writes it, and another one by
// those that may read it already. Over a secret of another app it is a [ConflictError].
func (s *Secrets) Put(ctx context.Context, name string, value SecretValue, options ...SecretWriteOption) (SecretInfo, error) {
	put, err := secretCall("secrets.put", http.MethodPut, secretsPath, name, http.StatusOK, http.StatusCreated)
	if err != nil {
		return SecretInfo{}, err
	}
	var w writing
	for _, option := range options {
		option.applyToSecret(&w)
	}
	put.secret = value.Reveal()
	body := struct {
		wireValue
		Apps []string `json:"apps,omitzero"`
	}{Apps: w.apps}
	if utf8.ValidString(put.secret) {
		body.Value = &put.secret
	} else {
		body.Base64 = new([]byte(put.secret))
	}
	if err := put.write(w, body); err != nil {
		return SecretInfo{}, err
	}
	var written SecretInfo
	err = s.api.doJSON(ctx, put, &written)
	return written, err
}

// Delete removes a secret with all its versions. One that is not there, and one that the
// app is not granted, are a [NotFoundError]; one of another app is a [ConflictError].
func (s *Secrets) Delete(ctx context.Context, name string, options ...UpdateOption) error {
	return s.remove(ctx, "secrets.delete", secretsPath, name, options)
}

// List returns one page of the secrets that the app is granted, in byte order of their
// names, without values. An administrator gets all of the tenant.
func (s *Secrets) List(ctx context.Context, options ...PageOption) (Page[SecretInfo], error) {
	return getPage[SecretInfo](ctx, s.api, "secrets.list", strings.TrimSuffix(secretsPath, "/"), url.Values{}, options)
}

// All walks through all secrets that the app is granted, fetching pages as it goes. It ends
// after an error.
func (s *Secrets) All(ctx context.Context) iter.Seq2[SecretInfo, error] {
	return walkPages(func(options ...PageOption) (Page[SecretInfo], error) { return s.List(ctx, options...) })
}

// walkPages yields the items of all pages, the largest ones that there are.
func walkPages[T any](list func(...PageOption) (Page[T], error)) iter.Seq2[T, error] {
	return walk("", func(cursor string) ([]T, string, error) {
		page, err := list(Limit(maxPageItems), Cursor(cursor))
		return page.Items, page.NextCursor, err
	})
}
