// Package localusers keeps users who sign in with an e-mail address and a password.
//
// An administrator invites a user, and hands on a link with which the user sets a password.
// [Users] are an oauth.LocalUsers: oauth.Sessions have the pages.
package localusers

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/internal/seal"
	"github.com/cpodkit/cpodkit/oauth"
)

const (
	// MaxUsers is how many users a tenant may have.
	MaxUsers = 10_000

	// InvitationLife is how long a link works that sets a first password.
	InvitationLife = 72 * time.Hour

	// ResetLife is how long a link works that sets another password.
	ResetLife = time.Hour

	defaultAtOnce = 2
	maxName       = 200 // characters
	attempts      = 10  // at a change that others make at the same time
)

// Link sets a password, once.
type Link struct {
	User      Account
	URL       string
	ExpiresAt time.Time
	IsReset   bool // the user has a password
}

// Users are the users of all tenants. They are safe for concurrent use.
type Users struct {
	store   Store
	hasher  *hasher
	baseURL string
	cursors *seal.Box
	deliver func(ctx context.Context, l Link) error
	ended   func(ctx context.Context, tenantID, userID string) error
	log     *slog.Logger
}

var _ oauth.LocalUsers = (*Users)(nil)

// Option configures [New].
type Option func(*options)

type options struct {
	cost    Cost
	atOnce  int
	deliver func(ctx context.Context, l Link) error
	ended   func(ctx context.Context, tenantID, userID string) error
	secret  []byte
	log     *slog.Logger
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTelemetry makes a span of every hash of a password ("localusers.hash"), measures how long
// it takes with the wait for its turn, and counts its errors. A nil provider leaves out its half.
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	return func(o *options) { o.tracers, o.meters = tracers, meters }
}

// WithCost sets what hashes cost; [DefaultCost] without it. Passwords with another cost are
// hashed anew when their users sign in.
func WithCost(c Cost) Option { return func(o *options) { o.cost = c } }

// WithHashesAtOnce sets how many hashes are computed at once, 1 to 1000; 2 without it. Each
// takes the memory of the cost. Others wait for up to 5 s.
func WithHashesAtOnce(n int) Option { return func(o *options) { o.atOnce = n } }

// WithDelivery hands each link on, such as by mail. When it fails, so does the call that made
// the link. Without it the answer of the call has the link, and nobody else gets it.
func WithDelivery(deliver func(ctx context.Context, l Link) error) Option {
	return func(o *options) { o.deliver = deliver }
}

// WithEnded calls ended when a user is disabled, deleted, or gets another password: it ends
// the sessions, grants and tokens of the user. When it fails, so does the call, which can be
// made again.
func WithEnded(ended func(ctx context.Context, tenantID, userID string) error) Option {
	return func(o *options) { o.ended = ended }
}

// WithCursorSecret seals list cursors, with at least 16 bytes that replicas share. Without it
// cursors end with the process.
func WithCursorSecret(secret []byte) Option { return func(o *options) { o.secret = secret } }

