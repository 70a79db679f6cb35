package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/cpodkit/cpodkit/keyring"
)

const sealVariable = "CPOD_SEAL"

// readSeal reads what seals the key ring; "" for a master key.
func readSeal(s *settings) string {
	url := s.optional(sealVariable, "", "seals the key ring instead of a master key: `vault-transit://host:port/mount/key`")
	if url != "" && scheme(url) != "vault-transit" && scheme(url) != "vault-transit+http" {
		s.fail(sealVariable, "want a URL with one of the schemes vault-transit, vault-transit+http; unset it to use a master key")
	}
	return url
}

// sealer opens what seals the key ring. Only a new installation gets a new master key:
// made for old data it would open nothing, and hide that the right one is lost.
func (d database) sealer(ctx context.Context, h *house, isNew bool) (keyring.Sealer, error) {
	switch file := filepath.Join(d.dataDir, "master.key"); {
	case d.seal != "":
		return openSeal(ctx, h, d.seal)
	case d.masterKey != "":
		return keyring.ParseMaster(d.masterKey)
	case d.masterKeyFile != "":
		return keyring.LoadMasterFile(d.masterKeyFile)
	case isNew:
		return keyring.LoadOrCreateMasterFile(file)
	default:
		return keyring.LoadMasterFile(file)
	}
}

// openSeal opens the key service of CPOD_SEAL. What it opens is closed by house.onClose.
func openSeal(context.Context, *house, string) (keyring.Sealer, error) {
	return nil, fmt.Errorf("%s: this version has no key service; unset it", sealVariable)
}
