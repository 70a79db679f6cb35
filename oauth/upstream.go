package oauth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/outbound"
	"github.com/cpodkit/cpodkit/internal/strictjson"
)

// UpstreamConfig says which OpenID provider signs users in, and what they are then. Its JSON
// is that of docs/users.md. What is not said to be optional is needed.
type UpstreamConfig struct {
	// Name is 1 to 16 of a-z and 0-9. It begins the ids of the users, so that two providers
	// cannot name the same user; it never changes. "user" and "sha256" are not allowed.
	Name  string `json:"name"`
	Label string `json:"label"` // of the button; the Name when it is empty

	// Issuer is the "issuer" of the provider, to which discovery adds
	// /.well-known/openid-configuration. It is https, or http on a loopback address. The
	// endpoints that it names are https; those of an issuer that is http may be so too.
	Issuer string `json:"issuer"`

	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"` // optional

	// Scopes are asked for besides openid; email and profile when it is nil.
	Scopes []string `json:"scopes"`

	// One of these three says to which tenant a user belongs. Tenant is that of all users.
	// TenantClaim is the member of the ID token that names it, and Tenants, if not nil, are
	// those that it may name. Domains gives the tenant for the domain of the e-mail address,
	// which the provider must have verified.
	Tenant      string            `json:"tenant"`
	TenantClaim string            `json:"tenantClaim"`
	Tenants     []string          `json:"tenants"`
	Domains     map[string]string `json:"domains"`

	// UserClaim is the member of the ID token that names the user for good; "sub" when it
	// is empty.
	UserClaim string `json:"userClaim"`

	// AllowPrivateAddresses allows a provider at an address that is not of the public
	// Internet: private, link-local and the like. An Issuer on a loopback address needs no
	// permission.
	AllowPrivateAddresses bool `json:"allowPrivateAddresses"`

	// RootCAs sign the certificates of the provider; those of the system when it is nil.
	RootCAs *x509.CertPool `json:"-"`

	// KeyOptions are more options of the keys, such as [authz.WithKeyLog]. Optional.
	KeyOptions []authz.RemoteOption `json:"-"`
}

// ParseUpstreams reads a JSON array of [UpstreamConfig]. Unknown members are errors.
func ParseUpstreams(data []byte) ([]UpstreamConfig, error) {
	var list []UpstreamConfig
	faults, err := strictjson.Unmarshal(data, &list)
	if err != nil {
		return nil, fmt.Errorf("oauth: the upstream providers: %w", err)
	}
	for _, fault := range faults {
		return nil, fmt.Errorf("oauth: the upstream providers: %s %s", fault.Pointer, fault.Detail)
	}
	return list, nil
}

// Upstream is an OpenID provider that signs users in. It is safe for concurrent use.
type Upstream struct {
	config UpstreamConfig
	client *outbound.Client
	keys   *authz.RemoteKeys // with the metadata
	slots  chan struct{}     // holds one for each code that is being exchanged, with what follows
}

// maxExchanges is how many codes are exchanged with a provider at once.
const maxExchanges = 64

const (
	// Parameters of requests to a provider (RFC 6749 section 4.1).
	codeName     = "code"
	redirectName = "redirect_uri"
)

var upstreamName = regexp.MustCompile(`^[a-z0-9]{1,16}$`)

