package authz

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// The scopes of the calls under /v1/auth.
const (
	ReadScope  = "auth.read"
	WriteScope = "auth.write"
)

const (
	adminScope = "admin"

	maxServiceBody = 64 << 10
	maxReason      = 512 // bytes of what a caller says about a revocation
	maxQuestion    = 2 << 10

	// foreignRevocation is how long a token of another issuer stays revoked, at most.
	foreignRevocation = 24 * time.Hour
)

// Service serves the calls under /v1/auth. They answer about tokens of the caller's
// tenant; one of another tenant is not valid to them.
type Service struct {
	serviceOptions

	verifier Verifier
}

// ServiceOption configures [NewService].
type ServiceOption func(*serviceOptions)

type serviceOptions struct {
	decider Decider
	log     *slog.Logger
}

// WithDecider sets who decides; [ByScope] without it.
func WithDecider(d Decider) ServiceOption { return func(o *serviceOptions) { o.decider = d } }

// WithLog sets where revocations are logged, without the token. Without it nothing is
// logged.
func WithLog(log *slog.Logger) ServiceOption { return func(o *serviceOptions) { o.log = log } }

// NewService returns the calls for the tokens that v verifies. Tokens are revoked at the
// Revocations of their [Issuer]. It fails when v or a decider is nil.
func NewService(v Verifier, opts ...ServiceOption) (*Service, error) {
	s := &Service{verifier: v, serviceOptions: serviceOptions{decider: ByScope{}}}
	for _, opt := range opts {
		opt(&s.serviceOptions)
	}
	if v == nil || s.decider == nil {
		return nil, errors.New("authz: the verifier or the decider is nil")
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// Routes returns the calls.
func (s *Service) Routes() []cpodkit.Route {
	route := func(name, path, scope string, access cpodkit.Access, serve rest.Func) cpodkit.Route {
		return cpodkit.Route{
			Name: name, Pattern: "POST /v1/auth/" + path, Scopes: []string{scope}, Access: access, Handler: rest.Handler(serve),
		}
	}
	return []cpodkit.Route{
		route("authorizeToken", "authorize", ReadScope, cpodkit.Reads, rest.JSON(maxServiceBody, s.authorize)),
		route("validateToken", "validate", ReadScope, cpodkit.Reads, rest.JSON(maxServiceBody, s.validate)),
		route("revokeCredential", "revoke", WriteScope, cpodkit.Writes, rest.JSON(maxServiceBody, s.revoke)),
	}
}

// inspected is a token that was asked about.
type inspected struct {
	identity cpodkit.Identity
	claims   Claims
	issuer   *issuer        // nil when no JWT verified it
	refused  *cpodkit.Error // why it is not valid, or nil
}

// inspect verifies the token of a body. Its error is not about the token.
func (s *Service) inspect(r *http.Request, token *string) (inspected, error) {
	if token == nil {
		return inspected{}, invalidField("/token", "is missing")
	}
	bare := *token
	if scheme, rest, ok := strings.Cut(bare, " "); ok && strings.EqualFold(scheme, "Bearer") {
		bare = strings.Trim(rest, " ")
	}
	if bare == "" || len(bare) > MaxToken || !isToken(bare) {
		return inspected{refused: refuse("The token is not a well-formed JWT or API key.")}, nil
	}
	c := &credential{Context: r.Context(), verifier: s.verifier, token: bare}
	id, err := s.verifier.Verify(c, bare)
	if err == nil {
		err = checkIdentity(id)
	}
	if e, ok := errors.AsType[*cpodkit.Error](err); ok && e.Code.Status() == http.StatusUnauthorized {
		return inspected{refused: e}, nil
	}
	if err != nil {
		if code := cpodkit.CodeOf(err); code.Status() == http.StatusUnauthorized {
			return inspected{refused: cpodkit.Errorf(code, "%s.", code.Title())}, nil
		}
		return inspected{}, err
	}
	if caller, _ := cpodkit.IdentityFromContext(r.Context()); id.TenantID != caller.TenantID {
		return inspected{refused: refuse("The token is not known here.")}, nil
	}
	found := inspected{identity: id, claims: claimsOf(id)}
	if c.known != nil {
		found.claims, found.issuer = c.known.full(), c.known.issuer
	}
	return found, nil
}

// claimsOf returns what an API key says.
func claimsOf(id cpodkit.Identity) Claims {
	all, _ := json.Marshal(struct { //nolint:errchkjson // texts can be encoded
		TokenID  string `json:"jti,omitempty"`
		Scope    string `json:"scope"`
		TenantID string `json:"tenantId"`
		AppID    string `json:"appId"`
		UserID   string `json:"userId,omitempty"`
	}{id.TokenID, id.Scopes.String(), id.TenantID, id.AppID, id.UserID})
	return Claims{
		Issuer: id.Issuer, TokenID: id.TokenID, IssuedAt: id.IssuedAt, ExpiresAt: id.ExpiresAt, Scopes: id.Scopes,
		TenantID: id.TenantID, AppID: id.AppID, UserID: id.UserID, all: string(all),
	}
}

type authorizeBody struct {
	Token    *string         `json:"token"`
	Action   *string         `json:"action"`
	Resource *string         `json:"resource"`
	Context  json.RawMessage `json:"context"`
}

type authorizeAnswer struct {
	Allowed    bool            `json:"allowed"`
	Claims     json.RawMessage `json:"claims"`
	Reason     string          `json:"reason"`
	DecisionID string          `json:"decisionId"`
}

func (b *authorizeBody) check() error {
	var faults []cpodkit.FieldError
	for _, member := range []struct {
		pointer string
		text    *string
	}{{"/action", b.Action}, {"/resource", b.Resource}} {
		if member.text == nil || *member.text == "" || len(*member.text) > maxQuestion {
			faults = append(faults, cpodkit.FieldError{Pointer: member.pointer, Detail: "must have 1 to 2048 bytes"})
		}
	}
	if len(b.Context) > 0 && b.Context[0] != '{' && string(b.Context) != "null" {
		faults = append(faults, cpodkit.FieldError{Pointer: "/context", Detail: "must be an object"})
	}
	if faults != nil {
		return cpodkit.ValidationError(faults...)
	}
	return nil
}

func (s *Service) authorize(r *http.Request, body authorizeBody) (authorizeAnswer, error) {
	if err := body.check(); err != nil {
		return authorizeAnswer{}, err
	}
	token, err := s.inspect(r, body.Token)
	if err != nil {
		return authorizeAnswer{}, err
	}
	if token.refused != nil {
		return authorizeAnswer{Claims: json.RawMessage("{}"), Reason: token.refused.Detail, DecisionID: newDecisionID()}, nil //nolint:nilerr // it is the answer
	}
	q := Question{Identity: token.identity, Claims: token.claims, Action: *body.Action, Resource: *body.Resource}
	if len(body.Context) > 0 && body.Context[0] == '{' {
		q.Context = body.Context
	}
	decision, err := s.decider.Decide(r.Context(), q)
	if err != nil {
		return authorizeAnswer{}, undecided(r.Context(), err)
	}
	if decision.ID == "" {
		decision.ID = newDecisionID()
	}
	return authorizeAnswer{decision.Allowed, json.RawMessage(token.claims.all), decision.Reason, decision.ID}, nil
}

// undecided keeps an error that says what it is, and hides any other one: it is no denial.
func undecided(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*cpodkit.Error](err); ok || ctx.Err() != nil {
		return err
	}
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The decision cannot be made at the moment; try again.").WithCause(err)
}

type validateBody struct {
	Token *string `json:"token"`
}

type validateAnswer struct {
	Valid     bool            `json:"valid"`
	Claims    json.RawMessage `json:"claims,omitempty"`
	ExpiresAt rest.Time       `json:"expiresAt,omitzero"`
	Code      cpodkit.Code    `json:"code,omitempty"`
	Reason    string          `json:"reason,omitempty"`
}

func (s *Service) validate(r *http.Request, body validateBody) (validateAnswer, error) {
	token, err := s.inspect(r, body.Token)
	if err != nil {
		return validateAnswer{}, err
	}
	if token.refused != nil {
		return validateAnswer{Code: token.refused.Code, Reason: token.refused.Detail}, nil //nolint:nilerr // it is the answer
	}
	return validateAnswer{
		Valid: true, Claims: json.RawMessage(token.claims.all), ExpiresAt: rest.Time(token.identity.ExpiresAt),
	}, nil
}

type revokeBody struct {
	Token  *string `json:"token"`
	Reason *string `json:"reason"`
}

func (s *Service) revoke(r *http.Request, body revokeBody) (rest.None, error) {
	if body.Reason != nil && len(*body.Reason) > maxReason {
		return rest.None{}, invalidField("/reason", "must have at most 512 bytes")
	}
	token, err := s.inspect(r, body.Token)
	if err != nil {
		return rest.None{}, err
	}
	id := token.identity
	caller, _ := cpodkit.IdentityFromContext(r.Context())
	switch {
	case token.refused != nil && token.refused.Code != cpodkit.CodeInvalidToken:
		return rest.None{}, nil //nolint:nilerr // the token has ended
	case token.refused != nil:
		// To answer 204 would let the caller believe that a credential is dead.
		return rest.None{}, invalidField("/token", "is not a token that is valid here")
	case id.KeyDigest != "":
		return rest.None{}, invalidField("/token", "is an API key: delete it instead")
	case id.AppID != caller.AppID && !caller.Scopes.Covers(adminScope):
		return rest.None{}, cpodkit.Errorf(cpodkit.CodeForbidden, "The token is that of another app: this needs the scope admin.")
	case token.issuer == nil || token.issuer.Revocations == nil:
		return rest.None{}, cpodkit.Errorf(cpodkit.CodeNotSupported, "Tokens of this issuer are not revoked here.")
	}
	until := id.ExpiresAt
	if limit := time.Now().Add(foreignRevocation); token.issuer.Foreign && until.After(limit) {
		until = limit
	}
	err = token.issuer.Revocations.Revoke(r.Context(), Revocation{ID: id.TokenID, TenantID: id.TenantID, ExpiresAt: until})
	if err != nil {
		return rest.None{}, revokeError(r.Context(), err)
	}
	reason := ""
	if body.Reason != nil {
		reason = *body.Reason
	}
	s.log.LogAttrs(r.Context(), slog.LevelInfo, "token revoked", slog.String("request_id", cpodkit.RequestID(r.Context())),
		slog.String("by", caller.AppID), slog.String("tenant", id.TenantID), slog.String("client_id", id.AppID),
		slog.String("token_id", id.TokenID), slog.String("reason", reason))
	return rest.None{}, nil
}

func revokeError(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*cpodkit.Error](err); ok || ctx.Err() != nil {
		return err
	}
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The token cannot be revoked at the moment; try again.").WithCause(err)
}

func invalidField(pointer, detail string) error {
	return cpodkit.ValidationError(cpodkit.FieldError{Pointer: pointer, Detail: detail})
}