// WithLog sets where each user is logged who is invited, changed or deleted. Without it
// nothing is logged.
func WithLog(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// New returns the users of a store. Links begin with publicURL, such as
// https://api.example.com.
func New(store Store, publicURL string, opts ...Option) (*Users, error) {
	if store == nil || !strings.Contains(publicURL, "://") {
		return nil, errors.New("localusers: the store is nil, or the public URL is none")
	}
	o := options{cost: DefaultCost(), atOnce: defaultAtOnce}
	for _, opt := range opts {
		opt(&o)
	}
	if err := o.cost.check(); err != nil {
		return nil, err
	}
	if o.atOnce < 1 || o.atOnce > 1000 {
		return nil, fmt.Errorf("localusers: %d hashes at once; it must be 1 to 1000", o.atOnce)
	}
	if o.secret == nil {
		o.secret = random(32)
	}
	cursors, err := seal.New(o.secret, "localusers cursor")
	if err != nil {
		return nil, fmt.Errorf("localusers: cursor secret: %w", err)
	}
	calls, err := portable.NewCalls("localusers", o.tracers, o.meters, nil) // errors stay as they are
	if err != nil {
		return nil, fmt.Errorf("localusers: %w", err)
	}
	return &Users{
		store: store, hasher: newHasher(o.cost, o.atOnce, calls.Operation("hash")), baseURL: publicURL, cursors: cursors,
		deliver: o.deliver, ended: o.ended, log: cmp.Or(o.log, slog.New(slog.DiscardHandler)),
	}, nil
}

// SignIn implements [oauth.LocalUsers].
func (u *Users) SignIn(ctx context.Context, tenantID, email, password string) (oauth.User, bool, error) {
	began := now() // before the account is read: another password may be set from here on
	account, err := u.store.FindEmail(ctx, tenantID, email)
	if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
		return oauth.User{}, false, down(err)
	}
	stored := account.Password
	if account.Disabled || len(password) > MaxPassword {
		stored = ""
	}
	ok, outdated, err := u.hasher.matches(ctx, password, stored)
	if err != nil || !ok {
		return oauth.User{}, false, err
	}
	if outdated {
		if account.Password, err = u.hasher.hash(ctx, password); err != nil {
			return oauth.User{}, false, err
		}
		// Somebody else may change the account at the same time: then it stays for the next time.
		if err := u.store.Update(ctx, account); err != nil && !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return oauth.User{}, false, down(err)
		}
	}
	return signedIn(account, began), true, nil
}

// signedIn returns a user who has given a password at a time. The clock of the replica that has
// written ValidFrom may be ahead.
func signedIn(a Account, at time.Time) oauth.User {
	if at.Before(a.ValidFrom) {
		at = a.ValidFrom
	}
	return oauth.User{TenantID: a.TenantID, ID: a.ID, Email: a.Email, Name: a.Name, AuthTime: at}
}

// now is a time as stores keep it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Active implements [oauth.LocalUsers].
func (u *Users) Active(ctx context.Context, user oauth.User) (bool, error) {
	account, err := u.store.Get(ctx, user.TenantID, user.ID)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return false, nil
	}
	return err == nil && !account.Disabled && !user.AuthTime.Before(account.ValidFrom), down(err)
}

// NewUser describes a user to invite.
type NewUser struct {
	TenantID string
	Email    string
	Name     string // up to 200 printable characters; "" for none
}

// Invite makes a user, and the link with which the user sets a password. The code of the
// error is [cpodkit.CodeConflict] when the tenant has a user with this e-mail address, or as
// many as it may have.
func (u *Users) Invite(ctx context.Context, user NewUser) (Link, error) {
	email, ok := oauth.NormalEmail(user.Email)
	var faults []cpodkit.FieldError
	if !ok {
		faults = append(faults, cpodkit.FieldError{Pointer: "/email", Detail: "must be an e-mail address of ASCII characters"})
	}
	if user.Name != "" && !validName(user.Name) {
		faults = append(faults, nameFault())
	}
	if len(faults) > 0 {
		return Link{}, cpodkit.ValidationError(faults...)
	}
	n, err := u.store.Count(ctx, user.TenantID)
	if err != nil {
		return Link{}, err
	}
	if n >= MaxUsers {
		return Link{}, cpodkit.Errorf(cpodkit.CodeConflict, "The tenant has %d users, which is the most; delete one first.", MaxUsers)
	}
	account := Account{
		ID: "user-" + strings.ToLower(rand.Text()), TenantID: user.TenantID, Email: email, Name: user.Name, CreatedAt: now(),
	}
	link := u.newLink(&account)
	err = u.store.Create(ctx, account)
	if errors.Is(err, cpodkit.CodeConflict) {
		return Link{}, cpodkit.Errorf(cpodkit.CodeConflict, "There is a user with this e-mail address.")
	}
	if err != nil {
		return Link{}, err
	}
	return link, u.send(ctx, link)
}

// newLink puts a link into the account, in place of the one before.
func (u *Users) newLink(a *Account) Link {
	token := base64.RawURLEncoding.EncodeToString(random(32))
	life := InvitationLife
	if a.Password != "" {
		life = ResetLife
	}
	a.Link, a.LinkEndsAt = sha256.Sum256([]byte(token)), now().Add(life)
	return Link{User: *a, URL: u.baseURL + "/invite/" + token, ExpiresAt: a.LinkEndsAt, IsReset: a.Password != ""}
}

