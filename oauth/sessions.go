package oauth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/seal"
	"github.com/cpodkit/cpodkit/oauth/pages"
)

// The life of sessions.
const (
	SessionIdle = 12 * time.Hour     // without use
	SessionLife = 7 * 24 * time.Hour // with use

	// MaxSessions is how many sessions a user has at a time. One more ends the one that
	// began first.
	MaxSessions = 50

	// extendEvery bounds how often the use of a session is written down.
	extendEvery = SessionIdle / 50

	pruneSessions = time.Hour
)

// LocalUsers are users that are kept here, with passwords. A *localusers.Users is one. It is
// safe for concurrent use. The code of an error is [cpodkit.CodeUnavailable] when its store
// does not answer, or when it is too busy.
type LocalUsers interface {
	// SignIn returns the user of the tenant whose e-mail address, as [NormalEmail] returns
	// it, and password these are. ok is false for any other pair. Then the work and its time
	// are the same, whatever is wrong.
	SignIn(ctx context.Context, tenantID, email, password string) (u User, ok bool, err error)

	// Active reports whether a session of the user may go on that began at u.AuthTime.
	Active(ctx context.Context, u User) (bool, error)

	// FindLink returns whom an invitation or a reset link is for, or
	// [cpodkit.CodeNotFound] when it was used, replaced, or is too old.
	FindLink(ctx context.Context, token string) (User, error)

	// UseLink sets the password of the user whom a link is for, once. The code of the error
	// is [cpodkit.CodeNotFound] as with FindLink, or [cpodkit.CodeBadRequest] for a password
	// that is not taken, with a sentence for the user.
	UseLink(ctx context.Context, token, password string) (User, error)
}

// SessionsConfig says what [Sessions] work with. What is not said to be optional is needed.
type SessionsConfig struct {
	// PublicURL is the URL of the server, such as https://api.example.com: scheme and host
	// alone. Where it is http, and not of a loopback address, all pages are refused.
	PublicURL string

	Store SessionStore

	// Secret, of at least 16 bytes, seals what a browser brings back. Replicas share it.
	Secret []byte

	// Apps say which tenant a user signs in to, by the app that sent the user.
	Apps AppStore

	// Local and Upstreams sign users in. One of them is needed.
	Local     LocalUsers
	Upstreams []*Upstream

	// DefaultTenant is the one that the sign-in page offers when no app has sent the
	// user. Optional.
	DefaultTenant string

	// TenantExists says whether users of a tenant may sign in, and stay so. Optional:
	// without it every tenant is one.
	TenantExists func(ctx context.Context, tenantID string) (bool, error)

	// Limiter counts attempts to sign in.
	Limiter Limiter

	// Log gets a line for each user who signs in or out. Optional.
	Log *slog.Logger

	// Meters count attempts to sign in, by way and outcome: "cpodkit.oauth.sign_ins"
	// (docs/operations.md). Optional.
	Meters metric.MeterProvider
}

// Sessions signs users in, and knows who is. A session is asked for in the store each time,
// so that one that is ended has ended on every replica. It is safe for concurrent use.
type Sessions struct {
	config  SessionsConfig
	refusal error // of all pages
	secure  bool  // the public URL is https
	box     *seal.Box
	log     *slog.Logger
	count   signInCounter

	providers atomic.Pointer[[]*Upstream]
}

var _ SignIn = (*Sessions)(nil)

