// Package oauth is the authorization server: it registers the apps of a tenant, gives
// them access tokens, and lets users say what apps may do for them.
//
// Apps act for themselves with the client_credentials grant (RFC 6749 section 4.4) and
// with API keys. They act for users with the code flow (RFC 6749 section 4.1, RFC 7636, RFC
// 9207), with refresh tokens that rotate (RFC 9700 section 4.14), and by token exchange (RFC
// 8693). They authenticate with a secret or with keys of their own (RFC 7523). Access
// tokens are JWTs (RFC 9068). Introspection (RFC 7662), revocation (RFC 7009), server
// metadata (RFC 8414) and the key set (RFC 7517) are there too.
//
// [New] makes a [Server] out of a [Config]; its Routes go to [cpodkit.Mount].
package oauth
