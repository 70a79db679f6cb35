package policystore

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/backends/docstore"
)

// decisionRecord is a decision as it is stored. Its key is the encoded tenant, a slash, and
// the id, so that the decisions of a tenant on a path are together, and the newest come
// first.
type decisionRecord struct {
	At       int64           `json:"at"` // Unix milliseconds
	Kind     string          `json:"kind,omitempty"`
	Path     string          `json:"path"`
	Revision string          `json:"revision"`
	Operator string          `json:"operator,omitempty"`
	Tenant   string          `json:"tenant,omitempty"`
	Input    json.RawMessage `json:"input,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
	Allowed  bool            `json:"allowed,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Subject  string          `json:"subject,omitempty"`
}

func recordOf(d rego.LoggedDecision) decisionRecord {
	return decisionRecord{
		At: d.Time.UnixMilli(), Kind: d.Kind, Path: d.Path, Revision: d.Revision, Operator: d.Operator, Tenant: d.Tenant,
		Input: d.Input, Result: d.Result, Allowed: d.Allowed, Reason: d.Reason, Subject: d.Subject,
	}
}

func (r decisionRecord) decision(tenantID, id string) rego.LoggedDecision {
	return rego.LoggedDecision{
		ID: id, TenantID: tenantID, Time: time.UnixMilli(r.At).UTC(), Kind: r.Kind, Path: r.Path, Revision: r.Revision,
		Operator: r.Operator, Tenant: r.Tenant, Input: r.Input, Result: r.Result, Allowed: r.Allowed, Reason: r.Reason,
		Subject: r.Subject,
	}
}

func (r decisionRecord) size() int64 { return int64(len(r.Input) + len(r.Result) + len(r.Reason)) }

// AppendDecisions implements [rego.Store].
func (s *Store) AppendDecisions(ctx context.Context, decisions []rego.LoggedDecision) error {
	records := make(map[string]decisionRecord, len(decisions))
	for _, d := range decisions {
		prefix, err := prefixOf(d.TenantID)
		if err != nil {
			return err
		}
		records[prefix+d.ID] = recordOf(d)
	}
	_, err := s.decisions.CreateAll(ctx, records) // one that is taken is kept already
	return err
}

// Decision implements [rego.Store].
func (s *Store) Decision(ctx context.Context, tenantID, id string) (rego.LoggedDecision, error) {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return rego.LoggedDecision{}, err
	}
	r, err := s.decisions.Get(ctx, prefix+id)
	if err != nil {
		return rego.LoggedDecision{}, err
	}
	return r.Value.decision(tenantID, id), nil
}

// LastDecisions implements [rego.Store].
func (s *Store) LastDecisions(ctx context.Context, tenantID, path string, limit int) ([]rego.LoggedDecision, error) {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return nil, err
	}
	var last []rego.LoggedDecision
	begin := prefix + rego.DecisionPrefix(path)
	for q := (docstore.Query{After: begin, MaxBytes: maxPageBytes}); len(last) < limit; {
		q.Limit = min(limit-len(last), pageSize)
		page, err := s.decisions.List(ctx, q)
		if err != nil || len(page) == 0 {
			return last, err
		}
		for _, r := range page {
			if !strings.HasPrefix(r.Key, begin) {
				return last, nil
			}
			if r.Value.Path == path { // ids of another path may begin with the same
				last = append(last, r.Value.decision(tenantID, strings.TrimPrefix(r.Key, prefix)))
			}
		}
		q.After = page[len(page)-1].Key
	}
	return last, nil
}

// Prune implements [rego.Store].
func (s *Store) Prune(ctx context.Context, decisionsBefore, blobsBefore time.Time) error {
	if err := s.decisions.DeleteAll(ctx, docstore.AtMost("at", decisionsBefore.UnixMilli()-1)); err != nil {
		return err
	}
	return s.pruneBlobs(ctx, blobsBefore)
}

// splitKey returns whose record has a key, and the rest of the key.
func splitKey(key string) (tenantID, rest string, err error) {
	encoded, rest, _ := strings.Cut(key, "/")
	if encoded+"/" == operator {
		return "", rest, nil
	}
	if tenantID, err = url.PathUnescape(encoded); err != nil {
		return "", "", fmt.Errorf("policystore: the key %q: %w", key, err)
	}
	return tenantID, rest, nil
}