// NewUpstream returns an Upstream, or what is wrong with config. It asks the provider
// nothing yet: one that is down keeps no server from starting.
func NewUpstream(config UpstreamConfig) (*Upstream, error) {
	config.Label = cmp.Or(config.Label, config.Name)
	config.UserClaim = cmp.Or(config.UserClaim, "sub")
	if config.Scopes == nil {
		config.Scopes = []string{"email", "profile"}
	}
	rules := 0
	for _, given := range []bool{config.Tenant != "", config.TenantClaim != "", config.Domains != nil} {
		if given {
			rules++
		}
	}
	switch {
	case !upstreamName.MatchString(config.Name) || config.Name == "user" || config.Name == "sha256":
		return nil, fmt.Errorf("oauth: the upstream %q has no name of 1 to 16 a-z and 0-9, except user and sha256", config.Name)
	case rules != 1:
		return nil, fmt.Errorf("oauth: the upstream %s needs one of tenant, tenantClaim and domains", config.Name)
	case config.ClientID == "":
		return nil, fmt.Errorf("oauth: the upstream %s needs a client id", config.Name)
	case slices.ContainsFunc(config.Scopes, func(s string) bool { return s == "" || strings.ContainsFunc(s, outsideURI) }):
		return nil, fmt.Errorf("oauth: the upstream %s has a scope that is none", config.Name)
	}
	tenants := slices.Clone(config.Tenants)
	if config.Tenant != "" {
		tenants = append(tenants, config.Tenant)
	}
	for domain, tenant := range config.Domains {
		if _, ok := NormalEmail("x@" + domain); !ok || domain != strings.ToLower(domain) {
			return nil, fmt.Errorf("oauth: the upstream %s has the domain %q, which is not one in lower case", config.Name, domain)
		}
		tenants = append(tenants, tenant)
	}
	for _, tenant := range tenants {
		if _, err := cpodkit.EncodeID(tenant); err != nil {
			return nil, fmt.Errorf("oauth: the upstream %s names the tenant %q, which %w", config.Name, tenant, err)
		}
	}
	issuer, err := url.Parse(config.Issuer)
	if err != nil || strings.ContainsRune(config.Issuer, '#') || strings.ContainsFunc(config.Issuer, outsideURI) {
		return nil, fmt.Errorf("oauth: the issuer of the upstream %s is %q, which is not a URL without a fragment", config.Name, config.Issuer)
	}
	if !secureScheme(issuer) {
		return nil, fmt.Errorf("oauth: the issuer of the upstream %s is neither https nor http on a loopback address", config.Name)
	}
	reach := outbound.Options{
		PrivateAddresses: config.AllowPrivateAddresses, RootCAs: config.RootCAs, LoopbackHTTP: issuer.Scheme == "http",
	}
	keys, err := authz.DiscoverKeys(config.Issuer, append(slices.Clone(config.KeyOptions), keyOptions(reach)...)...)
	if err != nil {
		return nil, fmt.Errorf("oauth: the upstream %s: %w", config.Name, err)
	}
	return &Upstream{config, outbound.New(reach), keys, make(chan struct{}, maxExchanges)}, nil
}

func keyOptions(o outbound.Options) []authz.RemoteOption {
	options := []authz.RemoteOption{authz.WithRootCAs(o.RootCAs)}
	if o.PrivateAddresses {
		options = append(options, authz.WithUnsafePrivateAddresses())
	}
	if o.LoopbackHTTP {
		options = append(options, authz.WithUnsafeLoopbackHTTP())
	}
	return options
}

// provider is the part of OpenID Connect Discovery 1.0 section 3 that is used.
type provider struct {
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	UserInfo      string   `json:"userinfo_endpoint"` // optional
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	SendsIssuer   bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207 section 3
}

// discover returns the metadata of the provider, which its keys came with.
func (u *Upstream) discover(ctx context.Context) (*provider, error) {
	metadata, err := u.keys.Metadata(ctx)
	var p provider
	if err == nil {
		err = json.Unmarshal(metadata, &p)
	}
	for _, endpoint := range []string{p.Authorization, p.Token, cmp.Or(p.UserInfo, p.Token)} {
		if err == nil {
			err = u.client.CheckURL(endpoint)
		}
	}
	if err != nil {
		return nil, u.down(err)
	}
	return &p, nil
}

// authorizeURL is where a browser goes to sign in (OpenID Connect Core 1.0 section 3.1.2.1,
// RFC 7636 section 4.3).
func (u *Upstream) authorizeURL(ctx context.Context, redirectURI, state string, a attempt, t target) (string, error) {
	p, err := u.discover(ctx)
	if err != nil {
		return "", err
	}
	to, err := url.Parse(p.Authorization)
	if err != nil {
		return "", u.down(err)
	}
	challenge := sha256.Sum256([]byte(a.Verifier))
	query := to.Query()
	for name, value := range map[string]string{
		"response_type": codeName, "client_id": u.config.ClientID, redirectName: redirectURI, "state": state, "nonce": a.Nonce,
		"scope":          strings.Join(append([]string{"openid"}, u.config.Scopes...), " "),
		"code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]), "code_challenge_method": "S256",
	} {
		query.Set(name, value)
	}
	if t.again {
		query.Set("prompt", "login")
	}
	if t.maxAge != "" {
		query.Set("max_age", t.maxAge)
	}
	if email, ok := NormalEmail(t.hint); ok {
		query.Set("login_hint", email)
	}
	to.RawQuery = query.Encode()
	return to.String(), nil
}

// providerTokens are what a provider gives for a code.
type providerTokens struct {
	ID     string `json:"id_token"`
	Access string `json:"access_token"`
}

