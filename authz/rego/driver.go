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
type Store interface {
	// Head returns the revision of a tenant's policy that is in force. A tenant without
	// one has the zero Head, and no error.
	Head(ctx context.Context, tenantID string) (Head, error)

	// SetHead puts another revision in force, if the head's version is the one given, ""
	// for none yet; else CodePreconditionFailed. It returns the new head.
	SetHead(ctx context.Context, tenantID, revision, ifVersion string) (Head, error)

	// PutBlob keeps a module, a data document or the list of a revision under its digest.
	// One that is there is kept, and its time renewed.
	PutBlob(ctx context.Context, tenantID, digest string, content []byte) error

	// Blob returns what PutBlob has kept, or CodeNotFound.
	Blob(ctx context.Context, tenantID, digest string) ([]byte, error)

	// AppendDecisions keeps decisions of any tenants. One that is kept already is no error.
	AppendDecisions(ctx context.Context, decisions []LoggedDecision) error

	// Decision returns a decision of the tenant, or CodeNotFound.
	Decision(ctx context.Context, tenantID, id string) (LoggedDecision, error)

	// LastDecisions returns the newest decisions of a tenant on a path, newest first.
	LastDecisions(ctx context.Context, tenantID, path string, limit int) ([]LoggedDecision, error)
}

// Head is for drivers: which revision of a tenant's policy is in force.
type Head struct {
	Revision  string    // the digest of its list; "" for none
	Version   string    // another one after every SetHead
	UpdatedAt time.Time // when it came into force
}

// LoggedDecision is for drivers: a decision as it is kept.
type LoggedDecision struct {
	ID       string          `json:"decisionId"`
	TenantID string          `json:"-"`
	Time     time.Time       `json:"time"`
	Path     string          `json:"path"`     // with "data." in front
	Revision string          `json:"revision"` // see [Decision]
	Input    json.RawMessage `json:"input"`    // masked
	Result   json.RawMessage `json:"result,omitempty"`
	Allowed  bool            `json:"allowed"`
	Reason   string          `json:"reason,omitempty"`
	Subject  string          `json:"subject,omitempty"` // of a decision on a route: its name
}