// NewSessions returns Sessions, or what is wrong with config.
func NewSessions(config SessionsConfig) (*Sessions, error) {
	if err := checkIssuer(config.PublicURL); err != nil {
		return nil, err
	}
	if config.Store == nil || config.Apps == nil || config.Limiter == nil {
		return nil, errors.New("oauth: sessions need Store, Apps and Limiter")
	}
	box, err := seal.New(config.Secret, "oauth sign-in")
	if err != nil {
		return nil, fmt.Errorf("oauth: secret of sessions: %w", err)
	}
	count, err := newSignInCounter(config.Meters)
	if err != nil {
		return nil, err
	}
	s := &Sessions{config: config, box: box, log: cmp.Or(config.Log, slog.New(slog.DiscardHandler)), count: count}
	if err := s.SetUpstreams(config.Upstreams...); err != nil {
		return nil, err
	}
	u, err := url.Parse(config.PublicURL)
	if err != nil {
		return nil, err
	}
	s.secure = strings.HasPrefix(config.PublicURL, "https:")
	if !secureScheme(u) {
		s.refusal = cpodkit.Errorf(cpodkit.CodeNotSupported, "Users cannot sign in here: the public URL of this server is http. It must be https.")
	}
	return s, nil
}

// SetUpstreams replaces the Upstreams of the [SessionsConfig]. The sessions of one that is gone
// by its Name have ended. On an error the ones that were there stay.
func (s *Sessions) SetUpstreams(upstreams ...*Upstream) error {
	if s.config.Local == nil && len(upstreams) == 0 {
		return errors.New("oauth: sessions need Local, or one of Upstreams")
	}
	upstreams = slices.Clone(upstreams)
	for i, u := range upstreams {
		if u == nil || slices.ContainsFunc(upstreams[:i], func(other *Upstream) bool { return other.config.Name == u.config.Name }) {
			return fmt.Errorf("oauth: the upstream %d is nil, or has the name of another one", i)
		}
	}
	s.providers.Store(&upstreams)
	return nil
}

// Routes returns the pages. All are public.
func (s *Sessions) Routes() []cpodkit.Route {
	page := func(name, pattern string, access cpodkit.Access, handle handlerFunc) cpodkit.Route {
		return cpodkit.Route{Name: name, Pattern: pattern, Access: access, Public: true, Handler: s.page(handle)}
	}
	return []cpodkit.Route{
		page("showSignIn", "GET /login", cpodkit.Reads, s.showLogin),
		page("signIn", "POST /login", cpodkit.WritesAfter, s.signIn),
		page("signInCallback", "GET /login/callback", cpodkit.WritesAfter, s.callback),
		page("signOut", "POST /logout", cpodkit.WritesAfter, s.signOut),
		page("showInvitation", "GET /invite/{token}", cpodkit.Reads, s.showInvite),
		page("useInvitation", "POST /invite/{token}", cpodkit.WritesAfter, s.useInvite),
	}
}

func (s *Sessions) page(handle handlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.refusal
		if err == nil {
			err = handle(w, r)
		}
		if err != nil {
			pages.WriteError(w, r, err)
		}
	})
}

// User implements [SignIn].
func (s *Sessions) User(ctx context.Context, r *http.Request) (User, bool, error) {
	value, ok := s.cookie(r, sessionCookie)
	if !ok {
		return User{}, false, nil
	}
	session, err := s.config.Store.Find(ctx, digestOf(value))
	if errors.Is(err, cpodkit.CodeNotFound) {
		return User{}, false, nil
	}
	if err != nil {
		return User{}, false, backendError(err)
	}
	now := time.Now()
	active := now.Before(session.EndsAt) && now.Before(session.ExpiresAt)
	if active {
		if active, err = s.active(ctx, session); err != nil {
			return User{}, false, err
		}
	}
	if !active {
		return User{}, false, backendError(s.config.Store.Delete(ctx, session.Digest))
	}
	if ends := endOf(session, now); ends.Sub(session.EndsAt) >= extendEvery {
		if err := s.config.Store.Extend(ctx, session.Digest, ends); err != nil {
			return User{}, false, backendError(err)
		}
	}
	return session.user(), true, nil
}

// active asks those who know the tenant and the user.
func (s *Sessions) active(ctx context.Context, session Session) (bool, error) {
	if s.config.TenantExists != nil {
		if exists, err := s.config.TenantExists(ctx, session.TenantID); err != nil || !exists {
			return false, backendError(err)
		}
	}
	if session.Source != "" {
		return slices.ContainsFunc(*s.providers.Load(), func(u *Upstream) bool { return u.config.Name == session.Source }), nil
	}
	if s.config.Local == nil {
		return false, nil
	}
	return s.config.Local.Active(ctx, session.user())
}

