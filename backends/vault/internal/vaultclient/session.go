package vaultclient

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/cpodkit/cpodkit"
)

// The pauses between logins, or renewals, that fail.
const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
)

// filePause is the time between two looks at a file that holds a token.
const filePause = 2 * time.Second

// session is a token, and the client that uses it.
type session struct {
	vault       *api.Logical
	credentials digest
	began       time.Time
	life        time.Duration // at its beginning; 0 for a token that does not expire
	renewable   bool
	expires     atomic.Int64 // nanoseconds after began; 0 for never
	replaced    chan struct{}

	// isMute says that the policies of the token deny to look it up, so that a lookup
	// that is denied does not mean that the token is not valid any more.
	isMute atomic.Bool
}

// digest tells credentials apart without holding them.
type digest [sha256.Size]byte

// flight is a login that several calls wait for.
type flight struct {
	done    chan struct{}
	session *session
	err     error
}

// refusal is a login that Vault has refused. Vault locks out who repeats it often.
type refusal struct {
	credentials digest
	err         error // nil for none
	until       time.Time
	pause       time.Duration
}

// session returns the current session, but not the one that the caller knows to be of no
// use. When there is none it waits for a login.
func (c *Client) session(ctx context.Context, not *session) (*session, error) {
	c.mu.Lock()
	if c.closing.Err() != nil {
		c.mu.Unlock()
		return nil, c.Unavailable(errors.New("the client of Vault is closed"))
	}
	if s := c.current; s != nil && s != not && !s.isOver() {
		c.mu.Unlock()
		return s, nil
	}
	f := c.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		c.flight = f
		c.work.Go(func() { c.fly(f) })
	}
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.session, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fly logs in, and then keeps the session alive. At its end it gives the token back.
func (c *Client) fly(f *flight) {
	f.session, f.err = c.logIn(c.closing)
	if c.closing.Err() == nil {
		c.health.Set(c.closing, f.err)
	}
	c.mu.Lock()
	if f.err == nil {
		if c.current != nil {
			close(c.current.replaced)
		}
		c.current = f.session
	}
	c.flight = nil
	c.mu.Unlock()
	close(f.done)
	if f.err == nil {
		c.keep(f.session)
		c.revoke(f.session)
	}
}

// revoke revokes the token of a session, if a login made it. A token that cannot be revoked
// now expires.
func (c *Client) revoke(s *session) {
	if c.login.path == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.closing), revokeTime)
	defer cancel()
	_ = c.send(ctx, s, func(ctx context.Context, vault *api.Logical) error {
		_, err := vault.WriteWithContext(ctx, "auth/token/revoke-self", nil)
		return err
	})
}

func (c *Client) isReplaced(s *session) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current != s
}

// logIn makes a new session. Credentials that Vault has refused are not sent again before
// a pause is over.
func (c *Client) logIn(ctx context.Context) (*session, error) {
	credentials, err := c.login.credentials()
	if err != nil {
		return nil, c.Unavailable(fmt.Errorf("login to Vault by %s: %w", c.login.method, err))
	}
	sum, err := digestOf(credentials)
	if err != nil {
		return nil, err
	}
	last := c.refusal
	if sum == last.credentials && time.Now().Before(last.until) {
		return nil, last.err
	}
	s, err := c.exchange(ctx, credentials)
	switch {
	case err == nil:
		c.refusal = refusal{}
		s.credentials = sum
		return s, nil
	case errors.Is(err, cpodkit.CodeUnavailable), ctx.Err() != nil:
		return nil, err
	}
	pause := firstPause
	if sum == last.credentials {
		pause = longer(last.pause)
	}
	err = c.Unavailable(fmt.Errorf("login to Vault by %s: %w", c.login.method, err))
	c.refusal = refusal{sum, err, time.Now().Add(jitter(pause)), pause}
	return nil, err
}

func digestOf(credentials map[string]any) (digest, error) {
	text, err := json.Marshal(credentials) // members in order
	return sha256.Sum256(text), err
}

// exchange exchanges credentials for a token, and learns how long it lives.
func (c *Client) exchange(ctx context.Context, credentials map[string]any) (*session, error) {
	s := &session{began: time.Now(), replaced: make(chan struct{})}
	token, _ := credentials["token"].(string)
	vault, err := c.with(token)
	if err != nil {
		return nil, err
	}
	s.vault = vault.Logical()
	var secret *api.Secret
	err = c.send(ctx, s, func(ctx context.Context, vault *api.Logical) (err error) {
		if c.login.path == "" {
			secret, err = vault.ReadWithContext(ctx, "auth/token/lookup-self")
		} else {
			secret, err = vault.WriteWithContext(ctx, c.login.path, credentials)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	switch {
	case c.login.path == "":
		s.life, s.renewable, err = lifeOf(secret)
	case secret == nil || secret.Auth == nil || secret.Auth.ClientToken == "":
		err = &refusedError{http.StatusNotFound, "there is no login at " + c.login.path}
	default:
		s.life, s.renewable = time.Duration(secret.Auth.LeaseDuration)*time.Second, secret.Auth.Renewable
		vault, err = c.with(secret.Auth.ClientToken)
	}
	if err != nil {
		return nil, err
	}
	s.vault = vault.Logical()
	if s.life > 0 {
		s.expires.Store(int64(s.life))
	}
	return s, nil
}

// lifeOf reads how long a token lives that was looked up.
func lifeOf(secret *api.Secret) (life time.Duration, renewable bool, err error) {
	if secret == nil {
		return 0, false, &refusedError{http.StatusNotFound, "Vault does not know the token"}
	}
	if life, err = secret.TokenTTL(); err == nil {
		renewable, err = secret.TokenIsRenewable()
	}
	if life <= 0 && secret.Data["expire_time"] != nil { // in less than a second
		life = time.Second
	}
	return life, renewable, err
}

// with returns a client that sends a token, and nothing of the environment.
func (c *Client) with(token string) (*api.Client, error) {
	client, err := c.base.Clone()
	if err != nil {
		return nil, err
	}
	client.SetHeaders(http.Header{api.RequestHeaderName: {"true"}})
	client.SetToken(token)
	if c.namespace != "" {
		client.SetNamespace(c.namespace)
	}
	return client, nil
}

// isOver reports whether the token has expired.
func (s *session) isOver() bool { return s.life > 0 && s.left() <= 0 }

// left returns how long the token still lives.
func (s *session) left() time.Duration { return time.Duration(s.expires.Load()) - time.Since(s.began) }

// jitter returns 80 to 120 % of a pause, so that servers which started together do not
// call together.
func jitter(d time.Duration) time.Duration {
	return time.Duration((0.8 + 0.4*rand.Float64()) * float64(d)) //nolint:gosec // no secret
}
