package vaultsecrets

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/vault/internal/vaultclient"
	"github.com/cpodkit/cpodkit/secrets"
)

// attempts bounds how often a write starts again after another one came before it.
const attempts = 100

// Put implements [secrets.Editor].
func (d *Driver) Put(ctx context.Context, tenantID, name string, value secrets.Value, c secrets.Condition) (secrets.Info, error) {
	at, err := d.locate(tenantID, name)
	if err != nil {
		return secrets.Info{}, err
	}
	encoded, err := encodeValue(value.Reveal())
	if err != nil {
		return secrets.Info{}, err
	}
	written, err := d.change(ctx, at, c, func(members map[string]json.RawMessage) { members[at.member] = encoded })
	if err != nil {
		return secrets.Info{}, err
	}
	info := secrets.Info{Name: name, Version: written.Version, CreatedAt: written.CreatedAt.UTC(), UpdatedAt: written.CreatedAt.UTC()}
	if written.Version > 1 {
		// The value is stored. When this fails, the time is not known.
		history, _, _ := d.history(ctx, at.tenantID, at.path)
		info.CreatedAt = history.CreatedAt.UTC()
	}
	return info, nil
}

// change writes a new version of a path, made of the newest one, when the condition holds
// for the member.
func (d *Driver) change(
	ctx context.Context, at location, c secrets.Condition, edit func(members map[string]json.RawMessage),
) (revision, error) {
	for range attempts {
		current, err := d.read(ctx, at, 0)
		if err != nil {
			return revision{}, err
		}
		if !c.Holds(current.versionOf(at.member)) {
			return revision{}, cpodkit.CodePreconditionFailed
		}
		members := maps.Clone(current.members)
		if members == nil {
			members = map[string]json.RawMessage{}
		}
		edit(members)
		written, err := d.write(ctx, at, members, current.Version)
		if !errors.Is(err, errOutrun) {
			return written, err
		}
		if c != (secrets.Condition{}) {
			return revision{}, cpodkit.CodePreconditionFailed
		}
	}
	return revision{}, d.client.Unavailable(errOutrun)
}

// versionOf returns the version of a member; 0 for one that is not there.
func (r revision) versionOf(member string) int64 {
	if value, err := r.value(member); value == "" && err == nil {
		return 0
	}
	return r.Version
}

// errOutrun says that another write came first.
var errOutrun = errors.New("vaultsecrets: another write came first")

// write stores a version of a path whose newest version is over.
func (d *Driver) write(ctx context.Context, at location, members map[string]json.RawMessage, over int64) (revision, error) {
	var answer *api.Secret
	err := d.call(ctx, at.tenantID, func(ctx context.Context, vault *api.Logical) (err error) {
		answer, err = vault.WriteWithContext(ctx, d.mount+"/data/"+at.path,
			map[string]any{"options": map[string]int64{"cas": over}, "data": members})
		return err
	})
	if vaultclient.IsStatus(err, http.StatusBadRequest) && vaultclient.Says(err, "check-and-set parameter did not match") {
		return revision{}, errOutrun
	}
	if err != nil {
		return revision{}, err
	}
	var written revision
	if err := vaultclient.Decode(answer, &written); err != nil {
		return revision{}, err
	}
	return written, nil
}

// Delete implements [secrets.Editor].
func (d *Driver) Delete(ctx context.Context, tenantID, name string, c secrets.Condition) error {
	at, err := d.locate(tenantID, name)
	if err != nil {
		return err
	}
	current, err := d.read(ctx, at, 0)
	if err != nil {
		return err
	}
	if !c.Holds(current.versionOf(at.member)) {
		return cpodkit.CodePreconditionFailed
	}
	_, isThere := current.members[at.member]
	isAlone := len(current.members) == 0 || len(current.members) == 1 && isThere
	if c != (secrets.Condition{}) || isThere && !isAlone {
		// So that of this and a write with a condition one fails.
		_, err := d.change(ctx, at, c, func(members map[string]json.RawMessage) {
			delete(members, at.member)
			isAlone = len(members) == 0
		})
		if err != nil {
			return err
		}
	}
	if isAlone {
		return d.deletePath(ctx, at.tenantID, at.path)
	}
	return d.destroyMember(ctx, at)
}

func (d *Driver) deletePath(ctx context.Context, tenantID, path string) error {
	return d.call(ctx, tenantID, func(ctx context.Context, vault *api.Logical) error {
		_, err := vault.DeleteWithContext(ctx, d.mount+"/metadata/"+path)
		return err
	})
}

// destroyMember destroys the versions of a path that hold a member which the newest one does
// not hold any more. It also finishes a Delete that failed halfway.
func (d *Driver) destroyMember(ctx context.Context, at location) error {
	history, there, err := d.history(ctx, at.tenantID, at.path)
	if err != nil || !there {
		return err
	}
	var doomed []int64
	for text := range history.Versions {
		version, err := strconv.ParseInt(text, 10, 64)
		if err != nil || version == history.Version {
			continue
		}
		old, err := d.read(ctx, at, version)
		if err != nil {
			return err
		}
		if _, holds := old.members[at.member]; holds {
			doomed = append(doomed, version)
		}
	}
	if len(doomed) == 0 {
		return nil
	}
	return d.call(ctx, at.tenantID, func(ctx context.Context, vault *api.Logical) error {
		_, err := vault.WriteWithContext(ctx, d.mount+"/destroy/"+at.path, map[string]any{"versions": doomed})
		return err
	})
}

// history is what Vault keeps of a path beside its versions.
type history struct {
	Version   int64     `json:"current_version"`
	CreatedAt time.Time `json:"created_time"`
	UpdatedAt time.Time `json:"updated_time"`
	Versions  map[string]struct {
		DeletedAt string `json:"deletion_time"` // may be in the future; "" for never
		Destroyed bool   `json:"destroyed"`
	} `json:"versions"`
}

// history returns the history of a path; false when it has none.
func (d *Driver) history(ctx context.Context, tenantID, path string) (history, bool, error) {
	var answer *api.Secret
	err := d.call(ctx, tenantID, func(ctx context.Context, vault *api.Logical) (err error) {
		answer, err = vault.ReadWithContext(ctx, d.mount+"/metadata/"+path)
		return err
	})
	if err != nil || answer == nil {
		return history{}, false, err
	}
	var h history
	err = vaultclient.Decode(answer, &h)
	return h, err == nil, err
}

// isDeleted reports whether the newest version is gone.
func (h history) isDeleted() bool {
	newest := h.Versions[strconv.FormatInt(h.Version, 10)]
	deleted, err := time.Parse(time.RFC3339Nano, newest.DeletedAt)
	return newest.Destroyed || err == nil && !deleted.After(time.Now())
}
