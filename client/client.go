package client

import (
	"cmp"
	"net/http"
)

// Client calls cpod-backend. Make one with [New] or [FromEnv] and share it: it is safe for concurrent use.
type Client struct {
	// Storage holds the app's files, documents and keys.
	Storage Storage
	// Apps administers the tenant's OAuth apps; it needs the admin scope.
	Apps *Apps
	// AdminKeys administers the tenant's admin keys; it needs one.
	AdminKeys *AdminKeys
	// Auth checks and ends tokens of the tenant.
	Auth *Auth
	// Users administers the tenant's users who sign in with a password; it needs the admin scope.
	Users *Users
	// RateLimit takes tokens from the app's rate limits.
	RateLimit *RateLimit
	// Flags evaluates the tenant's feature flags, and changes them.
	Flags *Flags
	// Policy evaluates policies in Rego, and changes those of the tenant.
	Policy *Policy
	// Secrets reads the secrets that the app is granted, and writes its own.
	Secrets *Secrets
	// Masking hides personal data and secrets.
	Masking *Masking
	// Grants are what a user has granted; it needs a client that acts for one.
	Grants *Grants

	api *api
}

// Storage groups the three storage primitives. Each works on the [Private] tier until its Tier method picks another.
type Storage struct {
	Files *Files
	DB    *DB
	KV    *KV
}

// FromEnv makes a client from the environment: see [ConfigFromEnv].
func FromEnv() (*Client, error) { return New(ConfigFromEnv()) }

// New makes a client. It fails when the configuration is incomplete, contradictory or unsafe; it sends nothing.
func New(config Config) (*Client, error) {
	base, err := config.baseURL()
	if err != nil {
		return nil, err
	}
	if err := config.checkCredentials(); err != nil {
		return nil, err
	}
	a := &api{
		base:         base,
		http:         httpClient(config.HTTPClient),
		maxAttempts:  cmp.Or(config.MaxAttempts, defaultMaxAttempts),
		apiKey:       seal(config.APIKey),
		clientID:     config.ClientID,
		clientSecret: seal(config.ClientSecret),
	}
	if config.APIKey == "" {
		a.tokens = &tokenSource{fetch: tokenFetcher(a, config.Scopes, config.TenantID)}
	}
	return newClient(a), nil
}

func newClient(a *api) *Client {
	return &Client{
		Storage:   Storage{Files: &Files{api: a}, DB: &DB{api: a}, KV: &KV{api: a}},
		Apps:      &Apps{api: a},
		AdminKeys: &AdminKeys{api: a},
		Auth:      &Auth{api: a},
		Users:     &Users{api: a},
		RateLimit: &RateLimit{api: a},
		Flags:     &Flags{api: a},
		Policy:    &Policy{api: a},
		Secrets:   &Secrets{api: a},
		Masking:   &Masking{api: a},
		Grants:    &Grants{api: a},
		api:       a,
	}
}

// CloseIdleConnections closes the connections that no call is using. The client stays usable.
func (c *Client) CloseIdleConnections() { c.api.http.CloseIdleConnections() }

// httpClient copies the caller's client, or makes one, so that it hands redirects back instead of following them:
// following would send the token and the body somewhere else.
func httpClient(given *http.Client) *http.Client {
	var own http.Client
	if given != nil {
		own = *given
	} else if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport := standard.Clone()
		transport.MaxIdleConnsPerHost = 64
		own.Transport = transport
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}