func endOf(session Session, now time.Time) time.Time {
	if ends := now.Add(SessionIdle); ends.Before(session.ExpiresAt) {
		return ends
	}
	return session.ExpiresAt
}

// Begin implements [SignIn].
func (s *Sessions) Begin(w http.ResponseWriter, r *http.Request, returnTo string) {
	if !validReturn(returnTo) {
		pages.WriteError(w, r, errReturn())
		return
	}
	seeOther(w, loginURL(url.Values{"return": {returnTo}}))
}

func loginURL(query url.Values) string { return "/login?" + query.Encode() }

// EndUser ends the sessions of a user on every replica, and returns how many there were.
func (s *Sessions) EndUser(ctx context.Context, tenantID, userID string) (int, error) {
	return s.config.Store.DeleteUser(ctx, tenantID, userID)
}

// Run removes sessions that have ended from the store, every hour until ctx ends.
func (s *Sessions) Run(ctx context.Context) {
	tick := time.NewTicker(pruneSessions)
	defer tick.Stop()
	for {
		if err := s.config.Store.Prune(ctx, time.Now()); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "sessions that have ended cannot be removed; it is tried again in an hour", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// start gives the browser a new session, in place of the one that it had: a session that
// somebody else has put into the browser never becomes the user's.
func (s *Sessions) start(w http.ResponseWriter, r *http.Request, u User, source string) error {
	key := segment(u.TenantID) + "/" + segment(u.ID)
	if err := s.config.Limiter.Charge(w, r, "sessions", key, maxNewSessions, limitSessions); err != nil {
		return err
	}
	if value, ok := s.cookie(r, sessionCookie); ok {
		if err := s.config.Store.Delete(r.Context(), digestOf(value)); err != nil {
			return backendError(err)
		}
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	value := newToken()
	session := Session{
		Digest: digestOf(value), ID: rand.Text(), TenantID: u.TenantID, UserID: u.ID, Email: u.Email, Name: u.Name, Source: source,
		AuthTime: u.AuthTime.UTC().Truncate(time.Millisecond), CreatedAt: now, ExpiresAt: now.Add(SessionLife),
	}
	session.EndsAt = endOf(session, now)
	if err := s.config.Store.Create(r.Context(), session); err != nil {
		return backendError(err)
	}
	if err := s.config.Store.KeepNewest(r.Context(), u.TenantID, u.ID, MaxSessions); err != nil {
		return errors.Join(backendError(err), s.config.Store.Delete(r.Context(), session.Digest))
	}
	// Only now: a user who is disabled at the same time has no session that was missed.
	active, err := s.active(r.Context(), session)
	if err == nil && !active {
		err = cpodkit.Errorf(cpodkit.CodeForbidden, "This account cannot sign in.")
	}
	if err != nil {
		return errors.Join(err, s.config.Store.Delete(r.Context(), session.Digest))
	}
	s.setCookie(w, sessionCookie, value, 0)
	s.setCookie(w, browserCookie, "", -1)
	s.logUser(r, "user signed in", session)
	return nil
}

func (s *Sessions) logUser(r *http.Request, what string, session Session) {
	s.log.LogAttrs(r.Context(), slog.LevelInfo, what,
		slog.String("request_id", cpodkit.RequestID(r.Context())), slog.String("tenant", session.TenantID),
		slog.String("user", session.UserID), slog.String("session", session.ID), slog.String("source", cmp.Or(session.Source, "local")))
}

func digestOf(value string) SessionDigest { return sha256.Sum256([]byte(value)) }

// segment returns an id without a slash. An id that cannot be one is "".
func segment(id string) string {
	encoded, _ := cpodkit.EncodeID(id)
	return encoded
}
