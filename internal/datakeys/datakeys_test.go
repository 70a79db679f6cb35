package datakeys_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/datakeys"
	"github.com/cpodkit/cpodkit/keyring"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(result T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	text, keys := must[[]byte](t), must[*datakeys.Keys](t)
	k := keys(datakeys.New())
	other := keys(datakeys.New())
	more := keys(k.WithNewKey())
	binding := []byte("here")
	for _, plain := range []string{"", "x", "\x00\xff", strings.Repeat("long", 16<<10)} {
		sealed := text(k.Seal([]byte(plain), binding))
		if len(sealed) != len(plain)+33 || plain != "" && bytes.Contains(sealed, []byte(plain)) && len(plain) > 4 {
			t.Errorf("%d bytes are sealed in %d", len(plain), len(sealed))
		}
		for _, opener := range []*datakeys.Keys{k, more} {
			if got, err := opener.Open(sealed, binding); err != nil || string(got) != plain {
				t.Errorf("opened are %d bytes, %v", len(got), err)
			}
		}
		if !k.IsByNewest(sealed) || more.IsByNewest(sealed) || k.IsByNewest(nil) || k.IsByNewest(sealed[:4]) {
			t.Error("the key that sealed is not known")
		}
		bent := bytes.Clone(sealed)
		bent[len(bent)-1]++
		for name, open := range map[string]func() ([]byte, error){
			"another binding": func() ([]byte, error) { return k.Open(sealed, []byte("there")) },
			"other keys":      func() ([]byte, error) { return other.Open(sealed, binding) },
			"altered":         func() ([]byte, error) { return k.Open(bent, binding) },
			"cut":             func() ([]byte, error) { return k.Open(sealed[:len(sealed)-1], binding) },
			"nothing":         func() ([]byte, error) { return k.Open(nil, binding) },
		} {
			if got, err := open(); !errors.Is(err, datakeys.ErrAltered) || got != nil {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
	}
	if _, err := k.Open(text(more.Seal(nil, nil)), nil); !errors.Is(err, datakeys.ErrAltered) {
		t.Errorf("a newer key: %v", err)
	}
	if k.Newest() == more.Newest() || strings.Contains(fmt.Sprintf("%+v %#v %d", k, k, k), fmt.Sprint(k.Newest())) {
		t.Error("keys print, or have no names")
	}
}

// down is a sealer that is not reached.
type down struct{}

func (down) Seal(context.Context, []byte, []byte) ([]byte, error) {
	return nil, cpodkit.CodeUnavailable
}
func (down) Open(context.Context, []byte, []byte) ([]byte, error) {
	return nil, cpodkit.CodeUnavailable
}

func TestSaveAndLoad(t *testing.T) {
	t.Parallel()
	ctx, master, text, keys := t.Context(), keyring.NewMaster(), must[[]byte](t), must[*datakeys.Keys](t)
	k := keys(datakeys.New())
	old := text(k.Seal([]byte("old"), nil))
	k = keys(k.WithNewKey())
	saved := text(k.Save(ctx, master, []byte("acme")))
	loaded := keys(datakeys.Load(ctx, saved, master, []byte("acme")))
	if got, err := loaded.Open(old, nil); err != nil || string(got) != "old" || loaded.Newest() != k.Newest() {
		t.Errorf("loaded keys open %q, %v", got, err)
	}
	if got, err := k.Open(text(loaded.Seal([]byte("new"), nil)), nil); err != nil || string(got) != "new" {
		t.Errorf("what loaded keys seal opens as %q, %v", got, err)
	}
	for name, load := range map[string]func() (*datakeys.Keys, error){
		"another sealer":  func() (*datakeys.Keys, error) { return datakeys.Load(ctx, saved, keyring.NewMaster(), []byte("acme")) },
		"another binding": func() (*datakeys.Keys, error) { return datakeys.Load(ctx, saved, master, []byte("globex")) },
		"altered": func() (*datakeys.Keys, error) {
			return datakeys.Load(ctx, append(bytes.Clone(saved[:40]), saved[41:]...), master, []byte("acme"))
		},
	} {
		if _, err := load(); err == nil || !errors.Is(err, keyring.ErrAltered) && name != "altered" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range [][]byte{nil, {0}, bytes.Repeat([]byte{0xff}, 100)} {
		if _, err := datakeys.Load(ctx, bad, master, nil); err == nil {
			t.Errorf("%x is loaded", bad)
		}
	}
	if _, err := datakeys.Load(ctx, saved, down{}, nil); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("a sealer that is down: %v", err)
	}
	if _, err := k.Save(ctx, down{}, nil); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("a sealer that is down: %v", err)
	}
}
