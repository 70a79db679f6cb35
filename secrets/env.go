package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// Env is a [Provider] of environment variables, for one tenant. It has no versions, and
// cannot be written. It is safe for concurrent use.
type Env struct {
	prefix, tenantID string
	environ          func() []string
}

// NewEnv returns the variables whose names begin with prefix, which environ returns as
// [os.Environ] does. The secret "db" is the variable prefix + "db", in the same case. Names
// are letters, digits and _. An empty variable is not there.
//
// The prefix is not empty, and not one with which variables that begin with CPOD_ or
// CORESDK_ could be read: the server's own keys may be there.
func NewEnv(prefix, tenantID string, environ func() []string) (*Env, error) {
	if _, err := cpodkit.EncodeID(tenantID); err != nil {
		return nil, fmt.Errorf("secrets: the tenant %q of the environment: it %w", tenantID, err)
	}
	if environ == nil {
		return nil, errors.New("secrets: the function that returns the environment is nil")
	}
	if variableFault(prefix) != "" {
		return nil, fmt.Errorf("secrets: the prefix %q of variables must be letters, digits and _, and not one of the server's own", prefix)
	}
	for _, own := range []string{"CPOD_", "CORESDK_"} {
		if strings.HasPrefix(own, strings.ToUpper(prefix)) {
			return nil, fmt.Errorf("secrets: with the prefix %q the server's own variables could be read: those of %s", prefix, own)
		}
	}
	return &Env{prefix, tenantID, environ}, nil
}

// values returns the secrets of a tenant.
func (e *Env) values(ctx context.Context, tenantID string) (map[string]Value, error) {
	values := map[string]Value{}
	if tenantID != e.tenantID {
		return values, ctx.Err()
	}
	for _, variable := range e.environ() {
		name, value, _ := strings.Cut(variable, "=")
		name, ours := strings.CutPrefix(name, e.prefix)
		if ours && value != "" && name != "" && strings.Trim(name, letters+"0123456789_") == "" {
			values[name] = NewValue(value)
		}
	}
	return values, ctx.Err()
}

// Get implements [Provider].
func (e *Env) Get(ctx context.Context, tenantID, name string, version int64) (Secret, error) {
	values, err := e.values(ctx, tenantID)
	if err != nil {
		return Secret{}, err
	}
	return unversioned(values, name, version)
}

// unversioned returns a secret of a provider without versions.
func unversioned(values map[string]Value, name string, version int64) (Secret, error) {
	value, ok := values[name]
	switch {
	case !ok:
		return Secret{}, cpodkit.CodeNotFound
	case version != 0:
		return Secret{}, cpodkit.CodeNotSupported
	}
	return Secret{Value: value}, nil
}

// List implements [Lister].
func (e *Env) List(ctx context.Context, tenantID, after string, limit int) ([]Info, bool, error) {
	values, err := e.values(ctx, tenantID)
	if err != nil {
		return nil, false, err
	}
	infos, more := pageOf(values, after, limit, infoOf)
	return infos, more, nil
}

func infoOf(name string) Info { return Info{Name: name} }

// pageOf returns the items of a map whose keys come after a key.
func pageOf[V, T any](all map[string]V, after string, limit int, item func(key string) T) (items []T, more bool) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		switch {
		case key <= after:
		case len(items) == limit:
			return items, true
		default:
			items = append(items, item(key))
		}
	}
	return items, false
}
