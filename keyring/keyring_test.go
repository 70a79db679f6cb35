package keyring_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/keyring"
)

func open(t *testing.T, store keyring.Store, master keyring.Master) *keyring.Ring {
	t.Helper()
	ring, err := keyring.Open(t.Context(), store, master)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return ring
}

// fingerprint tells two rings apart.
func fingerprint(r *keyring.Ring) string {
	s := base64.StdEncoding.EncodeToString(r.Secret("test"))
	for _, k := range r.SigningKeys() {
		s += " " + k.ID
	}
	return s
}

func TestReplicasShareOneRing(t *testing.T) {
	t.Parallel()
	store, master := keyring.NewMemoryStore(), keyring.NewMaster()
	const replicas = 32
	rings := make([]*keyring.Ring, replicas)
	errs := make([]error, replicas)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range replicas {
		wg.Go(func() {
			<-start
			rings[i], errs[i] = keyring.Open(t.Context(), store, master)
		})
	}
	close(start)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	later := fingerprint(open(t, store, master))
	for i, r := range rings {
		if got := fingerprint(r); got != later {
			t.Errorf("replica %d has ring %s; the store holds %s", i, got, later)
		}
	}
}

func TestRingOutlivesARestart(t *testing.T) {
	t.Parallel()
	store, master := keyring.NewMemoryStore(), keyring.NewMaster()
	first := open(t, store, master)
	second := open(t, store, master)
	if fingerprint(first) != fingerprint(second) {
		t.Error("the ring changed between two opens")
	}
	a, b := first.SigningKeys()[0], second.SigningKeys()[0]
	if !a.CreatedAt.Equal(b.CreatedAt) || a.Algorithm != keyring.ES256 || b.Algorithm != keyring.ES256 {
		t.Errorf("signing key is %v %q, then %v %q", a.CreatedAt, a.Algorithm, b.CreatedAt, b.Algorithm)
	}
	if !a.Private.(*ecdsa.PrivateKey).Equal(b.Private) {
		t.Error("the private key changed between two opens")
	}
	if a.Private.(*ecdsa.PrivateKey).Curve != elliptic.P256() {
		t.Error("the signing key is not on P-256")
	}
	if since := time.Since(a.CreatedAt); since < 0 || since > time.Hour || a.CreatedAt.Location() != time.UTC {
		t.Errorf("CreatedAt is %v", a.CreatedAt)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	ring := open(t, keyring.NewMemoryStore(), keyring.NewMaster())
	other := open(t, keyring.NewMemoryStore(), keyring.NewMaster())
	seen := map[string]string{}
	for _, r := range []*keyring.Ring{ring, other} {
		for _, purpose := range []string{"", "cursor", "presign", "audit", "cursor2"} {
			secret := string(r.Secret(purpose))
			if len(secret) != keyring.SecretLen {
				t.Errorf("Secret(%q) has %d bytes", purpose, len(secret))
			}
			if before, ok := seen[secret]; ok {
				t.Errorf("purposes %q and %q share a secret", before, purpose)
			}
			seen[secret] = purpose
		}
	}
	clear(ring.Secret("cursor"))
	if bytes.Equal(ring.Secret("cursor"), make([]byte, keyring.SecretLen)) {
		t.Error("a caller can overwrite a secret of the ring")
	}
	ring.SigningKeys()[0].ID = "bent"
	if ring.SigningKeys()[0].ID == "bent" {
		t.Error("a caller can overwrite a signing key of the ring")
	}
}

func TestWrongMaster(t *testing.T) {
	t.Parallel()
	store := keyring.NewMemoryStore()
	open(t, store, keyring.NewMaster())
	_, err := keyring.Open(t.Context(), store, keyring.NewMaster())
	if !errors.Is(err, keyring.ErrWrongMaster) {
		t.Fatalf("Open with another master: %v", err)
	}
	if !strings.Contains(err.Error(), "start with the one named") {
		t.Errorf("the error does not say what to do: %v", err)
	}
	if _, err := keyring.Open(t.Context(), store, keyring.Master{}); err == nil {
		t.Error("Open took the zero master")
	}
}

// fixed is a store that holds bytes of the test's choice.
type fixed struct {
	sealed  []byte
	loadErr error
	saveErr error
}

func (f fixed) Load(context.Context) ([]byte, string, error) { return f.sealed, "1", f.loadErr }
func (f fixed) Save(context.Context, []byte, string) error   { return f.saveErr }

func TestDamagedRing(t *testing.T) {
	t.Parallel()
	store, master := keyring.NewMemoryStore(), keyring.NewMaster()
	open(t, store, master)
	sealed, _, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Any one byte changed is an error, and never another ring.
	for i := range sealed {
		bent := bytes.Clone(sealed)
		bent[i] ^= 1
		if _, err := keyring.Open(t.Context(), fixed{sealed: bent}, master); err == nil {
			t.Fatalf("a ring with byte %d (%q) changed was opened", i, sealed[i])
		}
	}
	for _, bad := range []string{"", "null", "{}", "[]", `{"format":2}`, string(sealed[:len(sealed)/2])} {
		_, err := keyring.Open(t.Context(), fixed{sealed: []byte(bad)}, master)
		if !errors.Is(err, keyring.ErrDamaged) && !errors.Is(err, keyring.ErrWrongMaster) {
			t.Errorf("Open of %.20q: %v", bad, err)
		}
	}
	newer := bytes.Replace(sealed, []byte(`"format":2`), []byte(`"format":3`), 1)
	if _, err := keyring.Open(t.Context(), fixed{sealed: newer}, master); err == nil ||
		!strings.Contains(err.Error(), "format 3") {
		t.Errorf("Open of a later format: %v", err)
	}
}

func TestStoreFailures(t *testing.T) {
	t.Parallel()
	down := cpodkit.Errorf(cpodkit.CodeUnavailable, "down")
	for _, test := range []struct {
		name  string
		store fixed
		want  error
	}{
		{"load fails", fixed{loadErr: down}, cpodkit.CodeUnavailable},
		{"save fails", fixed{loadErr: cpodkit.CodeNotFound, saveErr: down}, cpodkit.CodeUnavailable},
		{"never there", fixed{loadErr: cpodkit.CodeNotFound, saveErr: cpodkit.CodeConflict}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := keyring.Open(t.Context(), test.store, keyring.NewMaster())
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("Open: %v; want %v", err, test.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := keyring.Open(ctx, keyring.NewMemoryStore(), keyring.NewMaster()); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with a cancelled context: %v", err)
	}
}

func TestMemoryStoreComparesVersions(t *testing.T) {
	t.Parallel()
	store := keyring.NewMemoryStore()
	if _, _, err := store.Load(t.Context()); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("Load of an empty store: %v", err)
	}
	if err := store.Save(t.Context(), []byte("x"), "1"); !errors.Is(err, cpodkit.CodePreconditionFailed) {
		t.Errorf("Save over a version that is not there: %v", err)
	}
	if err := store.Save(t.Context(), []byte("x"), ""); err != nil {
		t.Fatal(err)
	}
	_, first, _ := store.Load(t.Context())
	if err := store.Save(t.Context(), []byte("y"), first); err != nil {
		t.Fatal(err)
	}
	for _, stale := range []string{"", first} {
		if err := store.Save(t.Context(), []byte("z"), stale); !errors.Is(err, cpodkit.CodePreconditionFailed) {
			t.Errorf("Save over version %q: %v", stale, err)
		}
	}
	if sealed, second, _ := store.Load(t.Context()); string(sealed) != "y" || second == first {
		t.Errorf("store holds %q with version %q", sealed, second)
	}
}

func TestKeysAreNeverPrinted(t *testing.T) {
	t.Parallel()
	master := keyring.NewMaster()
	ring := open(t, keyring.NewMemoryStore(), master)
	type wrapper struct{ hidden any }
	for _, v := range []any{master, &master, ring, *ring, ring.SigningKeys(), ring.SigningKeys()[0]} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X"} {
			got := fmt.Sprintf(verb, v)
			if strings.Trim(strings.ReplaceAll(got, "[redacted]", ""), "[] {}&") != "" &&
				!strings.HasPrefix(got, "[]keyring.SigningKey{") {
				t.Errorf("Sprintf(%q, %T) = %s", verb, v, got)
			}
		}
		if out, err := json.Marshal(v); err == nil {
			t.Errorf("json.Marshal(%T) = %s", v, out)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		if text := log.String(); strings.Contains(text, "root") || strings.Contains(text, "D:") {
			t.Errorf("slog shows %T as %s", v, text)
		}
	}
	if got := fmt.Sprintf("%+v", wrapper{master}); strings.Count(got, " ") > 2 {
		t.Errorf("a master in another struct prints as %s", got)
	}
}
