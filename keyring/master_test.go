package keyring_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit/keyring"
)

func TestParseMasterForms(t *testing.T) {
	t.Parallel()
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = 0xf8 + byte(i) // makes "+", "/", "-" and "_" occur
	}
	store := keyring.NewMemoryStore()
	var want string
	for _, text := range []string{
		base64.StdEncoding.EncodeToString(raw),
		base64.RawStdEncoding.EncodeToString(raw),
		base64.URLEncoding.EncodeToString(raw),
		base64.RawURLEncoding.EncodeToString(raw),
		hex.EncodeToString(raw),
		strings.ToUpper(hex.EncodeToString(raw)),
		"  " + base64.StdEncoding.EncodeToString(raw) + "\r\n",
	} {
		master, err := keyring.ParseMaster(text)
		if err != nil {
			t.Errorf("ParseMaster(%q): %v", text, err)
			continue
		}
		got := fingerprint(open(t, store, master))
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("ParseMaster(%q) gives another key", text)
		}
	}
}

func TestParseMasterRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "changeme", "correct horse battery staple", strings.Repeat("g", 64), strings.Repeat("a", 63),
		base64.StdEncoding.EncodeToString(make([]byte, 31)), base64.StdEncoding.EncodeToString(make([]byte, 33)),
		strings.Repeat("a", 1000), strings.Repeat("A", 42) + "B", // the last one has stray bits
	} {
		_, err := keyring.ParseMaster(text)
		if err == nil {
			t.Errorf("ParseMaster took %q", text)
			continue
		}
		if !strings.Contains(err.Error(), "32 random bytes") || len(text) > 4 && strings.Contains(err.Error(), text) {
			t.Errorf("ParseMaster(%q): %v", text, err)
		}
	}
}

func TestMasterFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := keyring.LoadMasterFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LoadMasterFile without a file: %v", err)
	}
	made, err := keyring.LoadOrCreateMasterFile(path)
	if err != nil {
		t.Fatal(err)
	}
	store := keyring.NewMemoryStore()
	want := fingerprint(open(t, store, made))
	for name, load := range map[string]func(string) (keyring.Master, error){
		"LoadMasterFile": keyring.LoadMasterFile, "LoadOrCreateMasterFile": keyring.LoadOrCreateMasterFile,
	} {
		again, err := load(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if fingerprint(open(t, store, again)) != want {
			t.Errorf("%s gives another key than was made", name)
		}
	}
	if _, err := keyring.LoadOrCreateMasterFile(filepath.Join(t.TempDir(), "none", "master.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LoadOrCreateMasterFile without the folder: %v", err)
	}
}

func TestMasterFileHasOneMaker(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	store := keyring.NewMemoryStore()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			master, err := keyring.LoadOrCreateMasterFile(path)
			if err != nil {
				// Another one is between making the file and filling it.
				if !strings.Contains(err.Error(), "is empty") {
					t.Error(err)
				}
				return
			}
			if _, err := keyring.Open(t.Context(), store, master); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestMasterFileModes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("windows has no mode bits")
	}
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := keyring.LoadOrCreateMasterFile(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Fatalf("the file was made with %v, %v; want mode 0600", info.Mode(), err)
	}
	for mode, want := range map[fs.FileMode]bool{
		0o600: true, 0o400: true, 0o440: true, 0o640: true,
		0o644: false, 0o604: false, 0o602: false, 0o660: false, 0o666: false, 0o777: false,
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.LoadOrCreateMasterFile(path)
		if (err == nil) != want {
			t.Errorf("mode %04o: %v", mode, err)
		}
		if !want && (err == nil || !strings.Contains(err.Error(), "chmod 600")) {
			t.Errorf("mode %04o: the error does not say what to do: %v", mode, err)
		}
	}
}

func TestMasterFileContents(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "words": "my secret phrase", "long": strings.Repeat("A", 5000)} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.LoadOrCreateMasterFile(path)
		if err == nil || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := keyring.LoadMasterFile(t.TempDir()); err == nil {
		t.Error("LoadMasterFile took a folder")
	}
}
