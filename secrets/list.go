package secrets

import (
	"context"
	"iter"

	"github.com/cpodkit/cpodkit"
)

// List returns the secrets that the caller may read or owns, an administrator all of them:
// those whose names come after a name, in the order of the bytes of their names, at most
// limit of them, which is at least 1; more reports whether there are others. Of a provider
// that is not a [Lister] it returns those that have a grant, without versions and times.
func (h Handle) List(ctx context.Context, after string, limit int) (secrets []Info, more bool, err error) {
	return page(h.all(ctx, after), limit)
}

// All yields what [Handle.List] returns, in pages that it reads as it needs them. An error
// ends it.
func (h Handle) All(ctx context.Context) iter.Seq2[Info, error] { return h.all(ctx, "") }

func (h Handle) all(ctx context.Context, after string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		if err := h.check(); err != nil {
			yield(Info{}, err)
			return
		}
		next, stop := iter.Pull2(h.secrets.grants(ctx, h.id.TenantID, after, pageSize))
		defer stop()
		grant, err, more := next()
		for info, listErr := range h.secrets.infos(ctx, h.id.TenantID, after) {
			if isCode(listErr, cpodkit.CodeNotSupported) {
				h.allGranted(ctx, after, yield)
				return
			}
			for ; err == nil && more && grant.Name < info.Name; grant, err, more = next() {
			}
			if listErr != nil {
				err = listErr
			}
			if err != nil {
				yield(Info{}, err)
				return
			}
			if more && grant.Name == info.Name {
				info.Owner, info.Apps = grant.Owner, grant.Apps
			}
			if h.sees(info.Owner, info.Apps) && !yield(info, nil) {
				return
			}
		}
	}
}

// allGranted yields what is known of secrets that the provider does not list.
func (h Handle) allGranted(ctx context.Context, after string, yield func(Info, error) bool) {
	for g, err := range h.secrets.grants(ctx, h.id.TenantID, after, pageSize) {
		if err == nil && !h.sees(g.Owner, g.Apps) {
			continue
		}
		if !yield(Info{Name: g.Name, Owner: g.Owner, Apps: g.Apps}, err) {
			return
		}
	}
}

// sees reports whether the caller finds in lists what has this owner and these apps.
func (h Handle) sees(owner string, apps []string) bool {
	return h.isAdmin || owner == h.id.AppID || hasApp(apps, h.id.AppID)
}

// infos yields what the provider lists after a name.
func (s *Secrets) infos(ctx context.Context, tenantID, after string) iter.Seq2[Info, error] {
	return walk(after, func(i Info) string { return i.Name }, func(after string) (infos []Info, more bool, err error) {
		lister, ok := s.provider.(Lister)
		if !ok {
			return nil, false, coded(cpodkit.CodeNotSupported)
		}
		ctx, call := s.calls.list.Start(ctx)
		infos, more, err = lister.List(ctx, tenantID, after, pageSize)
		return infos, more, call.End(ctx, err)
	})
}
