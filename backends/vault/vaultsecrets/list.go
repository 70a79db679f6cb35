package vaultsecrets

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/vault/api"

	"github.com/cpodkit/cpodkit/backends/vault/internal/vaultclient"
	"github.com/cpodkit/cpodkit/internal/parallel"
	"github.com/cpodkit/cpodkit/secrets"
)

const (
	// maxFolders is how many folders one call looks through.
	maxFolders = 1000

	// atOnce is how many paths are asked for at a time.
	atOnce = 4
)

// List implements [secrets.Lister]. It costs a call for each folder that it looks through
// and one for each secret. It is CodeUnavailable when more than 1,000 folders have none.
func (d *Driver) List(ctx context.Context, tenantID, after string, limit int) (found []secrets.Info, more bool, err error) {
	folder, err := d.folder(tenantID)
	if err != nil {
		return nil, false, err
	}
	var names []string
	describe := func() error {
		infos, err := d.describe(ctx, tenantID, folder, names)
		found, names = append(found, infos...), nil
		return err
	}
	w := walk{driver: d, tenantID: tenantID, root: folder, after: after, left: maxFolders, visit: func(name string) (bool, error) {
		if names = append(names, name); len(found)+len(names) <= limit {
			return true, nil
		}
		err := describe()
		return len(found) <= limit, err
	}}
	if _, err = w.folder(ctx, ""); err == nil {
		err = describe()
	}
	if err != nil {
		return nil, false, err
	}
	if len(found) > limit {
		return found[:limit], true, nil
	}
	return found, false, nil
}

// describe returns what Vault knows of secrets, without those that are deleted.
func (d *Driver) describe(ctx context.Context, tenantID, folder string, names []string) ([]secrets.Info, error) {
	var mu sync.Mutex
	infos := make([]secrets.Info, 0, len(names))
	err := parallel.Each(ctx, atOnce, slices.Values(names), func(ctx context.Context, name string) error {
		encoded, _ := encode(name)
		h, there, err := d.history(ctx, tenantID, folder+encoded)
		if err != nil || !there || h.isDeleted() {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		infos = append(infos, secrets.Info{Name: name, Version: h.Version, CreatedAt: h.CreatedAt.UTC(), UpdatedAt: h.UpdatedAt.UTC()})
		return nil
	})
	slices.SortFunc(infos, func(a, b secrets.Info) int { return strings.Compare(a.Name, b.Name) })
	return infos, err
}

// walk goes through the folders of a tenant.
type walk struct {
	driver   *Driver
	tenantID string
	root     string
	after    string
	left     int                             // folders
	visit    func(name string) (bool, error) // reports false to end the walk
}

var errTooManyFolders = errors.New("vaultsecrets: more folders than one call looks through have no secret")

// folder visits the secrets below a folder whose names come after w.after, in the order
// of their bytes. It reports false when the walk is over.
func (w *walk) folder(ctx context.Context, below string) (bool, error) {
	if w.left--; w.left < 0 {
		return false, w.driver.client.Unavailable(errTooManyFolders)
	}
	encoded, _ := encode(strings.TrimSuffix(below, "/"))
	keys, err := w.driver.keys(ctx, w.tenantID, w.root+encoded)
	if err != nil {
		return false, err
	}
	var entries []string
	for _, key := range keys {
		segment, isFolder := strings.CutSuffix(key, "/")
		name, ok := decode(segment)
		if !ok || strings.Contains(name, "/") {
			continue // not of ours
		}
		if isFolder {
			name += "/"
		} else if path, _ := split(below + name); path != below+name {
			continue // only members of it have names
		}
		entries = append(entries, below+name)
	}
	slices.Sort(entries)
	for _, name := range entries {
		isFolder := strings.HasSuffix(name, "/")
		holdsAfter := isFolder && strings.HasPrefix(w.after, name)
		if name <= w.after && !holdsAfter {
			continue
		}
		var goesOn bool
		if isFolder {
			goesOn, err = w.folder(ctx, name)
		} else {
			goesOn, err = w.visit(name)
		}
		if err != nil || !goesOn {
			return false, err
		}
	}
	return true, nil
}

// keys returns what is in a folder; folders end with a slash.
func (d *Driver) keys(ctx context.Context, tenantID, folder string) ([]string, error) {
	var answer *api.Secret
	err := d.call(ctx, tenantID, func(ctx context.Context, vault *api.Logical) (err error) {
		answer, err = vault.ListWithContext(ctx, d.mount+"/metadata/"+folder)
		return err
	})
	if err != nil || answer == nil {
		return nil, err
	}
	var data struct {
		Keys []string `json:"keys"`
	}
	err = vaultclient.Decode(answer, &data)
	return data.Keys, err
}
