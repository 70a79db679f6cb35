// Package authz says who a request acts for. [Authenticate] is middleware that
// takes the bearer token of a request, has a [Verifier] check it, and puts the
// [cpodkit.Identity] that it stands for into the context.
//
// [JWT] verifies access tokens (RFC 9068) of the issuers that it is given,
// [APIKeys] looks up opaque keys, and [Any] takes both. [Signer] makes access
// tokens, and [Revocations] ends them before their time.
//
// A credential that is refused is one of the four 401 codes. A key source or a
// store that does not answer is unavailable, never 401: the credential may be
// good.
package authz
