package vaultsecrets

import (
	"context"
	"strings"
)

// MeasureTenant returns how many paths a tenant has below its folder. The size is 0: Vault
// does not tell it.
func (d *Driver) MeasureTenant(ctx context.Context, tenantID string) (count int, size int64, err error) {
	err = d.eachPath(ctx, tenantID, func(string) error {
		count++
		return nil
	})
	return count, 0, err
}

// DeleteTenant deletes everything below the folder of a tenant, all versions of it. It
// returns how many paths that were, also when it fails.
func (d *Driver) DeleteTenant(ctx context.Context, tenantID string) (count int, size int64, err error) {
	err = d.eachPath(ctx, tenantID, func(path string) error {
		err := d.deletePath(ctx, tenantID, path)
		if err == nil {
			count++
		}
		return err
	})
	return count, 0, err
}

// eachPath visits all paths of a tenant, also those that are not of ours.
func (d *Driver) eachPath(ctx context.Context, tenantID string, visit func(path string) error) error {
	folder, err := d.folder(tenantID)
	if err != nil {
		return err
	}
	for folders := []string{folder}; len(folders) > 0; {
		last := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		keys, err := d.keys(ctx, tenantID, last)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if strings.HasSuffix(key, "/") {
				folders = append(folders, last+key)
			} else if err := visit(last + key); err != nil {
				return err
			}
		}
	}
	return nil
}
