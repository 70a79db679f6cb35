package authz

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// MaxToken is the most bytes that a bearer token may have: 8 KiB.
const MaxToken = 8 << 10

// Verifier turns a credential into the identity that it stands for. It is safe
// for concurrent use.
//
// A credential that is refused is an error with one of the codes
// [cpodkit.CodeInvalidToken], [cpodkit.CodeTokenExpired] and
// [cpodkit.CodeTokenRevoked]. When a backend that is needed does not answer, the
// code is [cpodkit.CodeUnavailable].
type Verifier interface {
	Verify(ctx context.Context, token string) (cpodkit.Identity, error)
}

// VerifierFunc is a function that is a [Verifier].
type VerifierFunc func(ctx context.Context, token string) (cpodkit.Identity, error)

// Verify calls f.
func (f VerifierFunc) Verify(ctx context.Context, token string) (cpodkit.Identity, error) {
	return f(ctx, token)
}

// Any returns a Verifier for both kinds of credentials: what begins with
// [APIKeyPrefix] goes to apiKeys, the rest to tokens.
func Any(apiKeys, tokens Verifier) Verifier {
	return VerifierFunc(func(ctx context.Context, token string) (cpodkit.Identity, error) {
		if strings.HasPrefix(token, APIKeyPrefix) {
			return apiKeys.Verify(ctx, token)
		}
		return tokens.Verify(ctx, token)
	})
}

// Authenticate is middleware that lets a request through when v accepts its
// token, with the token's identity in the context. [cpodkit.Recheck] then asks v
// about the token once more.
//
// The token is read from the Authorization header and from nowhere else
// (RFC 6750 section 2.1). A request without one, or with another
// authentication scheme, is missing_token. Two Authorization headers, a token
// over [MaxToken] and one with characters that no token has are invalid_token.
func Authenticate(v Verifier) cpodkit.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, err := bearerToken(r.Header)
			if err != nil {
				cpodkit.WriteError(w, r, err)
				return
			}
			c := &credential{Context: r.Context(), verifier: v, token: token}
			if c.identity, err = v.Verify(c, token); err == nil && !c.isChecked() {
				err = checkIdentity(c.identity)
			}
			if err != nil {
				cpodkit.WriteError(w, r, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(cpodkit.WithCredential(r.Context(), c)))
		})
	}
}

// credential is the token of a request. It is the context of its first verification, in
// which [JWT.Verify] finds it.
type credential struct {
	context.Context //nolint:containedctx // it is a context

	verifier Verifier
	token    string
	identity cpodkit.Identity
	known    *verified // nil when no JWT verified the token
}

type pendingKey struct{}

// Value implements [context.Context].
func (c *credential) Value(key any) any {
	if key == (pendingKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// Identity implements [cpodkit.Credential].
func (c *credential) Identity() *cpodkit.Identity { return &c.identity }

// Recheck implements [cpodkit.Credential].
func (c *credential) Recheck(ctx context.Context) error {
	_, err := c.verifier.Verify(ctx, c.token)
	return err
}

// isChecked reports whether the ids are those that [JWT.Verify] has checked.
func (c *credential) isChecked() bool {
	return c.known != nil && c.known.identity.TenantID == c.identity.TenantID &&
		c.known.identity.AppID == c.identity.AppID && c.known.identity.UserID == c.identity.UserID
}

func bearerToken(h http.Header) (string, error) {
	values := h["Authorization"]
	if len(values) == 0 {
		return "", cpodkit.MissingToken()
	}
	if len(values) > 1 {
		return "", refuse("The request has more than one Authorization header.")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.Trim(token, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer"), token == "":
		return "", cpodkit.MissingToken()
	case len(token) > MaxToken:
		return "", errTooLong()
	case !isToken(token):
		return "", refuse("The token holds characters that no token has.")
	}
	return token, nil
}

// isToken reports whether s is made of the characters of b64token (RFC 6750
// section 2.1). Every request pays for it, so that it has no branch for a character.
func isToken(s string) bool {
	odd := byte(0)
	for ; len(s) >= 8; s = s[8:] {
		odd |= oddBytes[s[0]] | oddBytes[s[1]] | oddBytes[s[2]] | oddBytes[s[3]] |
			oddBytes[s[4]] | oddBytes[s[5]] | oddBytes[s[6]] | oddBytes[s[7]]
	}
	for i := range len(s) {
		odd |= oddBytes[s[i]]
	}
	return odd == 0
}

// oddBytes has a 0 for each byte of b64token.
const oddBytes = "" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x01\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x01\x00\x01\x01" +
	"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x01\x01\x00" +
	"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x01\x00\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"

// checkIdentity keeps out what could not be a path segment of storage.
func checkIdentity(id cpodkit.Identity) error {
	if err := id.Validate(); err != nil {
		return refuse("The token's identity is not usable here.").WithCause(err)
	}
	return nil
}

func refuse(detail string) *cpodkit.Error {
	return cpodkit.Errorf(cpodkit.CodeInvalidToken, "%s", detail)
}

func errTooLong() *cpodkit.Error {
	return cpodkit.Errorf(cpodkit.CodeInvalidToken, "The token has more than %d bytes.", MaxToken)
}

func errExpired() *cpodkit.Error {
	return cpodkit.Errorf(cpodkit.CodeTokenExpired, "The token has expired; get a new one.")
}

func errRevoked() *cpodkit.Error {
	return cpodkit.Errorf(cpodkit.CodeTokenRevoked, "The token was revoked; get a new one.")
}

// unavailable hides why a backend failed. A call that the client gave up, or
// that ran out of time, is returned as it is.
func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	e := cpodkit.Errorf(cpodkit.CodeUnavailable, "The token cannot be checked at the moment; try again.").WithCause(err)
	if retry, ok := errors.AsType[*retryError](err); ok {
		e.RetryAfter = retry.after
	}
	return e
}
