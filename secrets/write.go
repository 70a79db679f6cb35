package secrets

import (
	"context"
	"fmt"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// writeTries is how often a record is written that others write at once.
const writeTries = 5

// WriteOption configures [Handle.Put] and [Handle.Delete].
type WriteOption func(*write)

type write struct {
	Condition
	apps []string // nil for those that there are
}

// Apps sets which apps may read the secret, by their client ids; none of them for no apps.
// Without it a Put keeps those of a secret that is there; a new one is for the app that
// writes it, and for no app when an administrator writes it. Delete ignores it.
func Apps(clientIDs ...string) WriteOption {
	return func(w *write) { w.apps = append([]string{}, clientIDs...) }
}

// IfVersion writes only while the newest version is n.
func IfVersion(n int64) WriteOption { return func(w *write) { w.Version = n } }

// IfExists writes only a secret that is there.
func IfExists() WriteOption { return func(w *write) { w.Exists = true } }

// IfAbsent writes only a secret that is not there.
func IfAbsent() WriteOption { return func(w *write) { w.Absent = true } }

// change checks a write, and waits until no other one of this Secrets changes the secret.
func (h Handle) change(ctx context.Context, name string, opts []WriteOption) (w write, e Editor, unlock func(), err error) {
	for _, opt := range opts {
		opt(&w)
	}
	if err := h.checkName(name); err != nil {
		return w, nil, nil, err
	}
	e, ok := h.secrets.provider.(Editor)
	if !ok {
		return w, nil, nil, coded(cpodkit.CodeNotSupported)
	}
	if w.apps != nil {
		if w.apps, err = checkApps(w.apps); err != nil {
			return w, nil, nil, err
		}
	}
	unlock, err = h.secrets.writes.Lock(ctx, h.id.TenantID+"\x00"+name)
	return w, e, unlock, err
}

// Put stores a new version of a secret, of 1 to [MaxValue] bytes. A new secret belongs to
// the app that writes it, or to administrators alone. It returns conflict for a secret of
// another app, for a new NAME#MEMBER or NAME while another app has a part of NAME, and for
// one that the provider holds without a grant, which only administrators may write;
// precondition_failed when a condition does not hold; not_supported when the provider is
// not an [Editor].
//
// When Put fails with unavailable or timeout, the value may be stored nevertheless. To
// repeat the call is safe.
func (h Handle) Put(ctx context.Context, name string, value Value, opts ...WriteOption) (Info, error) {
	w, editor, unlock, err := h.change(ctx, name, opts)
	if err != nil {
		return Info{}, err
	}
	defer unlock()
	switch n := len(value.Reveal()); {
	case n == 0:
		return Info{}, invalid("/value", fmt.Sprintf("is empty; 1 to %d bytes are allowed", MaxValue))
	case n > MaxValue:
		return Info{}, cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "The value has %d bytes; at most %d are allowed.", n, MaxValue)
	}
	grant, before, err := h.claim(ctx, name, w.apps)
	if err != nil {
		return Info{}, err
	}
	info, err := measured(ctx, h.secrets.calls.put, func(ctx context.Context) (Info, error) {
		return editor.Put(ctx, h.id.TenantID, name, value, w.Condition)
	})
	h.secrets.drop(h.id.TenantID, name)
	if err != nil {
		if !isOutage(err) && ctx.Err() == nil { // the value is not stored
			h.takeBack(ctx, grant, before)
		}
		return Info{}, err
	}
	h.confirm(ctx, grant)
	info.Name, info.Owner, info.Apps = name, grant.Owner, grant.Apps
	return info, nil
}

// claim returns the grant of a secret that the caller is about to write, and the one from
// before it. It stores the grant of a new secret, so that nobody else takes the name, and
// one with other apps. A grant that is there has a version.
func (h Handle) claim(ctx context.Context, name string, apps []string) (grant, before Grant, err error) {
	for range writeTries {
		before, err = h.secrets.storedGrant(ctx, h.id.TenantID, name)
		switch {
		case isCode(err, cpodkit.CodeNotFound):
			if err := h.checkNew(ctx, name); err != nil {
				return Grant{}, Grant{}, err
			}
			before = Grant{Name: name}
			if !h.isAdmin {
				before.Owner, before.Apps = h.id.AppID, []string{h.id.AppID}
			}
		case err != nil:
			return Grant{}, Grant{}, err
		case !h.isAdmin && before.Owner != h.id.AppID:
			return Grant{}, Grant{}, coded(cpodkit.CodeConflict)
		case apps == nil:
			return before, before, nil
		}
		grant = before
		if apps != nil {
			grant.Apps = apps
		}
		grant, err = h.secrets.storeGrant(ctx, h.id.TenantID, grant)
		if !isCode(err, cpodkit.CodePreconditionFailed) {
			break
		}
	}
	return grant, before, err
}

