package oauth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/loopback"
)

// Limits of a registration. Together with those on ids and the issuer they keep
// a token with all scopes below authz.MaxToken.
const (
	maxScopes      = 64
	maxScopesBytes = 4 << 10 // of all scopes, separated by spaces
	maxName        = 200     // characters
	maxURIs        = 20
	maxURI         = 2 << 10 // bytes
)

// registration is the body of POST /v1/oauth/apps. Its member names are those of
// RFC 7591 where that has them.
type registration struct {
	ClientID       string   `json:"client_id"`
	Name           string   `json:"name"`
	DeclaredScopes []string `json:"declared_scopes"`
	AppType        AppType  `json:"app_type"`
	RedirectURIs   []string `json:"redirect_uris"`
	AllowedOrigins []string `json:"allowed_origins"`

	JWKS json.RawMessage `json:"jwks"`
}

// check returns everything that is wrong with the registration at once.
func (g registration) check() error {
	var faults faults
	faults.unless(validClientID(g.ClientID), "/client_id",
		"must be 1 to %d of A-Z, a-z, 0-9, @, ., _ and -, and not . or ..", cpodkit.MaxIDLen)
	faults.name(g.Name)
	faults.unless(slices.Contains([]AppType{ServiceApp, WebApp, BrowserApp}, g.AppType), "/app_type",
		"must be service, web or browser")
	faults.scopes("/declared_scopes", g.DeclaredScopes, nil)
	faults.list("/redirect_uris", g.RedirectURIs, checkRedirectURI)
	faults.list("/allowed_origins", g.AllowedOrigins, checkOrigin)
	faults.jwks(g.JWKS, g.AppType)
	return faults.err()
}

// jwks checks the keys of an app, if it has some.
func (f *faults) jwks(document json.RawMessage, appType AppType) {
	const at = "/jwks"
	switch {
	case hasNoJWKS(document):
	case appType.Public():
		f.add(at, "is not for browser apps, which cannot keep a private key")
	default:
		_, wrong := parseJWKS(document, at)
		*f = append(*f, wrong...)
	}
}

func hasNoJWKS(document json.RawMessage) bool {
	return len(document) == 0 || string(document) == "null"
}

// compactJWKS returns the keys as they are stored.
func compactJWKS(document json.RawMessage) []byte {
	if hasNoJWKS(document) {
		return nil
	}
	var compact bytes.Buffer
	if json.Compact(&compact, document) != nil {
		return nil
	}
	return compact.Bytes()
}

// scopes checks the scopes of an app or of one of its keys. Those of before, which an
// older version may have let in, need not be known.
func (f *faults) scopes(at string, scopes, before []string) {
	switch {
	case scopes == nil:
		f.add(at, "is required")
		return
	case len(scopes) > maxScopes, len(strings.Join(scopes, " ")) > maxScopesBytes:
		f.add(at, "has at most %d scopes of %d bytes together", maxScopes, maxScopesBytes)
		return
	}
	for i, scope := range scopes {
		f.unless(cpodkit.ValidScope(scope), pointer(at, i),
			"must be a scope, such as storage.private.read: dotted names of a-z, 0-9, _ and -")
		f.unless(!slices.Contains(scopes[:i], scope), pointer(at, i), "stands more than once")
		if fault := scopeFault(scope); fault != "" && cpodkit.ValidScope(scope) && !slices.Contains(before, scope) {
			f.add(pointer(at, i), "%s", fault)
		}
	}
}

// validClientID reports whether id can be a client_id: what stands in a URL
// path, a form, HTTP Basic and a storage path without being encoded.
func validClientID(id string) bool {
	encoded, err := cpodkit.EncodeID(id)
	return err == nil && encoded == id
}

// name checks what an app or a key is called.
func (f *faults) name(name string) {
	f.unless(validName(name), "/name", "must be 1 to %d printable characters", maxName)
}

func validName(name string) bool {
	return name == strings.TrimSpace(name) && name != "" && utf8.RuneCountInString(name) <= maxName &&
		!strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) })
}

// checkRedirectURI keeps to RFC 9700 section 2.1 and RFC 6749 section 3.1.2: an
// exact https URL, or http to this machine for development (RFC 8252 section 7.3).
func checkRedirectURI(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Host == "" || strings.ContainsFunc(uri, outsideURI):
		return "must be an absolute URL"
	case !secureScheme(u):
		return "must be https, or http on a loopback address"
	case u.Fragment != "" || strings.Contains(uri, "#"):
		return "must have no fragment"
	case u.User != nil:
		return "must have no user name"
	case strings.Contains(uri, "*"):
		return "must be exact: wildcards are not supported"
	}
	return ""
}

// checkOrigin wants the form in which browsers send it (RFC 6454 section 6.2).
func checkOrigin(origin string) string {
	u, err := url.Parse(origin)
	switch {
	case err != nil || u.Host == "" || strings.ContainsFunc(origin, outsideURI) || strings.Contains(origin, "*"):
		return "must be an origin, such as https://app.example.com"
	case !secureScheme(u):
		return "must be https, or http on a loopback address"
	case origin != u.Scheme+"://"+strings.ToLower(u.Host) || strings.HasSuffix(origin, ":"):
		return "must be scheme, host in lower case and port alone, without a slash at the end"
	case u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80":
		return "must leave out the default port, as browsers do"
	}
	return ""
}

func outsideURI(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune("\"<>\\^`{|}", c) }

func secureScheme(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && loopback.Is(u.Hostname())
}

// faults gathers what is wrong with a body.
type faults []cpodkit.FieldError

func (f *faults) add(pointer, format string, args ...any) {
	*f = append(*f, cpodkit.FieldError{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
}

func (f *faults) unless(right bool, pointer, format string, args ...any) {
	if !right {
		f.add(pointer, format, args...)
	}
}

// list checks each of some URIs.
func (f *faults) list(at string, uris []string, check func(string) string) {
	f.unless(len(uris) <= maxURIs, at, "has at most %d members", maxURIs)
	for i, uri := range uris[:min(len(uris), maxURIs)] {
		if len(uri) > maxURI {
			f.add(pointer(at, i), "has at most %d bytes", maxURI)
		} else if detail := check(uri); detail != "" {
			f.add(pointer(at, i), "%s", detail)
		}
	}
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return cpodkit.ValidationError(f...)
}

func pointer(at string, i int) string { return fmt.Sprintf("%s/%d", at, i) }
