package rego

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// set is compiled modules with their data. It does not change, so a decision that takes a
// set once is made by exactly one revision.
type set struct {
	serials  *atomic.Uint64 // of what its queries make
	revision string
	isTenant bool
	size     int // of the source of modules and data, in bytes
	compiler *ast.Compiler
	store    storage.Store
	reading  func(context.Context) (storage.Transaction, error)
	bounded  builtinFuncs // of a tenant's modules

	// Of the operator's policy:
	policy *Policy
	list   string    // the digest of its manifest
	since  time.Time // when it was compiled here

	queries sync.Map // of normalised paths to *query
	kept    atomic.Int32
}

// maxQueries is how many paths of a set are kept prepared. Others are prepared for each
// evaluation.
const maxQueries = 1000

// compileOperator compiles the operator's policy; nil is none. Its error may be Issues.
func (c *setMaker) compileOperator(p *Policy) (*set, error) {
	if p == nil {
		p = &Policy{}
	}
	object := ast.NewObject()
	if p.Data != nil {
		data, err := ast.InterfaceToValue(p.Data)
		if err != nil {
			return nil, Issues{{Message: "the data: " + err.Error()}}
		}
		object, _ = data.(ast.Object) // as a map is
	}
	revision := p.Revision
	if revision == "" {
		var err error
		if revision, err = contentRevision(p); err != nil {
			return nil, err
		}
	}
	content, err := contentOfPolicy(p)
	if err != nil {
		return nil, Issues{{Message: "the data: " + err.Error()}}
	}
	s := &set{revision: revision, policy: p, since: time.Now().UTC(), size: content.size()}
	s.list, _ = content.parts()
	if err := c.compile(s, p.Modules, object, 0); err != nil {
		return nil, err
	}
	return s, nil
}

// compileTenant compiles the policy of a tenant; data is a JSON object or nothing. Its
// error may be Issues.
func (c *setMaker) compileTenant(revision string, modules map[string]string, data []byte) (*set, error) {
	return c.compileWithin(compileTime, revision, modules, data)
}

func (c *setMaker) compileWithin(limit time.Duration, revision string, modules map[string]string, data []byte) (*set, error) {
	s := &set{revision: revision, isTenant: true, size: len(data)}
	for _, source := range modules {
		s.size += len(source)
	}
	object := ast.NewObject()
	if len(data) > 0 {
		value, err := valueOf(data)
		if err != nil {
			return nil, Issues{{Message: "the data is not JSON: " + err.Error()}}
		}
		var ok bool
		if object, ok = value.(ast.Object); !ok {
			return nil, Issues{{Message: "the data is not an object"}}
		}
	}
	s.bounded = c.bounded
	if err := c.compile(s, modules, object, limit); err != nil {
		return nil, err
	}
	return s, nil
}

// setMaker makes sets.
type setMaker struct {
	serials        atomic.Uint64
	tenantBuiltins *ast.Capabilities
	bounded        builtinFuncs
}

func newSetMaker() *setMaker {
	c := &setMaker{tenantBuiltins: tenantCapabilities()}
	c.bounded = boundedBuiltins(c.tenantBuiltins)
	return c
}

// compile fills s.
func (c *setMaker) compile(s *set, modules map[string]string, data ast.Object, limit time.Duration) error {
	s.serials = &c.serials
	s.store = inmem.NewFromASTObject(data)
	s.reading = s.readOnce()
	parsed := make(map[string]*ast.Module, len(modules))
	var issues Issues
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		module, err := c.parse(s, name, modules[name])
		if err != nil {
			issues = append(issues, issuesOf(name, err)...)
			continue
		}
		parsed[name] = module
	}
	if len(issues) > 0 {
		return issues[:min(len(issues), maxIssues)]
	}
	s.compiler = ast.NewCompiler().
		SetErrorLimit(maxIssues).
		WithEnablePrintStatements(false).
		WithPathConflictsCheck(func(path []string) (bool, error) { return isData(data, path), nil })
	if s.isTenant {
		restrict(s.compiler, c.tenantBuiltins, c.bounded, time.Now().Add(limit))
	}
	if s.compiler.Compile(parsed); s.compiler.Failed() {
		return issuesOf("", s.compiler.Errors)
	}
	return nil
}

// readOnce returns the transaction of all evaluations. It never ends; nothing writes to
// the store.
func (s *set) readOnce() func(context.Context) (storage.Transaction, error) {
	var once sync.Once
	var txn storage.Transaction
	var err error
	return func(ctx context.Context) (storage.Transaction, error) {
		once.Do(func() { txn, err = s.store.NewTransaction(ctx) })
		return txn, err
	}
}

// isData reports whether the data has a value at a path, or one above it that is no object.
func isData(data ast.Object, path []string) bool {
	var v ast.Value = data
	for _, name := range path {
		object, ok := v.(ast.Object)
		if !ok {
			return true
		}
		t := object.Get(ast.StringTerm(name))
		if t == nil {
			return false
		}
		v = t.Value
	}
	return true
}

func (c *setMaker) parse(s *set, name, source string) (*ast.Module, error) {
	opts := ast.ParserOptions{RegoVersion: ast.RegoV1, ProcessAnnotation: true}
	if s.isTenant {
		opts.Capabilities = c.tenantBuiltins
		if err := checkNesting(name, source); err != nil {
			return nil, err
		}
	}
	module, err := ast.ParseModuleWithOpts(name, source, opts)
	if err != nil || !s.isTenant {
		return module, err
	}
	return module, checkModule(module)
}

// valueOf returns a JSON text as a value.
func valueOf(text []byte) (ast.Value, error) {
	v, err := decoded(text)
	if err != nil {
		return nil, err
	}
	return ast.InterfaceToValue(v)
}

// decoded returns a JSON text as package json decodes it, with json.Number.
func decoded(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("text follows the value")
	}
	return v, nil
}

// contentRevision returns "p-" and a digest of the policy, which is the same in each
// process.
func contentRevision(p *Policy) (string, error) {
	content, err := json.Marshal([]any{p.Modules, p.Data}) // the keys of maps are sorted
	if err != nil {
		return "", Issues{{Message: "the data: " + err.Error()}}
	}
	return "p-" + shortDigest(content), nil
}

// shortDigest returns the first 12 hexadecimal digits of a SHA-256.
func shortDigest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:6])
}

// revisionOf returns the revision of a decision that the operator's set and a tenant's set,
// if there is one, have made.
func revisionOf(operator, tenant *set) string {
	if tenant == nil {
		return operator.revision
	}
	return operator.revision + "." + cmp.Or(tenant.revision, "0")
}
