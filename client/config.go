package client

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit/internal/loopback"
)

// DefaultBaseURL is where the client looks for cpod-backend when nothing else is configured.
const DefaultBaseURL = "http://localhost:8000"

const defaultMaxAttempts = 4

// Config says where cpod-backend is and who calls it. Either APIKey, or ClientID and ClientSecret, must be set.
// Printing or logging a Config, or marshalling it to JSON, does not show its secrets.
type Config struct {
	// BaseURL is the address of cpod-backend, with a path if it is not at the root; DefaultBaseURL when empty.
	// It must be https, unless the host is loopback or AllowCredentialsOverPlainHTTP is set.
	BaseURL string

	// ClientID and ClientSecret are the app's OAuth credentials (client_credentials, RFC 6749 section 4.4).
	ClientID     string
	ClientSecret string `json:"-"`

	// APIKey is sent as it is, instead of fetching tokens.
	APIKey string `json:"-"`

	// TenantID, when set, makes every call fail whose access token belongs to another tenant. It is a check against
	// mixed-up credentials, and is never sent. The tenant of an API key (cpod_…) shows only on the server, and is not
	// checked.
	TenantID string

	// Scopes are those to ask for; when empty, the server grants all that the app has declared.
	Scopes []string

	// HTTPClient carries the requests; when nil, the client makes its own. It is copied, and the copy follows no
	// redirect. A Timeout on it also cuts off the reading of files; prefer a context for each call.
	HTTPClient *http.Client `json:"-"`

	// MaxAttempts is how often one call is tried at most, where a repetition is safe. 0 means 4, and 1 means no retry.
	MaxAttempts int

	// AllowCredentialsOverPlainHTTP permits an http BaseURL whose host is not loopback. Secrets and tokens then travel
	// readable by anyone on the way: set it only inside a network that you trust.
	AllowCredentialsOverPlainHTTP bool
}

// ConfigFromEnv reads CPOD_API_URL (else CPOD_BASE_URL), CPOD_API_KEY, CPOD_CLIENT_ID, CPOD_CLIENT_SECRET and
// CPOD_TENANT_ID. An empty variable counts as unset. [New] checks the result.
func ConfigFromEnv() Config {
	base := os.Getenv("CPOD_API_URL")
	if base == "" {
		base = os.Getenv("CPOD_BASE_URL")
	}
	return Config{
		BaseURL:      base,
		APIKey:       os.Getenv("CPOD_API_KEY"),
		ClientID:     os.Getenv("CPOD_CLIENT_ID"),
		ClientSecret: os.Getenv("CPOD_CLIENT_SECRET"),
		TenantID:     os.Getenv("CPOD_TENANT_ID"),
	}
}

// String describes the configuration without its secrets.
func (c Config) String() string {
	return fmt.Sprintf("client.Config{BaseURL: %q, ClientID: %q, ClientSecret: %s, APIKey: %s, TenantID: %q, Scopes: %q}",
		redactURL(c.BaseURL), c.ClientID, redact(c.ClientSecret), redact(c.APIKey), c.TenantID, c.Scopes)
}

// GoString is String: %#v shows no secret either.
func (c Config) GoString() string { return c.String() }

// LogValue is what log/slog writes: the configuration without its secrets.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("baseURL", redactURL(c.BaseURL)),
		slog.String("clientID", c.ClientID),
		slog.String("clientSecret", redact(c.ClientSecret)),
		slog.String("apiKey", redact(c.APIKey)),
		slog.String("tenantID", c.TenantID),
		slog.Any("scopes", c.Scopes),
	)
}

// Format writes String for every verb, since fmt would otherwise print the fields for some (%d).
func (c Config) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte(c.String()))
}

func redact(secret string) string {
	if secret == "" {
		return "unset"
	}
	return "[redacted]"
}

// redactURL hides a URL that could hold a password; New refuses those anyway.
func redactURL(raw string) string {
	if u, err := url.Parse(raw); err != nil || u.User != nil || u.RawQuery != "" {
		return "[redacted]"
	}
	return raw
}

// baseURL checks the address and returns it without a trailing slash.
func (c Config) baseURL() (string, error) {
	if c.BaseURL == "" {
		return DefaultBaseURL, nil
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", errors.New("cpod: BaseURL (CPOD_API_URL) must look like https://api.example.com")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", errors.New("cpod: BaseURL (CPOD_API_URL) must have no user, query or fragment")
	}
	if u.Scheme == "http" && !c.AllowCredentialsOverPlainHTTP && !loopback.Is(u.Hostname()) {
		return "", errors.New("cpod: BaseURL (CPOD_API_URL) is plain http to another machine, so secrets would travel in clear: " +
			"use https, or set AllowCredentialsOverPlainHTTP")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// checkCredentials leaves no doubt about which identity is meant.
func (c Config) checkCredentials() error {
	hasClient := c.ClientID != "" || c.ClientSecret != ""
	switch {
	case c.APIKey != "" && hasClient:
		return errors.New("cpod: both an API key and client credentials are set: " +
			"unset CPOD_API_KEY, or CPOD_CLIENT_ID and CPOD_CLIENT_SECRET")
	case c.APIKey == "" && !hasClient:
		return errors.New("cpod: no credentials: set CPOD_API_KEY, or CPOD_CLIENT_ID and CPOD_CLIENT_SECRET")
	case hasClient && c.ClientID == "":
		return errors.New("cpod: a client secret without its ClientID (CPOD_CLIENT_ID)")
	case hasClient && c.ClientSecret == "":
		return errors.New("cpod: a ClientID without its ClientSecret (CPOD_CLIENT_SECRET)")
	case !isVisibleASCII(c.APIKey):
		return errors.New("cpod: the API key (CPOD_API_KEY) holds a space, a line break or another character that no key has")
	case slices.ContainsFunc(c.Scopes, func(s string) bool { return s == "" || !isVisibleASCII(s) }):
		return errors.New("cpod: a scope in Scopes is empty or holds a space")
	case c.MaxAttempts < 0:
		return errors.New("cpod: MaxAttempts is negative")
	}
	if tenant := tokenTenant(c.APIKey); c.TenantID != "" && tenant != "" && tenant != c.TenantID {
		return errTenantMismatch()
	}
	return nil
}

func isVisibleASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