// checkNew returns a conflict for a secret that the provider holds without a grant, and for
// one of which another part is not the caller's, unless an administrator writes it. The
// parts of NAME are NAME and each NAME#MEMBER: Vault keeps them in one place, where a write
// of one makes a new version of all.
func (h Handle) checkNew(ctx context.Context, name string) error {
	if h.isAdmin {
		return nil
	}
	if err := h.checkNotHeld(ctx, name); err != nil {
		return err
	}
	whole := name
	if i := strings.LastIndexByte(name, '#'); i > 0 {
		whole = name[:i]
		g, err := h.secrets.storedGrant(ctx, h.id.TenantID, whole)
		if isCode(err, cpodkit.CodeNotFound) {
			err = h.checkNotHeld(ctx, whole)
		} else if err == nil && g.Owner != h.id.AppID {
			err = coded(cpodkit.CodeConflict)
		}
		if err != nil {
			return err
		}
	}
	const fewParts = 8
	for g, err := range h.secrets.grants(ctx, h.id.TenantID, whole+"#", fewParts) {
		switch {
		case err != nil:
			return err
		case !strings.HasPrefix(g.Name, whole+"#"):
			return nil
		case g.Owner != h.id.AppID:
			return coded(cpodkit.CodeConflict)
		}
	}
	return nil
}

// checkNotHeld returns a conflict for a secret that the provider holds.
func (h Handle) checkNotHeld(ctx context.Context, name string) error {
	_, err := h.secrets.stored(ctx, h.id.TenantID, name, 0)
	if err == nil {
		return coded(cpodkit.CodeConflict)
	}
	return unlessGone(err)
}

// takeBack undoes a claim, if possible. A grant without a value harms nobody.
func (h Handle) takeBack(ctx context.Context, grant, before Grant) {
	switch {
	case before.Version == "":
		_ = h.secrets.removeGrant(ctx, h.id.TenantID, grant)
	case before.Version != grant.Version:
		before.Version = grant.Version
		_, _ = h.secrets.storeGrant(ctx, h.id.TenantID, before)
	}
}

// confirm stores the grant of a value that has just been stored once more: a Delete by
// another replica, which has removed the value before that, then leaves the grant, or has
// removed it already and gets it back. The value is stored, so that failing is no error.
func (h Handle) confirm(ctx context.Context, grant Grant) {
	_, err := h.secrets.storeGrant(ctx, h.id.TenantID, grant)
	if !isCode(err, cpodkit.CodePreconditionFailed) {
		return
	}
	if _, err = h.secrets.storedGrant(ctx, h.id.TenantID, grant.Name); isCode(err, cpodkit.CodeNotFound) {
		grant.Version = ""
		_, _ = h.secrets.storeGrant(ctx, h.id.TenantID, grant)
	}
}

// Delete removes all versions of a secret, and its grant. It returns not_found for one that
// is not there or not granted, conflict for one that the caller may read and does not own,
// and precondition_failed when a condition does not hold.
func (h Handle) Delete(ctx context.Context, name string, opts ...WriteOption) error {
	w, editor, unlock, err := h.change(ctx, name, opts)
	if err != nil {
		return err
	}
	defer unlock()
	grant, err := h.secrets.storedGrant(ctx, h.id.TenantID, name)
	if err != nil && !isCode(err, cpodkit.CodeNotFound) {
		return err
	}
	isOwner := h.isAdmin || err == nil && grant.Owner == h.id.AppID
	switch {
	case !isOwner && grant.allows(h.id.AppID):
		return coded(cpodkit.CodeConflict)
	case !isOwner:
		return notFound()
	}
	c := w.Condition
	if c == (Condition{}) {
		c.Exists = true
	}
	opCtx, call := h.secrets.calls.remove.Start(ctx)
	err = call.End(opCtx, editor.Delete(opCtx, h.id.TenantID, name, c))
	h.secrets.drop(h.id.TenantID, name)
	isAbsent := isCode(err, cpodkit.CodePreconditionFailed) && w.Condition == (Condition{})
	switch {
	case err != nil && !isAbsent:
		return err
	case isAbsent && grant.Version == "":
		return notFound()
	case grant.Version == "":
		return nil
	}
	err = h.secrets.removeGrant(ctx, h.id.TenantID, grant)
	if isCode(err, cpodkit.CodePreconditionFailed) {
		return nil // somebody has written the secret anew
	}
	return err
}
