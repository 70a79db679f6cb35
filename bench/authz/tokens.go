package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	jwtmiddleware "github.com/auth0/go-jwt-middleware/v3"
	"github.com/auth0/go-jwt-middleware/v3/validator"
	"github.com/golang-jwt/jwt/v5"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

const (
	issuer   = "https://api.example.com"
	audience = "https://api.example.com"

	// newTokens are so many that each is new again when its turn comes: see forgetful.
	many = 64
)

var errAccepted = errors.New("a token is accepted that should be refused")

type tokens struct {
	private *rsa.PrivateKey
	keys    *authz.KeySet
	good    []string
	unknown string // of a key that the issuer does not have
}

func newTokens() (*tokens, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	t := &tokens{private: private}
	key, err := authz.NewVerificationKey("k1", authz.RS256, private.Public())
	if err != nil {
		return nil, err
	}
	if t.keys, err = authz.NewKeySet(key); err != nil {
		return nil, err
	}
	if t.good, err = sign("k1", private, many, claims); err != nil {
		return nil, err
	}
	unknown, err := sign("k2", private, 1, claims)
	t.unknown = unknown[0]
	return t, err
}

func claims(i int) authz.Claims {
	now := time.Now()
	return authz.Claims{
		Issuer: issuer, Audience: audience, Subject: "app_shop", ClientID: "app_shop", TokenID: fmt.Sprintf("4fzzzxjylrx.%d", i),
		IssuedAt: now, ExpiresAt: now.Add(24 * time.Hour), Scopes: cpodkit.Scopes{"storage.private.read", "storage.private.write", "jobs.*"},
		TenantID: "acme", AppID: "app_shop", UserID: "alice@example.com",
	}
}

func sign(kid string, private *rsa.PrivateKey, n int, claims func(int) authz.Claims) ([]string, error) {
	signer, err := authz.NewSigner(authz.SigningKey{ID: kid, Algorithm: authz.RS256, Private: private})
	if err != nil {
		return nil, err
	}
	var list []string
	for i := range n {
		token, err := signer.Sign(claims(i))
		if err != nil {
			return nil, err
		}
		list = append(list, token)
	}
	return list, nil
}

// forgetful is a key set that seems to change all the time, so that every token is new.
type forgetful struct {
	*authz.KeySet

	generation uint64
}

func (f *forgetful) Generation() uint64 {
	f.generation++
	return f.generation
}

func (t *tokens) verifier(keys authz.KeySource) (*authz.JWT, error) {
	revocations, err := authz.OpenRevocations(context.Background(), authz.NewMemoryRevocations())
	if err != nil {
		return nil, err
	}
	return authz.NewJWT(authz.Issuer{Issuer: issuer, Audience: audience, Keys: keys, Revocations: revocations})
}

func (t *tokens) rows() ([]row, error) {
	known, err := t.verifier(t.keys)
	if err != nil {
		return nil, err
	}
	fresh, err := t.verifier(&forgetful{KeySet: t.keys})
	if err != nil {
		return nil, err
	}
	theirs, err := validator.New(
		validator.WithKeyFunc(func(context.Context) (any, error) { return t.private.Public(), nil }),
		validator.WithAlgorithm(validator.RS256), validator.WithIssuer(issuer), validator.WithAudience(audience))
	if err != nil {
		return nil, err
	}
	middleware, err := jwtmiddleware.New(jwtmiddleware.WithValidator(theirs))
	if err != nil {
		return nil, err
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithExpirationRequired())
	byKeyID := func(token *jwt.Token) (any, error) {
		if token.Header["kid"] != "k1" {
			return nil, errors.New("unknown key")
		}
		return t.private.Public(), nil
	}
	golangJWT := func(token string) error {
		_, err := parser.ParseWithClaims(token, &golangClaims{}, byKeyID)
		return err
	}
	verify := func(v *authz.JWT) func(int) error {
		return func(i int) error {
			_, err := v.Verify(context.Background(), t.good[i%many])
			return err
		}
	}
	validate := func(i int) error {
		_, err := theirs.ValidateToken(context.Background(), t.good[i%many])
		return err
	}
	return []row{
		{"a token that was seen before", []way{
			{name: "ours", call: verify(known)},
			{name: "go-jwt-middleware", call: validate},
			{name: "golang-jwt", call: func(i int) error { return golangJWT(t.good[i%many]) }},
		}, "0.6 µs, 2 allocations"},
		{"the same in the middleware", []way{
			{name: "ours", call: serve(authz.Authenticate(known), t.good)},
			{name: "go-jwt-middleware", call: serve(middleware.CheckJWT, t.good)},
		}, "1.0 µs, 3 allocations"},
		{"a new token of RS256", []way{
			{name: "ours", call: verify(fresh)},
			{name: "the signature alone", call: t.checkSignature},
			{name: "go-jwt-middleware", call: validate},
			{name: "golang-jwt", call: func(i int) error { return golangJWT(t.good[i%many]) }},
		}, "1.10 times the signature alone, 40 allocations"},
		{"a token that is refused before its signature is checked", []way{
			{name: "ours", call: refused(func() error {
				_, err := known.Verify(context.Background(), t.unknown)
				return err
			})},
			{name: "golang-jwt", call: refused(func() error { return golangJWT(t.unknown) })},
		}, "3 µs, 10 allocations"},
	}, nil
}

// golangClaims are those that ours reads.
type golangClaims struct {
	jwt.RegisteredClaims

	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
	TenantID string `json:"tenantId"`
	AppID    string `json:"appId"`
	UserID   string `json:"userId"`
}

func refused(call func() error) func(int) error {
	return func(int) error {
		if call() == nil {
			return errAccepted
		}
		return nil
	}
}

// checkSignature is what no verifier can do without.
func (t *tokens) checkSignature(i int) error {
	token := t.good[i%many]
	at := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(token[:at]))
	return rsa.VerifyPKCS1v15(&t.private.PublicKey, crypto.SHA256, digest[:], signature)
}

// serve passes requests through a middleware.
func serve(middleware func(http.Handler) http.Handler, tokens []string) func(int) error {
	passed := 0
	handler := middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { passed++ }))
	requests := make([]*http.Request, len(tokens))
	for i, token := range tokens {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Header: http.Header{"Authorization": {"Bearer " + token}}}
		requests[i] = r.WithContext(context.Background())
	}
	return func(i int) error {
		before := passed
		handler.ServeHTTP(discard{}, requests[i%len(requests)])
		if passed == before {
			return errors.New("a good token is refused")
		}
		return nil
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// cacheMemory fills a cache with more tokens than it holds, and returns its MiB.
func cacheMemory() (float64, error) {
	heap := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / (1 << 20)
	}
	t, err := newTokens()
	if err != nil {
		return 0, err
	}
	// EdDSA is quick to sign and to check.
	signer, keys, err := edwards()
	if err != nil {
		return 0, err
	}
	v, err := t.verifier(keys)
	if err != nil {
		return 0, err
	}
	before := heap()
	for i := range 80_000 {
		token, err := signer.Sign(claims(i))
		if err != nil {
			return 0, err
		}
		if _, err := v.Verify(context.Background(), token); err != nil {
			return 0, err
		}
	}
	used := heap() - before
	runtime.KeepAlive(v)
	return used, nil
}
