package rego

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
)

// Limits of the policy of a tenant, in bytes where nothing else is said.
const (
	MaxModuleName    = 128
	MaxModule        = 64 << 10
	MaxModules       = 100 // modules of a tenant
	MaxTenantModules = 512 << 10
	MaxData          = 1 << 20
)

// Condition is what must hold of a module or of data for a change. The zero value is
// nothing.
type Condition struct {
	Version string // that it is this version; "" for any
	Exists  bool   // that it is there
	Absent  bool   // that it is not there
}

// check reports whether the condition holds for what has the version; "" for what is not
// there.
func (c Condition) check(version string) error {
	if c.Absent && version != "" || c.Exists && version == "" || c.Version != "" && c.Version != version {
		return coded(cpodkit.CodePreconditionFailed)
	}
	return nil
}

// Module is a Rego module of a tenant.
type Module struct {
	Name    string
	Source  string
	Version string // of its content
}

// Changed is what a change of a tenant's policy has led to.
type Changed struct {
	Version   string // of what was changed; "" when that is gone
	Revision  string // of the tenant's policy
	UpdatedAt time.Time
}

// CheckModuleName returns an invalid_key error unless name may name a module: 1 to 128 bytes
// of A-Z, a-z, 0-9, ".", "_", "-" and "/", no slash at the start or the end, and no empty,
// "." or ".." segment.
func CheckModuleName(name string) error {
	fault := ""
	switch {
	case name == "" || len(name) > MaxModuleName:
		fault = fmt.Sprintf("has %d bytes; 1 to %d are allowed", len(name), MaxModuleName)
	case strings.ContainsFunc(name, func(c rune) bool {
		isLetter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		return c >= utf8.RuneSelf || !isLetter && !strings.ContainsRune("0123456789._/-", c)
	}):
		fault = "has a character that is none of A-Z, a-z, 0-9, '.', '_', '-' and '/'"
	default:
		for segment := range strings.SplitSeq(name, "/") {
			if segment == "" || segment == "." || segment == ".." {
				fault = "has an empty segment, or one of dots"
			}
		}
	}
	if fault == "" {
		return nil
	}
	return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The name of the module %s.", fault)
}

// Modules returns the modules of a tenant by name.
func (e *Engine) Modules(ctx context.Context, tenantID string) ([]Module, error) {
	_, c, err := e.contentOf(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	modules := make([]Module, 0, len(c.modules))
	for _, name := range slices.Sorted(maps.Keys(c.modules)) {
		modules = append(modules, c.module(name))
	}
	return modules, nil
}

// module returns the module of that name; its version is "" when it is not there.
func (c content) module(name string) Module {
	source, ok := c.modules[name]
	if !ok {
		return Module{Name: name}
	}
	return Module{name, source, digestOf([]byte(source))}
}

// Module returns a module of a tenant, or not_found.
func (e *Engine) Module(ctx context.Context, tenantID, name string) (Module, error) {
	if err := CheckModuleName(name); err != nil {
		return Module{}, err
	}
	_, c, err := e.contentOf(ctx, tenantID)
	if err != nil {
		return Module{}, err
	}
	if m := c.module(name); m.Version != "" {
		return m, nil
	}
	return Module{}, cpodkit.Errorf(cpodkit.CodeNotFound, "There is no module of this name.")
}

// PutModule stores a module of a tenant, instead of the one that has the name. What does not
// compile, together with the other modules, is validation_failed with line and column, and
// the policy stays as it is. Every replica uses the change within 2 s.
func (e *Engine) PutModule(ctx context.Context, tenantID, name, source string, when Condition) (Changed, error) {
	if err := CheckModuleName(name); err != nil {
		return Changed{}, err
	}
	if len(source) > MaxModule {
		return Changed{}, cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "The module has more than %d bytes.", MaxModule)
	}
	if !utf8.ValidString(source) {
		return Changed{}, invalid(modulePointer(name), "is not UTF-8")
	}
	head, err := e.edit(ctx, tenantID, func(c *content) error {
		if err := when.check(c.module(name).Version); err != nil {
			return err
		}
		c.modules[name] = source
		return nil
	})
	return Changed{digestOf([]byte(source)), head.Revision, head.UpdatedAt}, err
}

// DeleteModule removes a module of a tenant. One that is not there is no error, unless the
// condition asks for it. When the others do not compile without it, that is
// validation_failed, and the policy stays as it is.
func (e *Engine) DeleteModule(ctx context.Context, tenantID, name string, when Condition) (Changed, error) {
	if err := CheckModuleName(name); err != nil {
		return Changed{}, err
	}
	head, err := e.edit(ctx, tenantID, func(c *content) error {
		if err := when.check(c.module(name).Version); err != nil {
			return err
		}
		delete(c.modules, name)
		return nil
	})
	return Changed{"", head.Revision, head.UpdatedAt}, err
}