// enter bounds how many sign-ins ask the provider at once. leave ends what it began.
func (u *Upstream) enter() (leave func(), err error) {
	select {
	case u.slots <- struct{}{}:
		return func() { <-u.slots }, nil
	default:
		return nil, u.down(errors.New("too many codes are exchanged at once"))
	}
}

// exchange returns the tokens for a code (OpenID Connect Core 1.0 section 3.1.3).
func (u *Upstream) exchange(ctx context.Context, code, verifier, redirectURI string) (providerTokens, error) {
	p, err := u.discover(ctx)
	if err != nil {
		return providerTokens{}, err
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, codeName: {code}, redirectName: {redirectURI}, "code_verifier": {verifier},
	}
	basic := u.config.ClientSecret != "" &&
		(len(p.AuthMethods) == 0 || slices.Contains(p.AuthMethods, "client_secret_basic"))
	if !basic {
		form.Set("client_id", u.config.ClientID)
		if u.config.ClientSecret != "" {
			form.Set("client_secret", u.config.ClientSecret)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Token, strings.NewReader(form.Encode()))
	if err != nil {
		return providerTokens{}, u.down(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic { // RFC 6749 section 2.3.1
		r.SetBasicAuth(url.QueryEscape(u.config.ClientID), url.QueryEscape(u.config.ClientSecret))
	}
	res, err := u.client.Do(r)
	if err != nil {
		return providerTokens{}, u.down(err)
	}
	if res.Status >= http.StatusInternalServerError {
		return providerTokens{}, u.down(fmt.Errorf("the token endpoint answers %d", res.Status))
	}
	var answer struct {
		providerTokens

		Error string `json:"error"`
	}
	if err := json.Unmarshal(res.Body, &answer); err != nil {
		return providerTokens{}, u.refuse(err)
	}
	if res.Status != http.StatusOK || answer.ID == "" {
		return providerTokens{}, u.refuse(fmt.Errorf("the token endpoint answers %d %q without an ID token", res.Status, answer.Error))
	}
	return answer.providerTokens, nil
}

// down says that the provider cannot be asked.
func (u *Upstream) down(err error) error {
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "%s, which signs users in here, does not answer; try again.", u.config.Label).
		WithCause(fmt.Errorf("upstream %s: %w", u.config.Name, err))
}

// refuse says that what came back from the provider is not to be trusted.
func (u *Upstream) refuse(err error) error {
	return cpodkit.Errorf(cpodkit.CodeForbidden, "The answer of %s cannot be used to sign in. Begin again.", u.config.Label).
		WithCause(fmt.Errorf("upstream %s: %w", u.config.Name, err))
}

// user returns who the claims of an ID token are.
func (u *Upstream) user(claims authz.Claims, said profile) (User, error) {
	id, _ := claims.Text(u.config.UserClaim)
	if id == "" {
		return User{}, u.refuse(fmt.Errorf("the ID token has no %s", u.config.UserClaim))
	}
	user := User{ID: u.userID(id), AuthTime: time.Now()}
	if at, ok := claims.Time("auth_time"); ok && at.Before(user.AuthTime) {
		user.AuthTime = at
	}
	if validName(said.name) {
		user.Name = said.name
	}
	if said.verified {
		user.Email, _ = NormalEmail(said.email)
	}
	errNoTenant := cpodkit.Errorf(cpodkit.CodeForbidden, "Your account at %s belongs to no organisation of this server.", u.config.Label)
	switch {
	case u.config.Tenant != "":
		user.TenantID = u.config.Tenant
	case u.config.TenantClaim != "":
		user.TenantID, _ = claims.Text(u.config.TenantClaim)
		if u.config.Tenants != nil && !slices.Contains(u.config.Tenants, user.TenantID) {
			return User{}, errNoTenant
		}
	default:
		_, domain, _ := strings.Cut(user.Email, "@")
		user.TenantID = u.config.Domains[domain]
	}
	if _, err := cpodkit.EncodeID(user.TenantID); err != nil {
		return User{}, errNoTenant
	}
	return user, nil
}

// userID makes an id that no other provider makes: names have no hyphen, and none is sha256.
func (u *Upstream) userID(subject string) string {
	id := u.config.Name + "-" + subject
	if _, err := cpodkit.EncodeID(id); err == nil {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "sha256-" + base64.RawURLEncoding.EncodeToString(sum[:])
}
