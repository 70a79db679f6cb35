package secrets

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
)

const (
	maxVariableName = 256 // bytes
	maxFileName     = 200 // bytes
)

// Material is the values of a bundle.
type Material struct {
	Env   map[string]Value // by names of environment variables
	Files map[string]Value // by names of files
}

// Bundle returns a bundle that the caller may use or owns, an administrator any; else
// not_found.
func (h Handle) Bundle(ctx context.Context, name string) (Bundle, error) {
	b, err := h.storedBundle(ctx, name)
	if err == nil && !h.sees(b.Owner, b.Apps) {
		err = noBundle()
	}
	if err != nil {
		return Bundle{}, err
	}
	return b, nil
}

func (h Handle) storedBundle(ctx context.Context, name string) (Bundle, error) {
	if err := h.checkName(name); err != nil {
		return Bundle{}, err
	}
	b, err := measured(ctx, h.secrets.calls.getBundle, func(ctx context.Context) (Bundle, error) {
		return h.secrets.records.GetBundle(ctx, h.id.TenantID, name)
	})
	if isCode(err, cpodkit.CodeNotFound) {
		err = noBundle()
	}
	return b, err
}

// ListBundles returns the bundles that [Handle.Bundle] returns: those whose names come
// after a name, in the order of the bytes of their names, at most limit of them, which is
// at least 1; more reports whether there are others.
func (h Handle) ListBundles(ctx context.Context, after string, limit int) (bundles []Bundle, more bool, err error) {
	if err := h.check(); err != nil {
		return nil, false, err
	}
	return page(func(yield func(Bundle, error) bool) {
		for b, err := range h.bundles(ctx, after) {
			if (err != nil || h.sees(b.Owner, b.Apps)) && !yield(b, err) {
				return
			}
		}
	}, limit)
}

// bundles yields all bundles after a name.
func (h Handle) bundles(ctx context.Context, after string) iter.Seq2[Bundle, error] {
	return walk(after, func(b Bundle) string { return b.Name }, func(after string) (bundles []Bundle, more bool, err error) {
		ctx, call := h.secrets.calls.listBundle.Start(ctx)
		bundles, more, err = h.secrets.records.ListBundles(ctx, h.id.TenantID, after, pageSize)
		return bundles, more, call.End(ctx, err)
	})
}

// PutBundle stores a bundle under its name: Env, Files and Apps. Nil Apps keep those that
// there are; a new bundle is for the app that writes it, and for no app when an
// administrator writes it. Its owner is who wrote it first; nobody when an administrator
// did.
//
// It returns validation_failed with a pointer to each wrong name, and to each secret that
// the owner cannot read; conflict for the bundle of another app; precondition_failed when
// the bundle does not meet the match.
func (h Handle) PutBundle(ctx context.Context, b Bundle, m Match) (Bundle, error) {
	return again(m, func() (Bundle, error) { return h.putBundle(ctx, b, m) })
}

func (h Handle) putBundle(ctx context.Context, b Bundle, m Match) (Bundle, error) {
	before, err := h.storedBundle(ctx, b.Name)
	switch {
	case isCode(err, cpodkit.CodeNotFound):
		before = Bundle{}
		if !h.isAdmin {
			before.Owner, before.Apps = h.id.AppID, []string{h.id.AppID}
		}
	case err != nil:
		return Bundle{}, err
	case !h.isAdmin && before.Owner != h.id.AppID:
		return Bundle{}, coded(cpodkit.CodeConflict)
	}
	if !m.holds(before.Version) {
		return Bundle{}, coded(cpodkit.CodePreconditionFailed)
	}
	b.Owner, b.Version = before.Owner, before.Version
	if b.Apps == nil {
		b.Apps = before.Apps
	}
	if b.Apps, err = checkApps(b.Apps); err != nil {
		return Bundle{}, err
	}
	if err := h.checkBundle(ctx, b); err != nil {
		return Bundle{}, err
	}
	if err := h.storeBundle(ctx, b); err != nil {
		return Bundle{}, err
	}
	return h.storedBundle(ctx, b.Name)
}

// storeBundle stores a bundle over the one with its version.
func (h Handle) storeBundle(ctx context.Context, b Bundle) error {
	ctx, call := h.secrets.calls.putBundle.Start(ctx)
	_, err := h.secrets.records.PutBundle(ctx, h.id.TenantID, b, b.Version)
	return call.End(ctx, err)
}

// removeBundle removes the bundle with its version.
func (h Handle) removeBundle(ctx context.Context, b Bundle) error {
	ctx, call := h.secrets.calls.removeBundle.Start(ctx)
	return call.End(ctx, h.secrets.records.DeleteBundle(ctx, h.id.TenantID, b.Name, b.Version))
}

// DeleteBundle removes a bundle. It returns not_found for one that the caller may not use
// and does not own, conflict for one that it may use and does not own, and
// precondition_failed when the bundle does not meet the match.
func (h Handle) DeleteBundle(ctx context.Context, name string, m Match) error {
	_, err := again(m, func() (struct{}, error) { return struct{}{}, h.deleteBundle(ctx, name, m) })
	return err
}

