// Package oauth is the authorization server: it registers the apps of a tenant
// and gives them access tokens.
//
// What works: apps with a secret and the client_credentials grant (RFC 6749
// section 4.4), access tokens as JWTs (RFC 9068), introspection (RFC 7662),
// revocation (RFC 7009), API keys, server metadata (RFC 8414) and the key set
// (RFC 7517).
//
// [New] makes a [Server] out of a [Config]; its Routes go to [cpodkit.Mount].
package oauth
