package flags

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sort"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

const (
	// maxDefinitionBody takes a definition that is too large, to say so.
	maxDefinitionBody = 2 * MaxDefinition

	// maxAwaited is how many flags a set has at most for a change of it to be in effect
	// here before the call answers. Of a larger one that takes longer than a write.
	maxAwaited = 1000
)

// tenantOf returns the tenant of the caller, whose ids can be encoded.
func (f *Flags) tenantOf(r *http.Request) (cpodkit.Identity, error) {
	h := f.of(r)
	return h.identity, h.check()
}

// storedView is a definition in a list.
type storedView struct {
	Key        string    `json:"key"`
	Definition any       `json:"definition"`
	Version    string    `json:"version"`
	UpdatedAt  rest.Time `json:"updatedAt,omitzero"`
}

func (f *Flags) serveList(w http.ResponseWriter, r *http.Request, q rest.Query) error {
	id, err := f.tenantOf(r)
	if err != nil {
		return err
	}
	// No encoded id holds a slash.
	tenant, _ := cpodkit.EncodeID(id.TenantID)
	app, _ := cpodkit.EncodeID(id.AppID)
	page, err := q.Page(f.cursors, tenant+"/"+app+"/flags")
	if err != nil {
		return err
	}
	ctx, call := f.list.Start(r.Context())
	flags, more, err := f.listFlags(ctx, id.TenantID, page.After, page.Limit)
	if err = call.End(ctx, err); err != nil {
		return err
	}
	if more { // one item beyond the page says so
		page.Limit, flags = len(flags), append(flags, StoredFlag{})
	}
	w.Header().Set("Cache-Control", "no-store")
	rest.WritePage(w, r, page, flags, func(s StoredFlag) string { return s.Key }, func(s StoredFlag) storedView {
		return storedView{s.Key, s.Definition, s.Version, rest.Time(s.UpdatedAt)}
	})
	return nil
}

func (f *Flags) listFlags(ctx context.Context, tenantID, after string, limit int) (flags []StoredFlag, more bool, err error) {
	if e, err := f.editor(); err == nil {
		return e.ListFlags(ctx, tenantID, after, limit)
	}
	if flags, err = loaded(ctx, f.source, tenantID); err != nil {
		return nil, false, err
	}
	flags = flags[sort.Search(len(flags), func(i int) bool { return flags[i].Key > after }):]
	size := 0
	for i, flag := range flags {
		if size += len(flag.Definition); i == limit || i > 0 && size > MaxListBytes {
			return flags[:i:i], true, nil
		}
	}
	return flags, false, nil
}

func (f *Flags) serveGet(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	id, err := f.tenantOf(r)
	if err != nil {
		return err
	}
	key := r.PathValue("key")
	if err := f.checkKey(key); err != nil {
		return err
	}
	ctx, call := f.get.Start(r.Context())
	flag, err := f.getFlag(ctx, id.TenantID, key)
	if err = call.End(ctx, err); err != nil {
		return err
	}
	h := w.Header()
	h.Set("ETag", rest.ETag(flag.Version))
	if !flag.UpdatedAt.IsZero() {
		h.Set("Last-Modified", flag.UpdatedAt.UTC().Format(http.TimeFormat))
	}
	h.Set("Cache-Control", "private, no-cache")
	if rest.Unchanged(r.Header, flag.Version) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	rest.WriteRaw(w, http.StatusOK, slices.Clip(flag.Definition)) // nobody appends to what the source has
	return nil
}

// checkKey refuses keys that an Editor does not have. Other sources may have any.
func (f *Flags) checkKey(key string) error {
	if _, err := f.editor(); err != nil {
		return nil //nolint:nilerr // it is no Editor
	}
	return checkKey(key)
}

func (f *Flags) getFlag(ctx context.Context, tenantID, key string) (StoredFlag, error) {
	if e, err := f.editor(); err == nil {
		return e.GetFlag(ctx, tenantID, key)
	}
	flags, err := loaded(ctx, f.source, tenantID)
	if err != nil {
		return StoredFlag{}, err
	}
	i := sort.Search(len(flags), func(i int) bool { return flags[i].Key >= key })
	if i == len(flags) || flags[i].Key != key {
		return StoredFlag{}, cpodkit.CodeNotFound
	}
	return flags[i], nil
}

func (f *Flags) servePut(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	id, e, key, c, err := f.change(r)
	if err != nil {
		return err
	}
	definition, err := cpodkit.ReadJSON(w, r, maxDefinitionBody)
	if err != nil {
		return err
	}
	if err := checkFlag(key, definition); err != nil {
		return err
	}
	ctx, call := f.put.Start(r.Context())
	flag, err := e.PutFlag(ctx, id.TenantID, key, definition, c)
	if worded := call.End(ctx, err); worded != nil {
		if full, ok := errors.AsType[*cpodkit.Error](err); ok && full.Code == cpodkit.CodeValidationFailed {
			return full // with its pointer
		}
		return worded
	}
	f.changed(r.Context(), id.TenantID)
	status := http.StatusOK
	if c.Absent {
		status = http.StatusCreated
	}
	w.Header().Set("ETag", rest.ETag(flag.Version))
	cpodkit.WriteJSON(w, r, status, struct {
		Key       string    `json:"key"`
		Version   string    `json:"version"`
		UpdatedAt rest.Time `json:"updatedAt"`
	}{key, flag.Version, rest.Time(flag.UpdatedAt)})
	return nil
}

func (f *Flags) serveDelete(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	if err := rest.RefuseHeaders(r.Header, "If-None-Match"); err != nil {
		return err
	}
	id, e, key, c, err := f.change(r)
	if err != nil {
		return err
	}
	ctx, call := f.remove.Start(r.Context())
	err = e.DeleteFlag(ctx, id.TenantID, key, c)
	if err = call.End(ctx, err); err != nil {
		return err
	}
	f.changed(r.Context(), id.TenantID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// change reads what a write says beside its body.
func (f *Flags) change(r *http.Request) (cpodkit.Identity, Editor, string, Condition, error) {
	key := r.PathValue("key")
	id, err := f.tenantOf(r)
	if err != nil {
		return id, nil, "", Condition{}, err
	}
	e, err := f.editor()
	if err != nil {
		return id, nil, "", Condition{}, err
	}
	if err := checkKey(key); err != nil {
		return id, nil, "", Condition{}, err
	}
	c, err := rest.WriteConditions(r.Header)
	return id, e, key, Condition{c.IfMatch, c.MustExist, c.IfAbsent}, err
}

// changed has a change take effect here. A failure is for Run to mend.
func (f *Flags) changed(ctx context.Context, tenantID string) {
	const patience = time.Second
	t, ok := f.known.Load(f.id(tenantID))
	if !ok {
		return
	}
	set := t.(*tenant).set.Load() //nolint:errcheck,forcetypeassert // nothing else is stored
	if set != nil && set.Len() > maxAwaited {
		f.noteDirty(tenantID)
		return
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if f.Refresh(limited, tenantID) != nil {
		f.noteDirty(tenantID)
	}
}
