package vaultclient

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/cpodkit/cpodkit"
)

const (
	// renewAt is the part of a token's life after which it is renewed, about.
	renewAt = 0.66

	// leastRenewal is the shortest time between two renewals.
	leastRenewal = 500 * time.Millisecond
)

// errAged says that a renewal does not keep a token alive.
var errAged = errors.New("the token reaches the end of the longest life that Vault gives it")

// keep renews the token of a session, and logs in again when it cannot live on or its file
// has another one. It ends once another session has taken over, or with the client.
func (c *Client) keep(s *session) {
	due := time.Time{} // never
	later := func(pause time.Duration) {
		if s.life > 0 {
			due = time.Now().Add(pause)
		}
	}
	later(renewal(s.life))
	for failed := time.Duration(0); c.wait(s, due); {
		if c.hasChanged(s) {
			if _, err := c.session(c.closing, s); err == nil {
				return
			}
			// The file has a token that is refused: the one before it lives on.
		}
		if due.IsZero() || time.Now().Before(due) {
			continue
		}
		err := c.renew(s)
		switch {
		case err == nil:
			failed = 0
			later(renewal(s.left()))
			continue
		case s.isOver():
		case errors.Is(err, cpodkit.CodeUnavailable):
			failed = longer(failed)
			later(jitter(failed))
			continue
		case c.login.path == "":
			c.log.WarnContext(c.closing, "the token of Vault is not renewed any more; give the server another one in time",
				"ends_in", s.left().String(), "reason", err)
			later(s.left())
			continue
		}
		if _, err := c.session(c.closing, s); err == nil {
			return
		}
		failed = longer(failed)
		later(jitter(failed))
	}
}

// renewal returns when a token is renewed that lives so long from now on.
func renewal(life time.Duration) time.Duration {
	return max(jitter(time.Duration(renewAt*float64(life))), leastRenewal)
}

// longer returns the pause after a failure that came after another pause.
func longer(pause time.Duration) time.Duration { return min(max(2*pause, firstPause), maxPause) }

// wait waits until something is due for the session, or its file is looked at. It reports
// false when there is nothing to do any more.
func (c *Client) wait(s *session, due time.Time) bool {
	var over <-chan time.Time
	if c.login.file != "" || !due.IsZero() {
		pause := filePause
		if c.login.file == "" || !due.IsZero() && time.Until(due) < pause {
			pause = time.Until(due)
		}
		timer := time.NewTimer(pause)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
		return true
	case <-s.replaced:
	case <-c.closing.Done():
	}
	return false
}

// hasChanged reports whether the file of the token has another one now.
func (c *Client) hasChanged(s *session) bool {
	if c.login.file == "" {
		return false
	}
	credentials, err := c.login.credentials()
	if err != nil {
		return false // it may be there again when it is needed
	}
	sum, err := digestOf(credentials)
	return err == nil && sum != s.credentials
}

// renew renews the token. Near its maximum life Vault grants less and less; with less than
// half of its first life the token is to be replaced.
func (c *Client) renew(s *session) error {
	if !s.renewable {
		return errors.New("the token is not renewable")
	}
	began := time.Since(s.began)
	var secret *api.Secret
	err := c.send(c.closing, s, func(ctx context.Context, vault *api.Logical) (err error) {
		secret, err = vault.WriteWithContext(ctx, "auth/token/renew-self", map[string]any{})
		return err
	})
	if err != nil {
		return err
	}
	if secret == nil || secret.Auth == nil {
		return errAged
	}
	granted := time.Duration(secret.Auth.LeaseDuration) * time.Second
	s.expires.Store(int64(began + granted))
	if granted < s.life/2 {
		return errAged
	}
	return nil
}
