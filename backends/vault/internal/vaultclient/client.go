package vaultclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/cpodkit/cpodkit/backends/internal/circuit"
	"github.com/cpodkit/cpodkit/internal/health"
)

// denialPause is how old a token is that a denial replaces. A new one may have policies
// that the old one has not.
const denialPause = time.Minute

// revokeTime bounds how long it takes to give a token back.
const revokeTime = time.Second

// Client makes calls to one Vault with a token that it keeps alive. It logs in at the
// first call. All methods are safe for concurrent use.
//
// It does not use the LifetimeWatcher of the api package, which does not log in again at
// the end of a token's maximum life, and can ask for renewals without a pause.
type Client struct {
	system    string
	base      *api.Client
	namespace string
	login     login
	breaker   *circuit.Breaker
	log       *slog.Logger
	health    *health.State
	transport *http.Transport

	closing context.Context //nolint:containedctx // ends with Close
	stop    context.CancelFunc
	work    sync.WaitGroup

	mu      sync.Mutex
	current *session // nil before the first login
	flight  *flight  // the login under way, or nil

	// The last flight that was refused; flights are one at a time.
	refusal refusal
}

// New returns a client of a target. The system is named in sentences for clients: "secret
// store". A nil log discards what becomes of logins. What runs until Close has the values of
// ctx, and does not end with it.
func New(ctx context.Context, t Target, system string, log *slog.Logger) (*Client, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	transport := t.newTransport()
	base, err := api.NewClient(&api.Config{
		Address: t.address,
		HttpClient: &http.Client{
			Transport: transport,
			// The api package follows one redirect itself, and none from https to http.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	})
	if err != nil {
		return nil, errors.New("the client of Vault cannot be made: one of the VAULT_ variables in the environment is malformed")
	}
	c := &Client{
		system: system, base: base, namespace: t.Namespace, login: t.login,
		breaker: circuit.New(system, circuit.WithTimeLimit(t.timeout)), log: log,
		health: health.New(log, "the login to Vault by "+t.login.method), transport: transport,
	}
	c.closing, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	return c, nil
}

// Close ends what keeps the token alive, and revokes a token that a login has made.
func (c *Client) Close() error {
	c.mu.Lock()
	c.stop()
	c.mu.Unlock()
	c.work.Wait()
	c.transport.CloseIdleConnections()
	return nil
}

// Do makes a call, which may be made twice when Vault has refused the first one. An error
// of Vault has a status (see [IsStatus]), or is CodeUnavailable: Vault is down or sealed,
// or it refuses the login or what the token's policies do not permit. The api package
// hides answers of status 404 from most of its calls.
func (c *Client) Do(ctx context.Context, call func(ctx context.Context, vault *api.Logical) error) error {
	s, err := c.session(ctx, nil)
	if err != nil {
		return err
	}
	err = c.send(ctx, s, call)
	if !isDenied(err) {
		return err
	}
	replace, lookup := c.outlived(ctx, s)
	if lookup != nil {
		return lookup
	}
	if replace {
		if s, err = c.session(ctx, s); err != nil {
			return err
		}
		if err = c.send(ctx, s, call); isDenied(err) && isDenied(c.lookUp(ctx, s)) {
			s.isMute.Store(true)
		}
	}
	if isDenied(err) {
		return c.Unavailable(fmt.Errorf("a policy of the token denies the call: %w", err))
	}
	return err
}

// outlived reports whether another login may help a call that was denied: the token is not
// valid any more, or is so old that its policies may have changed. An error says that
// Vault does not tell.
func (c *Client) outlived(ctx context.Context, s *session) (bool, error) {
	if c.isReplaced(s) || time.Since(s.began) > denialPause {
		return true, nil
	}
	if s.isMute.Load() {
		return false, nil
	}
	err := c.lookUp(ctx, s)
	if isDenied(err) {
		return true, nil
	}
	return false, err
}

// lookUp returns an error unless Vault knows the token of a session.
func (c *Client) lookUp(ctx context.Context, s *session) error {
	return c.send(ctx, s, func(ctx context.Context, vault *api.Logical) error {
		_, err := vault.ReadWithContext(ctx, "auth/token/lookup-self")
		return err
	})
}

// send makes one call in a session.
func (c *Client) send(ctx context.Context, s *session, call func(ctx context.Context, vault *api.Logical) error) error {
	return c.breaker.Do(ctx, func(ctx context.Context) error { return c.classify(call(ctx, s.vault)) })
}

// Decode reads the data of an answer into out, a pointer.
func Decode(answer *api.Secret, out any) error {
	if answer == nil {
		return errors.New("vault answers without data")
	}
	text, err := json.Marshal(answer.Data)
	if err == nil {
		err = json.Unmarshal(text, out)
	}
	return err
}
