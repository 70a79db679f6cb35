package regotest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/internal/mustfail"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	Run(t, func(testing.TB) rego.Store { return rego.NewMemory() })
}

// broken is a Memory with some of it replaced.
type broken struct {
	*rego.Memory
	head   func(ctx context.Context, tenantID string) (rego.Head, error)
	set    func(ctx context.Context, tenantID string, h rego.Head, ifVersion string) (rego.Head, error)
	put    func(ctx context.Context, tenantID, digest string, content []byte) error
	blob   func(ctx context.Context, tenantID, digest string) ([]byte, error)
	append func(ctx context.Context, decisions []rego.LoggedDecision) error
	get    func(ctx context.Context, tenantID, id string) (rego.LoggedDecision, error)
	last   func(ctx context.Context, tenantID, path string, limit int) ([]rego.LoggedDecision, error)
	prune  func(ctx context.Context, decisionsBefore, blobsBefore time.Time) error
	watch  func(ctx context.Context, changed func(tenantID string)) error
}

func (b *broken) Head(ctx context.Context, tenantID string) (rego.Head, error) {
	return b.head(ctx, tenantID)
}

func (b *broken) SetHead(ctx context.Context, tenantID string, h rego.Head, ifVersion string) (rego.Head, error) {
	return b.set(ctx, tenantID, h, ifVersion)
}

func (b *broken) PutBlob(ctx context.Context, tenantID, digest string, content []byte) error {
	return b.put(ctx, tenantID, digest, content)
}

func (b *broken) Blob(ctx context.Context, tenantID, digest string) ([]byte, error) {
	return b.blob(ctx, tenantID, digest)
}

func (b *broken) AppendDecisions(ctx context.Context, decisions []rego.LoggedDecision) error {
	return b.append(ctx, decisions)
}

func (b *broken) Decision(ctx context.Context, tenantID, id string) (rego.LoggedDecision, error) {
	return b.get(ctx, tenantID, id)
}

func (b *broken) LastDecisions(ctx context.Context, tenantID, path string, limit int) ([]rego.LoggedDecision, error) {
	return b.last(ctx, tenantID, path, limit)
}

func (b *broken) Prune(ctx context.Context, decisionsBefore, blobsBefore time.Time) error {
	return b.prune(ctx, decisionsBefore, blobsBefore)
}

func (b *broken) Watch(ctx context.Context, changed func(tenantID string)) error {
	return b.watch(ctx, changed)
}

// setting replaces how heads are set, with what the Memory does.
func setting(set func(ctx context.Context, m *rego.Memory, tenantID string, h rego.Head, ifVersion string) (rego.Head, error)) func(*broken) {
	return func(b *broken) {
		b.set = func(ctx context.Context, tenantID string, h rego.Head, ifVersion string) (rego.Head, error) {
			return set(ctx, b.Memory, tenantID, h, ifVersion)
		}
	}
}

// renamed replaces the tenants of all calls.
func renamed(of func(string) string) func(*broken) {
	return func(b *broken) {
		m := b.Memory
		b.head = func(ctx context.Context, t string) (rego.Head, error) { return m.Head(ctx, of(t)) }
		b.set = func(ctx context.Context, t string, h rego.Head, v string) (rego.Head, error) {
			return m.SetHead(ctx, of(t), h, v)
		}
		b.put = func(ctx context.Context, t, digest string, content []byte) error {
			return m.PutBlob(ctx, of(t), digest, content)
		}
		b.blob = func(ctx context.Context, t, digest string) ([]byte, error) { return m.Blob(ctx, of(t), digest) }
	}
}

// changed replaces what is kept of decisions.
func changed(change func(d *rego.LoggedDecision)) func(*broken) {
	return func(b *broken) {
		b.append = func(ctx context.Context, decisions []rego.LoggedDecision) error {
			decisions = slices.Clone(decisions)
			for i := range decisions {
				change(&decisions[i])
			}
			return b.Memory.AppendDecisions(ctx, decisions)
		}
	}
}

