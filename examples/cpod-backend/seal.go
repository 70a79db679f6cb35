package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/cpodkit/cpodkit/backends/vault/vaulttransit"
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
		master, err := keyring.LoadMasterFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: restore it from a backup, or set %s as it was when the key ring was made", err, sealVariable)
		}
		return master, err
	}
}

// openSeal opens the key service of CPOD_SEAL. What it opens is closed by house.onClose.
func openSeal(ctx context.Context, h *house, url string) (keyring.Sealer, error) {
	seal, err := vaulttransit.Open(ctx, url, vaulttransit.WithLog(h.log))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sealVariable, err)
	}
	h.onClose(seal.Close)
	// It is used at the start, and when keys rotate.
	h.ready = append(h.ready, dependency{"seal", seal, true})
	return keyService{seal}, nil
}

// errKeyService is in each error of a key service.
var errKeyService = errors.New(sealVariable)

// keyService is a sealer whose errors are told from those of the database.
type keyService struct{ keyring.Sealer }

// Seal implements [keyring.Sealer].
func (s keyService) Seal(ctx context.Context, plain, binding []byte) ([]byte, error) {
	sealed, err := s.Sealer.Seal(ctx, plain, binding)
	return sealed, named(err)
}

// Open implements [keyring.Sealer].
func (s keyService) Open(ctx context.Context, sealed, binding []byte) ([]byte, error) {
	plain, err := s.Sealer.Open(ctx, sealed, binding)
	return plain, named(err)
}

func named(err error) error {
	if err != nil {
		err = fmt.Errorf("%w: %w", errKeyService, err)
	}
	return err
}
