package flags

import (
	"cmp"
	"context"
)

// Source is for drivers: it gives the definitions of flags. Errors are raw; an outcome
// that callers act on is one for which errors.Is finds a cpodkit.Code, such as
// CodeUnavailable. All methods are safe for concurrent use and honour ctx. Package
// flagstest is the suite that every source passes.
//
// What only some sources can do are [Watcher], [Versioner], [Shared] and cpodkit.Pinger.
type Source interface {
	// Load returns the definitions of a tenant in their order: of two flags with one key
	// the later one holds. A tenant without definitions has none, and no error. Neither
	// side changes the JSON afterwards.
	Load(ctx context.Context, tenantID string) ([]Definition, error)
}

// Definition is for drivers: one document in flagd's JSON format, of at most
// [MaxDefinition] bytes, with its own $evaluators and metadata.
type Definition struct {
	Name string // for messages: a file, a key
	JSON []byte

	// Lenient keeps a flag with a fault, as [ParseLenient] does. Without it a fault
	// refuses all definitions of the tenant.
	Lenient bool

	// MaxBytes replaces [MaxDefinition], when it is more than 0: for a source that puts a
	// definition together out of parts that it has checked.
	MaxBytes int

	compiled *fragment // of JSON, where a source of this package has compiled it
}

// Watcher is for drivers: a source that says what changes.
type Watcher interface {
	// Watch calls changed with the id of each tenant whose definitions may have changed,
	// or with "" when that may be any tenant, until ctx ends. It may call changed more
	// often than needed. changed returns at once. An error, before ctx ends, means that
	// changes may be missed from then on.
	Watch(ctx context.Context, changed func(tenantID string)) error
}

// Versioner is for drivers: a source that knows for less than a Load whether there is
// something new.
type Versioner interface {
	// Version returns a text that differs when the definitions of the tenant differ, or
	// an error for which errors.Is finds CodeNotSupported.
	Version(ctx context.Context, tenantID string) (string, error)
}

// Shared is for drivers: a source that may be the same for all tenants.
type Shared interface {
	// Shared reports whether Load returns the same for every tenant, which is so for ever
	// or never. All tenants then share one compiled set.
	Shared() bool
}

// isShared reports whether a source is the installation's.
func isShared(source Source) bool {
	s, ok := source.(Shared)
	return ok && s.Shared()
}

// compile compiles the JSON, unless that is done. Faults are an error unless the
// definition is lenient.
func (d *Definition) compile() error {
	if d.compiled != nil {
		return nil
	}
	compiled, faults, err := parse(d.JSON, cmp.Or(d.MaxBytes, MaxDefinition))
	if err != nil {
		return err
	}
	if len(faults) > 0 && !d.Lenient {
		return refused(faults)
	}
	d.compiled = compiled
	return nil
}

// assemble returns the set of definitions that are compiled.
func assemble(definitions []Definition) (*Set, error) {
	fragments := make([]*fragment, len(definitions))
	for i, d := range definitions {
		fragments[i] = d.compiled
	}
	return newSet(fragments)
}

// versionOfAll identifies definitions that are compiled.
func versionOfAll(definitions []Definition) string {
	var all []byte
	for _, d := range definitions {
		all = append(all, d.compiled.digest[:]...)
	}
	return string(all)
}
