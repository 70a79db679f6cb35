package rego

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/parallel"
)

// content is the source of a policy. A revision does not change: its modules, its data and
// the list of both are kept under their digests. So no replica ever sees a part of an edit,
// and earlier revisions can be evaluated again.
type content struct {
	modules map[string]string // by name
	data    []byte            // a JSON object, or nothing
}

// partsAtOnce is how many parts of a revision are read or written at a time.
const partsAtOnce = 8

// parts returns the revision of the content and its parts by digest, and with them the list
// under the revision. Content without anything has the revision "" and no parts.
func (c content) parts() (revision string, parts map[string][]byte) {
	if len(c.modules) == 0 && len(c.data) == 0 {
		return "", map[string][]byte{}
	}
	m, parts := manifest{Modules: make(map[string]string, len(c.modules))}, map[string][]byte{}
	for name, source := range c.modules {
		m.Modules[name] = digestOf([]byte(source))
		parts[m.Modules[name]] = []byte(source)
	}
	if len(c.data) > 0 {
		m.Data = digestOf(c.data)
		parts[m.Data] = c.data
	}
	encoded, revision := m.encode()
	parts[revision] = encoded
	return revision, parts
}

// size returns the bytes of all modules.
func (c content) size() (total int) {
	for _, source := range c.modules {
		total += len(source)
	}
	return total
}

// loadContent reads a revision of a tenant, or with "" of the operator. A part that is kept
// no more is not_found.
func (e *Engine) loadContent(ctx context.Context, tenantID, revision string) (content, error) {
	return readContent(ctx, revision, func(ctx context.Context, digest string) ([]byte, error) {
		ctx, call := e.ops.blob.Start(ctx)
		part, err := e.store.Blob(ctx, tenantID, digest)
		return part, call.End(ctx, err)
	})
}

// readContent reads the parts of a revision by their digests.
func readContent(
	ctx context.Context, revision string, blob func(ctx context.Context, digest string) ([]byte, error),
) (content, error) {
	if revision == "" {
		return content{}, nil
	}
	encoded, err := blob(ctx, revision)
	if err != nil {
		return content{}, err
	}
	var m manifest
	if err := json.Unmarshal(encoded, &m); err != nil {
		return content{}, fmt.Errorf("rego: the list of the revision %s: %w", revision, err)
	}
	c := content{modules: make(map[string]string, len(m.Modules))}
	names := slices.Sorted(maps.Keys(m.Modules))
	sources := make([][]byte, len(names))
	err = parallel.Each(ctx, partsAtOnce, seqTo(len(names)+1), func(ctx context.Context, i int) (err error) {
		switch {
		case i < len(names):
			sources[i], err = blob(ctx, m.Modules[names[i]])
		case m.Data != "":
			c.data, err = blob(ctx, m.Data)
		}
		return err
	})
	for i, name := range names {
		c.modules[name] = string(sources[i])
	}
	return c, err
}

