package secrets

import (
	"maps"
	"net/http"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// grantView is a grant in an answer.
type grantView struct {
	Name      string    `json:"name"`
	Owner     string    `json:"owner,omitempty"`
	Apps      []string  `json:"apps"`
	Version   string    `json:"version"`
	UpdatedAt rest.Time `json:"updatedAt"`
}

func newGrantView(g Grant) grantView {
	return grantView{g.Name, g.Owner, append([]string{}, g.Apps...), g.Version, rest.Time(g.UpdatedAt)}
}

func (s *Secrets) serveListGrants(w http.ResponseWriter, r *http.Request, q rest.Query, h Handle) error {
	return list(s, w, r, q, h, h.ListGrants, func(g Grant) string { return g.Name }, newGrantView)
}

func serveGetGrant(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	g, err := h.Grant(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	writeRecord(w, r, g.Version, newGrantView(g))
	return nil
}

// writeRecord answers a GET of a record.
func writeRecord(w http.ResponseWriter, r *http.Request, version string, view any) {
	w.Header().Set("ETag", rest.ETag(version))
	if rest.Unchanged(r.Header, version) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	cpodkit.WriteJSON(w, r, http.StatusOK, view)
}

// putRecord serves the PUT of a record: store stores what the body says, and returns the
// new version and the answer.
func putRecord[Body any](
	w http.ResponseWriter, r *http.Request, h Handle,
	store func(name string, body Body, m Match) (version string, view any, err error),
) error {
	name := r.PathValue("name")
	if err := h.checkName(name); err != nil {
		return err
	}
	c, err := rest.WriteConditions(r.Header)
	if err != nil {
		return err
	}
	var body Body
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	version, view, err := store(name, body, Match{c.IfMatch, c.MustExist, c.IfAbsent})
	if err != nil {
		return err
	}
	written(w, r, c, version, view)
	return nil
}

type grantBody struct {
	Apps *[]string `json:"apps"`
}

func servePutGrant(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	return putRecord(w, r, h, func(name string, body grantBody, m Match) (string, any, error) {
		if body.Apps == nil {
			return "", nil, invalid("/apps", "is missing")
		}
		g, err := h.SetGrant(r.Context(), name, *body.Apps, m)
		return g.Version, newGrantView(g), err
	})
}

func serveDeleteGrant(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	return remove(w, r, func(m Match) error { return h.DeleteGrant(r.Context(), r.PathValue("name"), m) })
}

// remove serves the DELETE of a record.
func remove(w http.ResponseWriter, r *http.Request, do func(Match) error) error {
	if err := rest.RefuseHeaders(r.Header, "If-None-Match"); err != nil {
		return err
	}
	c, err := rest.WriteConditions(r.Header)
	if err == nil {
		err = do(Match{c.IfMatch, c.MustExist, c.IfAbsent})
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// bundleView is a bundle in an answer.
type bundleView struct {
	Name      string            `json:"name"`
	Owner     string            `json:"owner,omitempty"`
	Env       map[string]string `json:"secrets"`
	Files     map[string]string `json:"files,omitempty"`
	Apps      []string          `json:"apps"`
	Version   string            `json:"version"`
	UpdatedAt rest.Time         `json:"updatedAt"`
}

func newBundleView(b Bundle) bundleView {
	env := map[string]string{}
	maps.Copy(env, b.Env)
	return bundleView{b.Name, b.Owner, env, b.Files, append([]string{}, b.Apps...), b.Version, rest.Time(b.UpdatedAt)}
}

func (s *Secrets) serveListBundles(w http.ResponseWriter, r *http.Request, q rest.Query, h Handle) error {
	return list(s, w, r, q, h, h.ListBundles, func(b Bundle) string { return b.Name }, newBundleView)
}

func serveGetBundle(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	b, err := h.Bundle(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	writeRecord(w, r, b.Version, newBundleView(b))
	return nil
}

type bundleBody struct {
	Env   *map[string]string `json:"secrets"`
	Files map[string]string  `json:"files"`
	Apps  *[]string          `json:"apps"`
}

func servePutBundle(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	return putRecord(w, r, h, func(name string, body bundleBody, m Match) (string, any, error) {
		if body.Env == nil {
			return "", nil, invalid("/secrets", "is missing")
		}
		b := Bundle{Name: name, Env: *body.Env, Files: body.Files}
		if body.Apps != nil {
			b.Apps = append([]string{}, *body.Apps...)
		}
		b, err := h.PutBundle(r.Context(), b, m)
		return b.Version, newBundleView(b), err
	})
}

func serveDeleteBundle(w http.ResponseWriter, r *http.Request, _ rest.Query, h Handle) error {
	return remove(w, r, func(m Match) error { return h.DeleteBundle(r.Context(), r.PathValue("name"), m) })
}
