package keyring

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/cpodkit/cpodkit/internal/unprintable"
)

const masterLen = 32 // bytes

// Master is a [Sealer] by a key in memory. Whoever holds it and the store holds
// every key of the server; whoever loses it loses the ring. It cannot be
// printed, logged or marshalled. The zero Master is none.
type Master struct {
	unprintable.Type
	key *[masterLen]byte // a pointer: fmt follows none inside an unexported field
}

// NewMaster returns a random master key.
func NewMaster() Master {
	m := Master{key: new([masterLen]byte)}
	rand.Read(m.key[:])
	return m
}

// ParseMaster reads a master key: 32 random bytes in base64, base64url (RFC
// 4648 sections 4 and 5, padded or not) or hex. White space around it is
// ignored. Its error does not repeat the text.
func ParseMaster(text string) (Master, error) {
	text = strings.TrimSpace(text)
	var raw []byte
	var err error
	if len(text) == hex.EncodedLen(masterLen) {
		raw, err = hex.DecodeString(text)
	} else {
		plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		raw, err = base64.RawStdEncoding.Strict().DecodeString(plain)
	}
	if err != nil || len(raw) != masterLen {
		return Master{}, errors.New("keyring: a master key is 32 random bytes in base64, base64url or hex; " +
			"make one with: openssl rand -base64 32")
	}
	return Master{key: (*[masterLen]byte)(raw)}, nil
}

// LoadMasterFile reads a master key, in a form of [ParseMaster], from a file.
// On unix it refuses a file that others can read or the group can write; the
// group may read, as where Kubernetes mounts a secret for it.
func LoadMasterFile(path string) (Master, error) {
	f, err := os.Open(path)
	if err != nil {
		return Master{}, fmt.Errorf("keyring: open the master key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Master{}, fmt.Errorf("keyring: open the master key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return Master{}, fmt.Errorf("keyring: the master key %s is not a file", path)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o027 != 0 {
		return Master{}, fmt.Errorf("keyring: others can reach the master key %s (mode %04o); run: chmod 600 %s",
			path, info.Mode().Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil {
		return Master{}, fmt.Errorf("keyring: read the master key: %w", err)
	}
	if len(text) == 0 {
		return Master{}, fmt.Errorf("keyring: the master key %s is empty: its making was cut short, or goes on right now; "+
			"remove it if no other server is starting", path)
	}
	master, err := ParseMaster(string(text))
	if err != nil {
		return Master{}, fmt.Errorf("%w (file %s)", err, path)
	}
	return master, nil
}

// LoadOrCreateMasterFile is [LoadMasterFile], but makes a key when there is no
// file: mode 0600, on disk before it returns. The folder must exist.
func LoadOrCreateMasterFile(path string) (Master, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return LoadMasterFile(path)
	}
	if err != nil {
		return Master{}, fmt.Errorf("keyring: make the master key: %w", err)
	}
	master := NewMaster()
	if err := writeMaster(f, master); err != nil {
		return Master{}, fmt.Errorf("keyring: make the master key: %w", errors.Join(err, os.Remove(path)))
	}
	return master, nil
}

func writeMaster(f *os.File, m Master) error {
	_, err := f.WriteString(base64.RawURLEncoding.EncodeToString(m.key[:]) + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil || runtime.GOOS == "windows" {
		return err
	}
	// The name is on disk only when its folder is.
	dir, err := os.Open(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
