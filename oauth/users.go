package oauth

import (
	"context"
	"net/http"
	"time"
)

// User is somebody who has signed in.
type User struct {
	TenantID string
	ID       string // unique within the tenant
	Email    string // "" where it is not known
	Name     string // "" where it is not known

	AuthTime  time.Time // when the user gave a password, or came from the upstream provider
	SessionID string    // names the session; it is not the cookie, and not secret
}

// SignIn says who is signed in, and signs in who is not. *Sessions implements it. It is
// safe for concurrent use.
type SignIn interface {
	// User returns the user that the session of the request belongs to. ok is false when
	// nobody is signed in. The code of the error is [cpodkit.CodeUnavailable] when the
	// store of sessions does not answer.
	User(ctx context.Context, r *http.Request) (u User, ok bool, err error)

	// Begin answers the request with what signs the user in: a redirect to /login. The
	// browser then comes back to returnTo, a path with query of this server. Whoever is
	// signed in already is asked again.
	Begin(w http.ResponseWriter, r *http.Request, returnTo string)
}
