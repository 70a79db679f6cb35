package authz

import (
	"github.com/cpodkit/cpodkit"
)

// Issuer is someone whose tokens are accepted, and for what.
type Issuer struct {
	Issuer   string // what "iss" must be, byte for byte
	Audience string // what "aud" must be, or hold
	Keys     KeySource

	// Audiences are more values that are accepted instead of Audience.
	Audiences []string

	// Algorithms are those that keys of the issuer may have; all when it is empty.
	Algorithms []string

	// Type is the "typ" that tokens must have; [AccessTokenType] when it is
	// empty. With or without "application/", in any case of letters.
	Type string

	// Types replaces Type where tokens have one of several; "" stands for a token
	// without "typ".
	Types []string

	// Tenants are those that the issuer may speak for; any when it is nil.
	Tenants []string

	// TenantID and AppID are the tenant and the app of all tokens of the issuer. Where
	// one is empty, a claim says it.
	TenantID string
	AppID    string

	// Claims says which claims hold the identity.
	Claims ClaimNames

	// Groups gives scopes to the values of a claim, beside those of the token.
	Groups Groups

	// Require lists what claims must be besides. It tells an access token from another
	// token of the same issuer, such as an ID token.
	Require []Requirement

	// NoUser lists what the tokens of apps without a user have: where one of them holds,
	// the token has no user.
	NoUser []Requirement

	// UserNamespace, 1 to 11 characters of [a-z0-9-], and ":" begin the id of each user of
	// the issuer, so that another issuer cannot name the same user. A Foreign issuer without
	// one cannot name a user whose id begins so.
	UserNamespace string

	// LongSubjects accepts users whose id is longer than [cpodkit.MaxIDLen]: it becomes
	// "sha256-" and the 43 characters of its SHA-256 in base64url. Such an id is refused
	// otherwise.
	LongSubjects bool

	// Identify replaces the mapping by Claims, Groups, TenantID, AppID, UserNamespace and
	// LongSubjects. It gets a token that is good. It returns tenant, app, user and
	// scopes; the rest of the identity is ignored. An error that has the code unavailable
	// is returned; any other one, a panic, and an id that is not valid are
	// invalid_token. It is called at most once for a token that is remembered. It is safe
	// for concurrent use.
	Identify func(Claims) (cpodkit.Identity, error)

	// Foreign is for tokens of another authorization server, which does not keep to
	// all of RFC 9068. They may lack "sub", "client_id" and "jti", and their scopes may be
	// a JSON array of strings, or null for none. The scope platform.admin, and a wildcard
	// that covers it, are dropped. The TokenID of the identity, by which the token is
	// revoked, is "sha256-" and the SHA-256 of issuer and "jti"; of the token without its
	// signature where it has no "jti".
	Foreign bool

	// Revocations lists the tokens of this issuer that were revoked; nil when
	// none ever are.
	Revocations *Revocations

	source string // the entry of a file; "" for an issuer that was not parsed
}

// ClaimNames are the names of the claims that hold an identity. An empty name
// is that of this toolkit's own tokens: tenantId, appId, userId and scope.
//
// A name that begins with "/" is a JSON pointer (RFC 6901). Several names, with a space
// between them, are alternatives, of which the first claim that is there counts; for
// Scope, all that are there count. The name "-" is that of no claim; UserID and Scope
// may have it.
type ClaimNames struct {
	TenantID string
	AppID    string
	UserID   string
	Scope    string // a space-separated list
	Audience string // "aud" when it is empty
}

// Groups gives scopes to groups or roles.
type Groups struct {
	Claim  string                    // a name as in [ClaimNames], of a text or an array of texts
	Scopes map[string]cpodkit.Scopes // by the value of the claim; other values give none
}

// Requirement is what one claim must be.
type Requirement struct {
	Claim string // a name as in [ClaimNames]

	// Values are those of which the claim is, or holds, one. A number or a boolean is
	// written as in JSON. Without any, the claim must be absent.
	Values []string

	// Audience adds the audiences of the issuer to the values.
	Audience bool
}
