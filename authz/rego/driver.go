package rego

import (
	"context"
	"encoding/json"
	"time"
)

// Store is for drivers: it keeps the policies of tenants, the content of earlier
// revisions, and logged decisions. Errors are raw; an outcome that callers act on is one
// for which errors.Is finds a cpodkit.Code. All methods are safe for concurrent use and
// honour ctx. Package regotest is the suite that every store passes.
//
// The tenant "" is the operator: only blobs are kept for it.
//
// What only some stores can do are [Watcher] and cpodkit.Pinger.
type Store interface {
	// Head returns the revision of a tenant's policy that is in force. A tenant without
	// one has the zero Head, and no error.
	Head(ctx context.Context, tenantID string) (Head, error)

	// SetHead puts another revision in force, if the head's version is the one given, ""
	// for none yet; else CodePreconditionFailed. Version and UpdatedAt of h mean nothing.
	// It returns the new head.
	SetHead(ctx context.Context, tenantID string, h Head, ifVersion string) (Head, error)

	// PutBlob keeps a module, a data document or the list of a revision under its digest.
	// One that is there is kept, and its time renewed. A store may bound what it keeps of
	// a tenant: then it drops blobs that the head does not name and that were not put for
	// 10 minutes, or returns CodeQuotaExceeded.
	PutBlob(ctx context.Context, tenantID, digest string, content []byte) error

	// Blob returns what PutBlob has kept, or CodeNotFound.
	Blob(ctx context.Context, tenantID, digest string) ([]byte, error)

	// AppendDecisions keeps decisions of any tenants. One that is kept already is no error.
	AppendDecisions(ctx context.Context, decisions []LoggedDecision) error

	// Decision returns a decision of the tenant, or CodeNotFound.
	Decision(ctx context.Context, tenantID, id string) (LoggedDecision, error)

	// LastDecisions returns the newest decisions of a tenant on a path, newest first (see
	// [DecisionPrefix]).
	LastDecisions(ctx context.Context, tenantID, path string, limit int) ([]LoggedDecision, error)

	// Prune removes decisions that were made before a time, and blobs that were put before
	// another one and that no tenant's head names.
	Prune(ctx context.Context, decisionsBefore, blobsBefore time.Time) error
}

// Watcher is for drivers: a store that says which policies change.
type Watcher interface {
	// Watch calls changed with the id of each tenant whose head may have changed, or with
	// "" when that may be any tenant, until ctx ends. It may call changed more often than
	// needed. changed returns at once. An error, before ctx ends, means that changes may
	// be missed from then on.
	Watch(ctx context.Context, changed func(tenantID string)) error
}

// Head is for drivers: which revision of a tenant's policy is in force.
type Head struct {
	Revision  string    // the digest of its list; "" for none
	Blobs     []string  // the digests of all blobs of the revision
	Version   string    // another one after every SetHead
	UpdatedAt time.Time // when it came into force, UTC, in milliseconds
}

// LoggedDecision is for drivers: a decision as it is kept.
type LoggedDecision struct {
	// ID is "dec-" and 26 characters. Those of one tenant and path have the same beginning
	// (see [DecisionPrefix]), after which a newer decision sorts before an older one.
	ID       string `json:"decisionId"`
	TenantID string `json:"-"`

	Time     time.Time       `json:"time"` // UTC, in milliseconds
	Kind     string          `json:"kind"` // [KindEvaluate], [KindAuthorize] or [KindRoute]
	Path     string          `json:"path"` // with "data." in front
	Revision string          `json:"revision"`
	Input    json.RawMessage `json:"input,omitempty"`  // masked; none when it could not be, or has more than 64 KiB
	Result   json.RawMessage `json:"result,omitempty"` // none when it is undefined, or has more than 64 KiB
	Allowed  bool            `json:"allowed"`
	Reason   string          `json:"reason,omitempty"`
	Subject  string          `json:"subject,omitempty"` // of a decision on a route: its name

	// Operator and Tenant are the digests of the lists that Revision stands for, and ""
	// for no policy.
	Operator string `json:"-"`
	Tenant   string `json:"-"`
}

// What a logged decision was made for.
const (
	KindEvaluate  = "evaluate"  // a call of evaluate
	KindAuthorize = "authorize" // a call of authorize
	KindRoute     = "route"     // a request to a route
)
