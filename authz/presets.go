package authz

import (
	"fmt"
	"slices"
	"strings"
)

// Preset says how the access tokens of one identity provider look.
type Preset struct {
	Name string // for [PresetIssuer] and [ParseIssuers]

	// Issuer lacks what differs between installations: Issuer, Audience, Keys, and the
	// tenant where the tokens do not say it.
	Issuer Issuer

	// IsShared says that everybody can get tokens of the issuer. Then Tenants, or a
	// Requirement, must say whose tokens are accepted.
	IsShared bool

	IssuerForm string // what "iss" looks like
	Page       string // where the provider documents the claims
}

// Presets returns the presets, in the order of their names.
func Presets() []Preset {
	all := presets()
	for i := range all {
		all[i].Issuer.Foreign = true
	}
	return all
}

const (
	subjectClaim = "sub"
	jwtType      = "JWT"
)

func presets() []Preset {
	jwt := []string{jwtType}
	return []Preset{
		{
			Name: "auth0",
			Issuer: Issuer{
				Types:  []string{jwtType, AccessTokenType}, // two token profiles
				Claims: ClaimNames{AppID: "azp client_id", UserID: subjectClaim, Scope: "scope permissions"},
				NoUser: []Requirement{{Claim: "gty", Values: []string{"client-credentials"}}},
			},
			IssuerForm: "https://TENANT.REGION.auth0.com/",
			Page:       "https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles",
		},
		{
			Name: "cognito",
			Issuer: Issuer{
				Types: []string{""},
				// Access tokens have no "aud"; ID tokens have no "client_id".
				Claims:  ClaimNames{Audience: "client_id", AppID: "client_id", UserID: subjectClaim, Scope: "scope"},
				Groups:  Groups{Claim: "cognito:groups"},
				Require: []Requirement{{Claim: "token_use", Values: []string{"access"}}},
				NoUser:  []Requirement{{Claim: "username"}},
			},
			IssuerForm: "https://cognito-idp.REGION.amazonaws.com/POOL",
			Page:       "https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html",
		},
		{
			Name:       "cpod-backend",
			Issuer:     Issuer{},
			IssuerForm: "its CPOD_PUBLIC_URL",
			Page:       "https://www.rfc-editor.org/rfc/rfc9068",
		},
		{
			Name: "entra-v1",
			Issuer: Issuer{
				Types:   jwt,
				Claims:  ClaimNames{TenantID: "tid", AppID: "appid", UserID: "oid", Scope: "scp roles"},
				Groups:  Groups{Claim: "groups"},
				Require: []Requirement{{Claim: "ver", Values: []string{"1.0"}}},
				NoUser:  []Requirement{{Claim: "scp"}, {Claim: "idtyp", Values: []string{"app"}}},
			},
			IssuerForm: "https://sts.windows.net/TENANT/",
			Page:       "https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference",
		},
		{
			Name: "entra-v2",
			Issuer: Issuer{
				Types:   jwt,
				Claims:  ClaimNames{TenantID: "tid", AppID: "azp", UserID: "oid", Scope: "scp roles"},
				Groups:  Groups{Claim: "groups"},
				Require: []Requirement{{Claim: "ver", Values: []string{"2.0"}}},
				NoUser:  []Requirement{{Claim: "scp"}, {Claim: "idtyp", Values: []string{"app"}}},
			},
			IssuerForm: "https://login.microsoftonline.com/TENANT/v2.0",
			Page:       "https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference",
		},
		{
			Name: "github-actions",
			Issuer: Issuer{
				Types: jwt,
				// By id: a name that its owner gives up is free for others.
				Claims: ClaimNames{TenantID: "repository_owner_id", AppID: "repository_id", UserID: noClaim, Scope: noClaim},
				Groups: Groups{Claim: subjectClaim},
			},
			IsShared:   true,
			IssuerForm: "https://token.actions.githubusercontent.com",
			Page:       "https://docs.github.com/actions/reference/security/oidc",
		},
		{
			Name: "google",
			Issuer: Issuer{ // ID tokens: the access tokens of Google are opaque
				Types:  jwt,
				Claims: ClaimNames{AppID: "azp", UserID: subjectClaim, Scope: noClaim},
				Groups: Groups{Claim: "email"},
				// Every service account can get a token for any audience, with an "azp" of its own.
				Require: []Requirement{{Claim: "azp", Audience: true}, {Claim: "email_verified", Values: []string{"true"}}},
			},
			IssuerForm: "https://accounts.google.com",
			Page:       "https://developers.google.com/identity/openid-connect/openid-connect",
		},
		{
			Name: "keycloak",
			Issuer: Issuer{
				Types:   []string{jwtType, AccessTokenType},
				Claims:  ClaimNames{AppID: "azp", UserID: subjectClaim, Scope: "scope"},
				Groups:  Groups{Claim: "/realm_access/roles"},
				Require: []Requirement{{Claim: "typ", Values: []string{"Bearer"}}}, // not ID, Refresh, Offline, Logout
				NoUser:  []Requirement{{Claim: "sid"}},
			},
			IssuerForm: "https://HOST/realms/REALM",
			Page:       "https://www.keycloak.org/docs/latest/server_admin/",
		},
		{
			Name: "kubernetes",
			Issuer: Issuer{
				Types:  []string{"", jwtType},
				Claims: ClaimNames{TenantID: "/kubernetes.io/namespace", AppID: subjectClaim, UserID: noClaim, Scope: noClaim},
				Groups: Groups{Claim: subjectClaim},
			},
			IssuerForm: "https://kubernetes.default.svc.cluster.local, or that of the cloud",
			Page:       "https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/",
		},
		{
			Name: "okta",
			Issuer: Issuer{
				Types: []string{"", jwtType, AccessTokenType},
				// ID tokens have no "cid"; tokens of apps have no "uid".
				Claims: ClaimNames{AppID: "cid", UserID: "uid", Scope: "scp"},
				Groups: Groups{Claim: "groups"},
			},
			IssuerForm: "https://ORG.okta.com/oauth2/SERVER",
			Page:       "https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/",
		},
	}
}

// PresetIssuer returns the issuer of the preset with this name. Set its Issuer, Audience
// and Keys, and TenantID or Claims.TenantID where the page of the presets says so.
func PresetIssuer(name string) (Issuer, error) {
	preset, err := presetOf(name)
	return preset.Issuer, err
}

func presetOf(name string) (Preset, error) {
	all := Presets()
	at := slices.IndexFunc(all, func(p Preset) bool { return p.Name == name })
	if at < 0 {
		var names []string
		for _, p := range all {
			names = append(names, p.Name)
		}
		return Preset{}, fmt.Errorf("authz: there is no preset %q, only %s", name, strings.Join(names, ", "))
	}
	return all[at], nil
}
