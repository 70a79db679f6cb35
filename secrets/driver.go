package secrets

import (
	"context"
	"time"
)

// Provider is for drivers: it holds the secrets of tenants. Names are checked before they
// come here (see [CheckName]). Errors are raw; an outcome that callers act on is one for
// which errors.Is finds a cpodkit.Code. No error holds a value. All methods are safe for
// concurrent use and honour ctx. Package secretstest is the suite that every provider
// passes.
//
// What only some providers can do are [Lister], [Editor], [Watcher] and cpodkit.Pinger.
type Provider interface {
	// Get returns a version of a secret, the newest one for 0. It returns CodeNotFound
	// for a secret or a version that is not there (any more), CodeNotSupported for
	// another version than 0 where the provider has no versions, and CodeUnavailable
	// while its system is down. A provider that refuses the server itself (a login
	// failed, a policy denies) returns CodeUnavailable and never CodeNotFound.
	Get(ctx context.Context, tenantID, name string, version int64) (Secret, error)
}

// Secret is one version of a secret.
type Secret struct {
	Value     Value
	Version   int64     // 1 and up; 0 where the provider has no versions
	CreatedAt time.Time // of the version, UTC; zero where the provider does not know
}

// Info describes a secret without its value.
type Info struct {
	Name      string
	Version   int64     // the newest; 0 where the provider has no versions or does not list them
	CreatedAt time.Time // of the first version, UTC; zero where it is not known
	UpdatedAt time.Time // of the newest version, UTC; zero where it is not known

	// Who may read it and whose it is, in the lists of a [Handle]. A provider leaves
	// them empty.
	Owner string
	Apps  []string
}

// Lister is for drivers: a provider that knows the names of what it holds.
type Lister interface {
	// List returns secrets whose names come after a name, in the order of the bytes of
	// their names, at most limit of them; more reports whether there are others.
	List(ctx context.Context, tenantID, after string, limit int) (secrets []Info, more bool, err error)
}

// Editor is for drivers: a provider in which secrets can be changed. Values have 1 to
// [MaxValue] bytes.
type Editor interface {
	// Put stores a new version of a secret. It returns CodePreconditionFailed when what
	// is there does not meet the condition, also when two calls come at once, and
	// CodeQuotaExceeded when the tenant has no room for it. Its Info has no Owner and no
	// Apps.
	Put(ctx context.Context, tenantID, name string, value Value, c Condition) (Info, error)

	// Delete removes all versions of a secret. One that is not there is no error, unless
	// the condition asks for it: CodePreconditionFailed. A secret that is made anew
	// under the name begins with a version that it never had before, or with 1.
	Delete(ctx context.Context, tenantID, name string, c Condition) error
}

// Condition is for drivers: what must hold of a secret for a write. The zero value is
// nothing.
type Condition struct {
	Version int64 // that its newest version is this one; 0 for any
	Exists  bool  // that it is there
	Absent  bool  // that it is not there
}

// Holds is for drivers: it reports whether the condition holds for a secret that has the
// newest version; 0 for one that is not there.
func (c Condition) Holds(version int64) bool {
	if version > 0 {
		return !c.Absent && (c.Version == 0 || c.Version == version)
	}
	return !c.Exists && c.Version == 0
}

// Watcher is for drivers: a provider that says what changes.
type Watcher interface {
	// Watch calls changed with each secret that may have changed until ctx ends: with
	// "" as its name when that may be any of the tenant, and with "" as the tenant when
	// that may be any at all. It may call changed more often than needed. changed
	// returns at once. An error, before ctx ends, means that changes may be missed from
	// then on.
	Watch(ctx context.Context, changed func(tenantID, name string)) error
}

// Records is for drivers: who may use what, which is kept beside the secrets. Names, ids
// and bundles are checked before they come here. A write names the version that it
// replaces, "" for a record that is not there yet, and returns CodePreconditionFailed
// when that is not what is there. It returns CodeQuotaExceeded when the tenant has as many
// records as the driver keeps for one. What else holds for a [Provider] holds here as well;
// Records may be a [Watcher], whose names are those of grants.
type Records interface {
	// GetGrant returns who may read a secret, or CodeNotFound.
	GetGrant(ctx context.Context, tenantID, name string) (Grant, error)

	// ListGrants returns grants whose names come after a name, in the order of the bytes
	// of their names, at most limit of them; more reports whether there are others.
	ListGrants(ctx context.Context, tenantID, after string, limit int) (grants []Grant, more bool, err error)

	// PutGrant stores a grant over the one with the version. It returns the new version.
	PutGrant(ctx context.Context, tenantID string, g Grant, version string) (string, error)

	// DeleteGrant removes the grant with the version. One that is not there is no error.
	DeleteGrant(ctx context.Context, tenantID, name, version string) error

	// GetBundle returns a bundle, or CodeNotFound.
	GetBundle(ctx context.Context, tenantID, name string) (Bundle, error)

	// ListBundles is like ListGrants.
	ListBundles(ctx context.Context, tenantID, after string, limit int) (bundles []Bundle, more bool, err error)

	// PutBundle stores a bundle over the one with the version. It returns the new
	// version.
	PutBundle(ctx context.Context, tenantID string, b Bundle, version string) (string, error)

	// DeleteBundle removes the bundle with the version. One that is not there is no
	// error.
	DeleteBundle(ctx context.Context, tenantID, name, version string) error
}

// Grant says whose a secret is and which apps may read it.
type Grant struct {
	Name      string
	Owner     string   // the app that wrote it, and may write it again; "" for nobody but administrators
	Apps      []string // client ids, sorted; at most [MaxApps]
	Version   string   // another one after every write
	UpdatedAt time.Time
}

// Bundle says which secrets become which environment variables and files of a job, and
// which apps may use them there without reading them.
type Bundle struct {
	Name      string
	Owner     string            // the app that wrote it, and may write it again
	Env       map[string]string // names of secrets by names of environment variables
	Files     map[string]string // names of secrets by names of files
	Apps      []string          // client ids, sorted; at most [MaxApps]
	Version   string            // another one after every write
	UpdatedAt time.Time
}