func (h Handle) deleteBundle(ctx context.Context, name string, m Match) error {
	b, err := h.Bundle(ctx, name)
	switch {
	case err != nil:
		if isCode(err, cpodkit.CodeNotFound) && !m.holds("") {
			return coded(cpodkit.CodePreconditionFailed)
		}
		return err
	case !h.isAdmin && b.Owner != h.id.AppID:
		return coded(cpodkit.CodeConflict)
	case !m.holds(b.Version):
		return coded(cpodkit.CodePreconditionFailed)
	}
	return h.removeBundle(ctx, b)
}

// checkBundle refuses wrong names, and secrets that the owner cannot read.
func (h Handle) checkBundle(ctx context.Context, b Bundle) error {
	if n := len(b.Env) + len(b.Files); n > MaxBundle {
		return invalid("/secrets", fmt.Sprintf("has %d variables and files; at most %d are allowed", n, MaxBundle))
	}
	var faults []cpodkit.FieldError
	check := func(member string, secrets map[string]string, fault func(string) string) {
		for _, key := range slices.Sorted(maps.Keys(secrets)) {
			detail := fault(key)
			if detail == "" && CheckName(secrets[key]) != nil {
				detail = "is not the name of a secret"
			}
			if detail != "" {
				faults = append(faults, cpodkit.FieldError{Pointer: pointer(member, key), Detail: detail})
			}
		}
	}
	check("secrets", b.Env, variableFault)
	check("files", b.Files, fileFault)
	if len(faults) > 0 {
		return cpodkit.ValidationError(faults...)
	}
	found, err := h.material(ctx, b)
	if err != nil {
		return err
	}
	unread := func(member string, secrets map[string]string) {
		for _, key := range slices.Sorted(maps.Keys(secrets)) {
			if found[secrets[key]] == nil {
				faults = append(faults, cpodkit.FieldError{
					Pointer: pointer(member, key), Detail: "names a secret that is not there, or not granted to the owner of the bundle",
				})
			}
		}
	}
	unread("secrets", b.Env)
	unread("files", b.Files)
	if len(faults) > 0 {
		return cpodkit.ValidationError(faults...)
	}
	return nil
}

// names returns the secrets of the bundle, each once.
func (b Bundle) names() []string {
	names := slices.AppendSeq(slices.Collect(maps.Values(b.Env)), maps.Values(b.Files))
	slices.Sort(names)
	return slices.Compact(names)
}

// material returns what the owner of a bundle reads of it, by the names of the secrets; nil
// for what is not there, or not granted to the owner.
func (h Handle) material(ctx context.Context, b Bundle) (map[string]*Secret, error) {
	owner := &caller{id: cpodkit.Identity{TenantID: h.id.TenantID, AppID: b.Owner}, isAdmin: b.Owner == ""}
	names := b.names()
	found := make([]*Secret, len(names))
	err := Handle{owner, h.secrets}.readAll(ctx, names, found)
	all := make(map[string]*Secret, len(names))
	for i, name := range names {
		all[name] = found[i]
	}
	return all, err
}

// pointer returns the JSON pointer of a member (RFC 6901).
func pointer(names ...string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	all := ""
	for _, name := range names {
		all += "/" + escape.Replace(name)
	}
	return all
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// variableFault returns what is wrong with the name of an environment variable.
func variableFault(name string) string {
	upper := strings.ToUpper(name)
	switch {
	case name == "" || len(name) > maxVariableName || strings.Trim(name, letters+"0123456789_") != "" || name[0] >= '0' && name[0] <= '9':
		return fmt.Sprintf("is not a name of 1 to %d letters, digits and _ that begins with no digit", maxVariableName)
	case strings.HasPrefix(upper, "CORESDK_") || strings.HasPrefix(upper, "CPOD_"):
		return "begins with CORESDK_ or CPOD_, which the server sets itself"
	}
	return ""
}

// fileFault returns what is wrong with the name of a file.
func fileFault(name string) string {
	if name == "" || len(name) > maxFileName || name == "." || name == ".." || strings.Trim(name, letters+"0123456789._-") != "" {
		return fmt.Sprintf("is not a name of 1 to %d letters, digits, dots, _ and -", maxFileName)
	}
	return ""
}

// Expand returns the values of a bundle: for code that runs a job, on behalf of an app that
// the bundle names. The app need not be granted the secrets; the bundle's owner must still
// be. It returns not_found when the bundle is not there or not for the app, and a conflict
// that names the first secret which is not there, or not granted to the owner any more.
func (h Handle) Expand(ctx context.Context, bundle string) (Material, error) {
	b, err := h.storedBundle(ctx, bundle)
	if err == nil && !h.isAdmin && !hasApp(b.Apps, h.id.AppID) {
		err = noBundle()
	}
	if err != nil {
		return Material{}, err
	}
	found, err := h.material(ctx, b)
	if err != nil {
		return Material{}, err
	}
	for _, name := range b.names() {
		secret := found[name]
		if secret == nil {
			return Material{}, cpodkit.Errorf(cpodkit.CodeConflict,
				"The bundle needs the secret %q, which is not there, or not granted to the owner of the bundle.", name)
		}
		if err := h.handOut(ctx, name, secret.Version, bundle); err != nil {
			return Material{}, err
		}
	}
	values := func(secrets map[string]string) map[string]Value {
		values := make(map[string]Value, len(secrets))
		for key, name := range secrets {
			values[key] = found[name].Value
		}
		return values
	}
	return Material{values(b.Env), values(b.Files)}, nil
}