var errDelivery = errors.New("localusers: a link is not delivered")

func (u *Users) send(ctx context.Context, link Link) error {
	if u.deliver == nil {
		return nil
	}
	if err := u.deliver(ctx, link); err != nil {
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "The user is there, but the link could not be sent: reset the password of the user.").
			WithCause(fmt.Errorf("%w: %w", errDelivery, err))
	}
	return nil
}

// Reset makes a link with which a user sets another password. Links before it end. The
// password that the user has stays until then. A user who is disabled is
// [cpodkit.CodeConflict].
func (u *Users) Reset(ctx context.Context, tenantID, id string) (Link, error) {
	var link Link
	_, err := u.update(ctx, tenantID, id, func(a *Account) error {
		if a.Disabled {
			return cpodkit.Errorf(cpodkit.CodeConflict, "The user is disabled; enable the user first.")
		}
		link = u.newLink(a)
		return nil
	})
	if err != nil {
		return Link{}, err
	}
	return link, u.send(ctx, link)
}

// FindLink implements [oauth.LocalUsers].
func (u *Users) FindLink(ctx context.Context, token string) (oauth.User, error) {
	account, err := u.linked(ctx, token)
	return oauth.User{TenantID: account.TenantID, ID: account.ID, Email: account.Email, Name: account.Name}, err
}

func (u *Users) linked(ctx context.Context, token string) (Account, error) {
	account, err := u.store.FindLink(ctx, sha256.Sum256([]byte(token)))
	if err == nil && (account.Disabled || !now().Before(account.LinkEndsAt)) {
		err = cpodkit.CodeNotFound
	}
	if err != nil {
		return Account{}, down(err)
	}
	return account, nil
}

// UseLink implements [oauth.LocalUsers].
func (u *Users) UseLink(ctx context.Context, token, password string) (oauth.User, error) {
	account, err := u.linked(ctx, token)
	if err != nil {
		return oauth.User{}, err
	}
	if err := checkPassword(password, account.Email); err != nil {
		return oauth.User{}, err
	}
	// Before the link is used up, so that it can be used again when this fails.
	hadPassword := account.Password != ""
	if hadPassword {
		if err := u.end(ctx, account); err != nil {
			return oauth.User{}, err
		}
	}
	if account.Password, err = u.hasher.hash(ctx, password); err != nil {
		return oauth.User{}, err
	}
	account.Link, account.LinkEndsAt, account.ValidFrom = LinkDigest{}, time.Time{}, now()
	err = u.store.Update(ctx, account)
	if errors.Is(err, cpodkit.CodePreconditionFailed) {
		return oauth.User{}, cpodkit.CodeNotFound // somebody else has used it, or there is a newer one
	}
	if err != nil {
		return oauth.User{}, down(err)
	}
	u.log.LogAttrs(ctx, slog.LevelInfo, "user has set a password", logAttrs(ctx, account)...)
	// And what came of the old password while the new one was hashed.
	if hadPassword {
		if err := u.end(ctx, account); err != nil {
			return oauth.User{}, err
		}
	}
	return signedIn(account, account.ValidFrom), nil
}

func (u *Users) end(ctx context.Context, a Account) error {
	if u.ended == nil {
		return nil
	}
	return u.ended(ctx, a.TenantID, a.ID)
}

func logAttrs(ctx context.Context, a Account) []slog.Attr {
	return []slog.Attr{
		slog.String("request_id", cpodkit.RequestID(ctx)), slog.String("tenant", a.TenantID), slog.String("user", a.ID),
	}
}

func validName(name string) bool {
	return name == strings.TrimSpace(name) && utf8.RuneCountInString(name) <= maxName &&
		!strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) })
}

func nameFault() cpodkit.FieldError {
	return cpodkit.FieldError{Pointer: "/name", Detail: fmt.Sprintf("must be at most %d printable characters", maxName)}
}
