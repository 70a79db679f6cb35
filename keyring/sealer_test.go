package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/keyring"
)

// service seals as a key service does: by a name, and not while it is down.
type service struct {
	keyring.Master
	name string
	down error
}

func (s *service) ID() string { return s.name }

func (s *service) Seal(ctx context.Context, plain, binding []byte) ([]byte, error) {
	if s.down != nil {
		return nil, s.down
	}
	return s.Master.Seal(ctx, plain, binding)
}

func (s *service) Open(ctx context.Context, sealed, binding []byte) ([]byte, error) {
	if s.down != nil {
		return nil, s.down
	}
	return s.Master.Open(ctx, sealed, binding)
}

// Looks at a ring that has not changed need no key service.
func TestAKeyServiceIsDownForHours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, s := keyring.NewMemoryStore(), &service{Master: keyring.NewMaster(), name: "transit/keys/cpod"}
		ring, err := keyring.Open(t.Context(), store, s)
		if err != nil {
			t.Fatal(err)
		}
		rotator, err := keyring.NewRotator(store, s)
		if err != nil {
			t.Fatal(err)
		}
		follow(t, rotator, ring)
		time.Sleep(interval + time.Second)
		synctest.Wait()
		s.down = cpodkit.CodeUnavailable
		time.Sleep(5 * time.Hour)
		if !rotator.Current() {
			t.Error("the keys are not current")
		}
	})
}

func TestAKeyServiceSealsTheRing(t *testing.T) {
	t.Parallel()
	store, ctx := keyring.NewMemoryStore(), t.Context()
	s := &service{Master: keyring.NewMaster(), name: "transit/keys/cpod", down: cpodkit.CodeUnavailable}
	if _, err := keyring.Open(ctx, store, s); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("a new ring, while the service is down: %v", err)
	}
	s.down = nil
	ring, err := keyring.Open(ctx, store, s)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := keyring.Open(ctx, store, s); err != nil || fingerprint(again) != fingerprint(ring) {
		t.Errorf("opened again: %v", err)
	}
	rotator, err := keyring.NewRotator(store, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rotator.Rotate(ctx); err != nil {
		t.Error(err)
	}
	s.down = cpodkit.CodeUnavailable
	if _, err := keyring.Open(ctx, store, s); !errors.Is(err, cpodkit.CodeUnavailable) || errors.Is(err, keyring.ErrDamaged) {
		t.Errorf("while the service is down: %v", err)
	}
	other := &service{Master: keyring.NewMaster(), name: s.name}
	if _, err := keyring.Open(ctx, store, other); !errors.Is(err, keyring.ErrDamaged) {
		t.Errorf("another key of the same name: %v", err)
	}
	other.name = "transit/keys/other"
	for _, sealer := range []keyring.Sealer{other, s.Master} {
		_, err := keyring.Open(ctx, store, sealer)
		if !errors.Is(err, keyring.ErrWrongMaster) || !strings.Contains(err.Error(), s.name) {
			t.Errorf("another key: %v", err)
		}
	}
}

func TestSealersOfARing(t *testing.T) {
	t.Parallel()
	store, master, ctx := keyring.NewMemoryStore(), keyring.NewMaster(), t.Context()
	ring := open(t, store, master)
	plain, binding := []byte("of a tenant"), []byte("acme")
	sealed, err := ring.Sealer("secrets").Seal(ctx, plain, binding)
	if err != nil || bytes.Contains(sealed, plain) {
		t.Fatalf("sealed is %q, %v", sealed, err)
	}
	same := open(t, store, master).Sealer("secrets")
	if got, err := same.Open(ctx, sealed, binding); err != nil || !bytes.Equal(got, plain) || same.ID() != ring.Sealer("secrets").ID() {
		t.Errorf("another replica opens %q, %v", got, err)
	}
	bent := bytes.Clone(sealed)
	bent[len(bent)-1]++
	for name, open := range map[string]func() ([]byte, error){
		"another purpose": func() ([]byte, error) { return ring.Sealer("secrets2").Open(ctx, sealed, binding) },
		"the master key":  func() ([]byte, error) { return master.Open(ctx, sealed, binding) },
		"another binding": func() ([]byte, error) { return same.Open(ctx, sealed, []byte("other")) },
		"altered bytes":   func() ([]byte, error) { return same.Open(ctx, bent, binding) },
		"no bytes":        func() ([]byte, error) { return same.Open(ctx, nil, binding) },
	} {
		if got, err := open(); !errors.Is(err, keyring.ErrAltered) {
			t.Errorf("%s: opened %q, %v", name, got, err)
		}
	}
	if ring.Sealer("secrets2").ID() == same.ID() || master.ID() == same.ID() {
		t.Error("two keys have one name")
	}
	if (keyring.Master{}).ID() != "" {
		t.Error("the zero Master has a name")
	}
	if _, err := (keyring.Master{}).Seal(ctx, plain, nil); err == nil {
		t.Error("the zero Master seals")
	}
	if _, err := (keyring.Master{}).Open(ctx, sealed, nil); err == nil {
		t.Error("the zero Master opens")
	}
}
