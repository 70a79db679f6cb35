// Package client is the Go SDK of cpod-backend: storage, apps and tokens over its REST API (v1).
//
// A [Client] is made once, from the environment or from a [Config], and shared: it is safe for concurrent use. It fetches
// an access token by client_credentials on first use, caches it and refreshes it at 80 % of its life; nobody calls the
// token endpoint by hand. Tenant, app and user are what the token says. No call can name another.
//
//	c, err := client.FromEnv()
//	_, err = c.Storage.Files.Write(ctx, "config/settings.json", file, client.ContentType("application/json"))
//	found, err := c.Storage.DB.Collection("preferences").Get(ctx, "theme", &theme)
//	err = c.Storage.KV.Tier(client.Shared).Set(ctx, "session:abc123", session, client.TTL(time.Hour))
//
// # Time and retries
//
// Every call takes a context, which is its only time limit and covers its retries. A call is repeated only where
// that is safe:
//
//   - after 429, and after a connection that could not be opened: every call, since the server did nothing;
//   - after a broken connection, 502, 503 and 504: only calls whose repetition changes nothing. Incr, Batch,
//     Apps.Register, Apps.Delete, Apps.RotateSecret and every conditional write (IfAbsent, IfMatch, DeleteIf) are not
//     repeated then, because the first attempt may have taken effect; a 503 does not prove the contrary, with
//     Retry-After or without;
//   - after 401 for an expired or revoked token: every call, once, with a new token.
//
// A body that has been read from is repeated only when it is an [io.Seeker] that can be rewound. Retry-After is
// honoured: the client never comes back sooner, and when it asks for more than 30 seconds, or for more than the
// context has left, the error is returned at once.
//
// # Errors
//
// What the server refuses is an [*Error], with a type for each usual class: [NotFoundError], [AuthError],
// [ValidationError], [RateLimitError], [ConflictError], [PreconditionFailedError], [UnavailableError],
// [QuotaExceededError]. Use [errors.AsType] or [errors.As]; each also unwraps to *Error. No error holds a token, a secret or a URL.
package client
