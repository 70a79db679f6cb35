package rego

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/internal/wholebody"
)

// moduleView is a module in a list.
type moduleView struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Size    int    `json:"size"`
}

func (e *Engine) serveModules(w http.ResponseWriter, r *http.Request, q rest.Query) error {
	id, _ := cpodkit.IdentityFromContext(r.Context())
	// No encoded id holds a slash.
	tenant, _ := cpodkit.EncodeID(id.TenantID)
	app, _ := cpodkit.EncodeID(id.AppID)
	page, err := q.Page(e.cursors, tenant+"/"+app+"/modules")
	if err != nil {
		return err
	}
	modules, err := e.Modules(r.Context(), id.TenantID)
	if err != nil {
		return err
	}
	after, found := slices.BinarySearchFunc(modules, page.After, func(m Module, name string) int { return cmp.Compare(m.Name, name) })
	if found {
		after++
	}
	modules = modules[after:]
	w.Header().Set("Cache-Control", "no-store")
	rest.WritePage(w, r, page, modules[:min(len(modules), page.Limit+1)], func(m Module) string { return m.Name },
		func(m Module) moduleView { return moduleView{m.Name, m.Version, len(m.Source)} })
	return nil
}

func (e *Engine) serveModule(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	m, err := e.Module(r.Context(), tenantOf(r), r.PathValue("name"))
	if err != nil {
		return err
	}
	if isUnchanged(w, r, m.Version) {
		return nil
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write([]byte(m.Source)) // the client has left
	return nil
}

// isUnchanged writes the entity tag of what is read. When the client has that version, it
// writes the answer, too.
func isUnchanged(w http.ResponseWriter, r *http.Request, version string) bool {
	w.Header().Set("ETag", rest.ETag(version))
	w.Header().Set("Cache-Control", "private, no-cache")
	if !rest.Unchanged(r.Header, version) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// putCondition reads the condition of a PUT.
func putCondition(r *http.Request) (Condition, error) {
	c, err := rest.WriteConditions(r.Header)
	return Condition{c.IfMatch, c.MustExist, c.IfAbsent}, err
}

// deleteCondition reads the condition of a DELETE.
func deleteCondition(r *http.Request) (Condition, error) {
	if err := rest.RefuseHeaders(r.Header, "If-None-Match"); err != nil {
		return Condition{}, err
	}
	return putCondition(r)
}

// changedAnswer is the answer of a PUT.
type changedAnswer struct {
	Name      string    `json:"name,omitempty"`
	Path      string    `json:"path,omitempty"`
	Version   string    `json:"version"`
	Revision  string    `json:"revision"`
	UpdatedAt rest.Time `json:"updatedAt"`
}

func writeChanged(w http.ResponseWriter, r *http.Request, when Condition, answer changedAnswer) {
	status := http.StatusOK
	if when.Absent {
		status = http.StatusCreated
	}
	w.Header().Set("ETag", rest.ETag(answer.Version))
	cpodkit.WriteJSON(w, r, status, answer)
}

func (e *Engine) servePutModule(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	name := r.PathValue("name")
	when, err := putCondition(r)
	if err == nil {
		err = CheckModuleName(name)
	}
	if err == nil {
		err = checkRegoMedia(r.Header)
	}
	if err != nil {
		return err
	}
	source, err := wholebody.Read(w, r, MaxModule, wholebody.Within(MaxModule))
	if err != nil {
		return cpodkit.BodyError(err, cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "The module has more than %d bytes.", MaxModule))
	}
	c, err := e.PutModule(r.Context(), tenantOf(r), name, string(source), when)
	if err != nil {
		return err
	}
	writeChanged(w, r, when, changedAnswer{Name: name, Version: c.Version, Revision: c.Revision, UpdatedAt: rest.Time(c.UpdatedAt)})
	return nil
}

func (e *Engine) serveDeleteModule(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	when, err := deleteCondition(r)
	if err != nil {
		return err
	}
	if _, err := e.DeleteModule(r.Context(), tenantOf(r), r.PathValue("name"), when); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// dataPath returns the path into the data that a request names; none for all of it.
func dataPath(r *http.Request) []string {
	path := r.PathValue("path")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

func (e *Engine) serveData(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	d, err := e.Data(r.Context(), tenantOf(r), dataPath(r)...)
	if err != nil {
		return err
	}
	if !isUnchanged(w, r, d.Version) {
		rest.WriteRaw(w, http.StatusOK, d.JSON)
	}
	return nil
}

func (e *Engine) servePutData(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	path := dataPath(r)
	when, err := putCondition(r)
	if err == nil {
		err = checkDataPath(path)
	}
	if err != nil {
		return err
	}
	value, err := cpodkit.ReadJSON(w, r, MaxData)
	if err != nil {
		return err
	}
	c, err := e.PutData(r.Context(), tenantOf(r), path, value, when)
	if err != nil {
		return err
	}
	writeChanged(w, r, when, changedAnswer{
		Path: strings.Join(path, "/"), Version: c.Version, Revision: c.Revision, UpdatedAt: rest.Time(c.UpdatedAt),
	})
	return nil
}

func (e *Engine) serveDeleteData(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	when, err := deleteCondition(r)
	if err != nil {
		return err
	}
	if _, err := e.DeleteData(r.Context(), tenantOf(r), dataPath(r), when); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