// seqTo yields 0 to n-1.
func seqTo(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// putParts keeps parts of a tenant, or with "" of the operator.
func (e *Engine) putParts(ctx context.Context, tenantID string, parts map[string][]byte) error {
	return parallel.Each(ctx, partsAtOnce, maps.Keys(parts), func(ctx context.Context, digest string) error {
		ctx, call := e.ops.putBlob.Start(ctx)
		return call.End(ctx, e.store.PutBlob(ctx, tenantID, digest, parts[digest]))
	})
}

func (e *Engine) head(ctx context.Context, tenantID string) (Head, error) {
	ctx, call := e.ops.head.Start(ctx)
	h, err := e.store.Head(ctx, tenantID)
	return h, call.End(ctx, err)
}

// contentOf returns the content of a tenant's policy that is in force.
func (e *Engine) contentOf(ctx context.Context, tenantID string) (Head, content, error) {
	if tenantID == "" {
		return Head{}, content{}, coded(cpodkit.CodeMissingToken)
	}
	const most = 3 // an edit may have dropped what the head named
	for try := 1; ; try++ {
		head, err := e.head(ctx, tenantID)
		if err != nil {
			return Head{}, content{}, err
		}
		c, err := e.loadContent(ctx, tenantID, head.Revision)
		if errors.Is(err, cpodkit.CodeNotFound) {
			if try < most {
				continue
			}
			err = coded(cpodkit.CodeUnavailable).WithCause(err)
		}
		return head, c, err
	}
}

const (
	// maxEdits is how often an edit starts again because another replica was faster. It does
	// so after pauses of up to maxEditPause.
	maxEdits     = 20
	maxEditPause = 100 * time.Millisecond
)

// edit changes the policy of a tenant, if what change makes of it compiles. Every replica
// uses the new revision within 2 s, this one at once.
func (e *Engine) edit(ctx context.Context, tenantID string, change func(c *content) error) (Head, error) {
	unlock, err := e.edits.Lock(ctx, tenantID)
	if err != nil {
		return Head{}, err
	}
	defer unlock()
	for try := range maxEdits {
		if try > 0 { // replicas do not meet again and again
			pause := time.NewTimer(rand.N(min(2*time.Millisecond<<try, maxEditPause))) //nolint:gosec // no secret
			defer pause.Stop()
			select {
			case <-pause.C:
			case <-ctx.Done():
				return Head{}, ctx.Err()
			}
		}
		head, old, err := e.contentOf(ctx, tenantID)
		if err != nil {
			return Head{}, err
		}
		next := content{maps.Clone(old.modules), old.data}
		if next.modules == nil {
			next.modules = map[string]string{}
		}
		if err := change(&next); err != nil {
			return Head{}, err
		}
		set, err := e.publish(ctx, tenantID, head, old, next)
		if errors.Is(err, cpodkit.CodePreconditionFailed) {
			continue
		}
		return set, err
	}
	return Head{}, cpodkit.Errorf(cpodkit.CodeUnavailable, "The policy keeps changing; try again later.")
}

// publish puts the next content of a tenant in force.
func (e *Engine) publish(ctx context.Context, tenantID string, head Head, old, next content) (Head, error) {
	revision, parts := next.parts()
	if revision == head.Revision {
		return head, nil
	}
	if _, err := e.checkContent(ctx, revision, next); err != nil {
		return Head{}, err
	}
	blobs := slices.Sorted(maps.Keys(parts))
	// What the edit drops is renewed, because decisions up to now need it.
	_, dropped := old.parts()
	maps.DeleteFunc(dropped, func(digest string, _ []byte) bool { return parts[digest] != nil })
	maps.DeleteFunc(parts, func(digest string, _ []byte) bool { return slices.Contains(head.Blobs, digest) })
	maps.Copy(parts, dropped)
	if err := e.putParts(ctx, tenantID, parts); err != nil {
		return Head{}, err
	}
	ctx, call := e.ops.setHead.Start(ctx)
	set, err := e.store.SetHead(ctx, tenantID, Head{Revision: revision, Blobs: blobs}, head.Version)
	if err = call.End(ctx, err); err != nil {
		return Head{}, err
	}
	e.changed(ctx, tenantID)
	return set, nil
}

// checkContent compiles the policy of a tenant, unless it is too large.
func (e *Engine) checkContent(ctx context.Context, revision string, c content) (*set, error) {
	switch size := c.size(); {
	case len(c.modules) > MaxModules:
		return nil, invalid("/modules", "would be %d modules; a tenant has at most %d", len(c.modules), MaxModules)
	case size > MaxTenantModules:
		return nil, invalid("/modules", "would have %d bytes together; at most %d are allowed", size, MaxTenantModules)
	case len(c.data) > MaxData:
		return nil, invalid("/data", "would have %d bytes; at most %d are allowed", len(c.data), MaxData)
	}
	return e.compile(ctx, revision, c)
}

// compile compiles the policy of a tenant.
func (e *Engine) compile(ctx context.Context, revision string, c content) (*set, error) {
	leave, err := e.enterCompiler(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	s, err := e.maker.compileTenant(revision, c.modules, c.data)
	if err != nil {
		return nil, refused(err)
	}
	return s, nil
}

// compileOperator compiles an earlier revision of the operator's policy.
func (e *Engine) compileOperator(ctx context.Context, c content) (*set, error) {
	leave, err := e.enterCompiler(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	root, err := decodeData(c.data)
	if err != nil {
		return nil, err
	}
	data, _ := root.(map[string]any)
	return e.maker.compileOperator(&Policy{Modules: c.modules, Data: data})
}

// enterCompiler waits until a policy may be compiled for a tenant: of all tenants that is
// one at a time for each processor.
func (e *Engine) enterCompiler(ctx context.Context) (leave func(), err error) {
	select {
	case e.compiling <- struct{}{}:
		return func() { <-e.compiling }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// canonical returns a JSON value as it is kept: compact, with sorted members, and each
// number digit by digit.
func canonical(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