func pruning(prune func(ctx context.Context, m *rego.Memory, decisionsBefore, blobsBefore time.Time) error) func(*broken) {
	return func(b *broken) {
		b.prune = func(ctx context.Context, decisionsBefore, blobsBefore time.Time) error {
			return prune(ctx, b.Memory, decisionsBefore, blobsBefore)
		}
	}
}

// The suite catches each of these mistakes.
func TestMistakesAreSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		test   func(*suite)
		breaks func(b *broken)
	}{
		"no head is an error": {testHead, func(b *broken) {
			b.head = func(ctx context.Context, t string) (rego.Head, error) {
				h, err := b.Memory.Head(ctx, t)
				if h.Version == "" {
					err = cpodkit.CodeNotFound
				}
				return h, err
			}
		}},
		"blobs are forgotten": {testHead, setting(func(ctx context.Context, m *rego.Memory, t string, h rego.Head, v string) (rego.Head, error) {
			h.Blobs = nil
			return m.SetHead(ctx, t, h, v)
		})},
		"the head is put blindly": {testHeadVersions, setting(func(ctx context.Context, m *rego.Memory, t string, h rego.Head, _ string) (rego.Head, error) {
			old, err := m.Head(ctx, t)
			if err != nil {
				return rego.Head{}, err
			}
			return m.SetHead(ctx, t, h, old.Version)
		})},
		"the revision is the version": {testHeadVersions, func(b *broken) {
			b.head = func(ctx context.Context, t string) (rego.Head, error) {
				h, err := b.Memory.Head(ctx, t)
				h.Version = h.Revision
				return h, err
			}
			b.set = func(ctx context.Context, t string, h rego.Head, v string) (rego.Head, error) {
				old, err := b.Memory.Head(ctx, t)
				if err != nil || old.Revision != v {
					return rego.Head{}, cpodkit.CodePreconditionFailed
				}
				h, err = b.Memory.SetHead(ctx, t, h, old.Version)
				h.Version = h.Revision
				return h, err
			}
		}},
		"two heads win": {testConcurrentHeads, setting(func(ctx context.Context, m *rego.Memory, t string, h rego.Head, v string) (rego.Head, error) {
			set, err := m.SetHead(ctx, t, h, v)
			if err != nil {
				return h, nil
			}
			return set, err
		})},
		"no blob is no error": {testBlobs, func(b *broken) {
			b.blob = func(ctx context.Context, t, digest string) ([]byte, error) {
				content, _ := b.Memory.Blob(ctx, t, digest)
				return content, nil
			}
		}},
		"blobs are texts": {testBlobs, func(b *broken) {
			b.put = func(ctx context.Context, t, digest string, content []byte) error {
				return b.Memory.PutBlob(ctx, t, digest, []byte(strings.ToValidUTF8(string(content), "?")))
			}
		}},
		"the operator is a tenant": {testBlobs, renamed(func(t string) string {
			if t == "" {
				return "t1"
			}
			return t
		})},
		"decisions are replaced": {testDecisions, func(b *broken) {
			b.append = func(ctx context.Context, decisions []rego.LoggedDecision) error {
				for _, d := range decisions {
					if old, err := b.Memory.Decision(ctx, d.TenantID, d.ID); err == nil {
						if err := b.Memory.Prune(ctx, old.Time.Add(1), time.Time{}); err != nil {
							return err
						}
					}
				}
				return b.Memory.AppendDecisions(ctx, decisions)
			}
		}},
		"a decision twice is an error": {testDecisions, func(b *broken) {
			b.append = func(ctx context.Context, decisions []rego.LoggedDecision) error {
				for _, d := range decisions {
					if _, err := b.Memory.Decision(ctx, d.TenantID, d.ID); err == nil {
						return cpodkit.CodeConflict
					}
				}
				return b.Memory.AppendDecisions(ctx, decisions)
			}
		}},
		"results are lost":   {testDecisions, changed(func(d *rego.LoggedDecision) { d.Result = nil })},
		"times are cut":      {testDecisions, changed(func(d *rego.LoggedDecision) { d.Time = d.Time.Truncate(time.Second) })},
		"digests are lost":   {testDecisions, changed(func(d *rego.LoggedDecision) { d.Operator = "" })},
		"kinds are lost":     {testDecisions, changed(func(d *rego.LoggedDecision) { d.Kind = "" })},
		"tenants share all":  {testTenants, renamed(func(string) string { return "t" })},
		"tenants are folded": {testTenants, renamed(strings.ToLower)},
		"decisions are anyone's": {testTenants, func(b *broken) {
			b.get = func(ctx context.Context, _, id string) (rego.LoggedDecision, error) {
				for _, t := range []string{"t", "t1", "T", "t/1", "t%2F1", "~", "a b"} {
					if d, err := b.Memory.Decision(ctx, t, id); err == nil {
						return d, nil
					}
				}
				return rego.LoggedDecision{}, cpodkit.CodeNotFound
			}
		}},
		"the oldest come first": {testLastDecisions, func(b *broken) {
			b.last = func(ctx context.Context, t, path string, limit int) ([]rego.LoggedDecision, error) {
				last, err := b.Memory.LastDecisions(ctx, t, path, 1000)
				slices.Reverse(last)
				return last[:min(limit, len(last))], err
			}
		}},
		"a limit more": {testLastDecisions, func(b *broken) {
			b.last = func(ctx context.Context, t, path string, limit int) ([]rego.LoggedDecision, error) {
				return b.Memory.LastDecisions(ctx, t, path, limit+1)
			}
		}},
		"nothing is pruned": {testPruneDecisions, pruning(func(context.Context, *rego.Memory, time.Time, time.Time) error { return nil })},
		"the last one is pruned, too": {testPruneDecisions, pruning(func(ctx context.Context, m *rego.Memory, d, b time.Time) error {
			return m.Prune(ctx, d.Add(1), b)
		})},
		"blobs stay": {testPruneBlobs, pruning(func(ctx context.Context, m *rego.Memory, d, _ time.Time) error {
			return m.Prune(ctx, d, time.Time{})
		})},
		"decisions go with blobs": {testPruneBlobs, pruning(func(ctx context.Context, m *rego.Memory, _, b time.Time) error {
			return m.Prune(ctx, b, b)
		})},
		"blobs of heads are pruned": {testPruneBlobs, setting(func(ctx context.Context, m *rego.Memory, t string, h rego.Head, v string) (rego.Head, error) {
			h.Blobs = nil
			return m.SetHead(ctx, t, h, v)
		})},
		"all is pruned": {testPruneKeeps, pruning(func(ctx context.Context, m *rego.Memory, d, _ time.Time) error {
			return m.Prune(ctx, d, time.Now().Add(time.Hour))
		})},
		"changes are not reported": {testWatchReports, func(b *broken) {
			b.watch = func(ctx context.Context, changed func(string)) error { changed(""); <-ctx.Done(); return ctx.Err() }
		}},
		"Watch goes on": {testWatchEnds, func(b *broken) {
			b.watch = func(ctx context.Context, changed func(string)) error {
				return b.Memory.Watch(context.WithoutCancel(ctx), changed)
			}
		}},
		"contexts are ignored": {testCancelledContext, func(b *broken) {
			b.head = func(ctx context.Context, t string) (rego.Head, error) {
				return b.Memory.Head(context.WithoutCancel(ctx), t)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const brief = 300 * time.Millisecond
			mustfail.Want(t, func(t testing.TB) {
				run(t, func(testing.TB) rego.Store { return newBroken(c.breaks) }, c.test, brief)
			})
		})
	}
}

func newBroken(breaks func(*broken)) *broken {
	m := rego.NewMemory()
	b := &broken{
		Memory: m, head: m.Head, set: m.SetHead, put: m.PutBlob, blob: m.Blob, append: m.AppendDecisions,
		get: m.Decision, last: m.LastDecisions, prune: m.Prune, watch: m.Watch,
	}
	breaks(b)
	return b
}

// And it takes a store that only calls another one.
func TestUnbroken(t *testing.T) {
	t.Parallel()
	Run(t, func(testing.TB) rego.Store { return newBroken(func(*broken) {}) })
}
