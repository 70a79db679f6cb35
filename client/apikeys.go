package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
)

const (
	maxKeyLife = 10 * 365 * 24 * time.Hour
	maxKeyID   = 128
)

// NewAPIKey describes an API key to make.
type NewAPIKey struct {
	Name string
	// Scopes are what the key may do, within what its app has declared.
	Scopes []string
	// ExpiresIn is how long the key lives, in whole seconds up to ten years; without end when it is zero.
	ExpiresIn time.Duration
}

// APIKey is an API key of an app, without the key itself.
type APIKey struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Scopes    cpodkit.Scopes `json:"scopes"`
	CreatedAt time.Time      `json:"createdAt"`
	// ExpiresAt is zero for a key that does not expire.
	ExpiresAt time.Time `json:"expiresAt"`
}

// CreateKey makes an API key for an app. The key itself, a string for [Config.APIKey], is shown this once. A browser app,
// and one that has as many keys as it may, is a [ConflictError].
func (a *Apps) CreateKey(ctx context.Context, clientID string, key NewAPIKey) (made APIKey, secret string, err error) {
	const op = "apps.createKey"
	create, err := a.call(op, http.MethodPost, clientID, "/keys", http.StatusCreated)
	if err != nil {
		return APIKey{}, "", err
	}
	if err := checkKeyLife(op, key.ExpiresIn); err != nil {
		return APIKey{}, "", err
	}
	body := struct {
		Name      string         `json:"name"`
		Scopes    cpodkit.Scopes `json:"scopes"`
		ExpiresIn int64          `json:"expiresIn,omitempty"`
	}{key.Name, append([]string{}, key.Scopes...), int64(key.ExpiresIn / time.Second)}
	create.contentType = jsonType
	if create.data, err = encodeJSON(op, body); err != nil {
		return APIKey{}, "", err
	}
	var answer struct {
		APIKey
		Key string `json:"key"`
	}
	if err := a.api.doJSON(ctx, create, &answer); err != nil {
		return APIKey{}, "", err
	}
	return answer.APIKey, answer.Key, nil
}

// Keys returns one page of an app's API keys, the oldest first.
func (a *Apps) Keys(ctx context.Context, clientID string, options ...PageOption) (Page[APIKey], error) {
	const op = "apps.keys"
	segment, err := clientIDSegment(op, clientID)
	if err != nil {
		return Page[APIKey]{}, err
	}
	return getPage[APIKey](ctx, a.api, op, "/v1/oauth/apps/"+segment+"/keys", url.Values{}, options)
}

// AllKeys walks through all API keys of an app, fetching pages as it goes. It ends after an error.
func (a *Apps) AllKeys(ctx context.Context, clientID string) iter.Seq2[APIKey, error] {
	return walk("", func(cursor string) ([]APIKey, string, error) {
		page, err := a.Keys(ctx, clientID, Limit(maxPageItems), Cursor(cursor))
		return page.Items, page.NextCursor, err
	})
}

// DeleteKey removes an API key, which stops working at once, and so do the signed URLs that it made
// and the server serves. One that is not there is a [NotFoundError]. Like [Apps.Delete] it is not
// repeated after a broken connection.
func (a *Apps) DeleteKey(ctx context.Context, clientID, keyID string) error {
	const op = "apps.deleteKey"
	if err := checkKeyID(op, keyID); err != nil {
		return err
	}
	remove, err := a.call(op, http.MethodDelete, clientID, "/keys/"+url.PathEscape(keyID), http.StatusNoContent)
	if err != nil {
		return err
	}
	_, err = a.api.do(ctx, remove)
	return err
}
