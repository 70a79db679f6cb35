package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/keyring"
)

const (
	day       = 24 * time.Hour
	maxAge    = 90 * day
	overlap   = 15 * time.Minute
	retention = 25 * time.Hour
	interval  = time.Minute
)

func newRotator(t *testing.T, store keyring.Store, master keyring.Master, opts ...keyring.Option) *keyring.Rotator {
	t.Helper()
	rotator, err := keyring.NewRotator(store, master, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return rotator
}

func ids(keys []keyring.SigningKey) string {
	var list []string
	for _, key := range keys {
		list = append(list, key.ID)
	}
	return strings.Join(list, " ")
}

// server is what a replica does with the ring: it uses the keys that Follow
// gives it.
type server struct {
	mu   sync.Mutex
	keys []keyring.SigningKey
	fail error
}

func (s *server) use(keys []keyring.SigningKey) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.keys = keys
	return nil
}

func (s *server) want(t *testing.T, when string, ids ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var got []string
	for _, key := range s.keys {
		got = append(got, key.ID)
	}
	if strings.Join(got, " ") != strings.Join(ids, " ") {
		t.Errorf("%s: the server uses %v, want %v", when, got, ids)
	}
}

// follow starts a replica, which ends with the test.
func follow(t *testing.T, rotator *keyring.Rotator, ring *keyring.Ring) *server {
	t.Helper()
	s := &server{keys: ring.SigningKeys()}
	go rotator.Follow(t.Context(), ring, s.use)
	return s
}

func TestKeysAreReplacedWithOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, master := keyring.NewMemoryStore(), keyring.NewMaster()
		ring := open(t, store, master)
		first := ring.SigningKeys()[0].ID
		secret := string(ring.Secret("cursor"))
		time.Sleep(maxAge - interval)
		s := follow(t, newRotator(t, store, master), ring)

		time.Sleep(interval - time.Second)
		s.want(t, "before its time", first)
		time.Sleep(interval)
		second := open(t, store, master).SigningKeys()[1]
		s.want(t, "published", first, second.ID)
		if lead := time.Until(second.SignsFrom); lead < overlap-interval || lead > overlap {
			t.Errorf("the new key signs %s from now", lead)
		}
		time.Sleep(time.Until(second.SignsFrom) - time.Nanosecond)
		synctest.Wait()
		s.want(t, "a moment before it signs", first, second.ID)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		s.want(t, "signing", second.ID, first)

		full, _, err := store.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(retention - time.Nanosecond)
		synctest.Wait()
		s.want(t, "the last moment of the old key", second.ID, first)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		s.want(t, "dropped", second.ID)
		// The private key is gone from the store too, not merely unused.
		if pruned, _, err := store.Load(t.Context()); err != nil || len(pruned) >= len(full) {
			t.Errorf("the stored ring had %d bytes and has %d, error %v", len(full), len(pruned), err)
		}
		if again := open(t, store, master); string(again.Secret("cursor")) != secret {
			t.Error("a rotation of signing keys changed a secret")
		}
	})
}

// Replicas whose clocks strike at the same moment make one key together.
func TestReplicasMakeOneKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, master := keyring.NewMemoryStore(), keyring.NewMaster()
		ring := open(t, store, master)
		var replicas []*server
		for range 8 {
			replicas = append(replicas, follow(t, newRotator(t, store, master, keyring.WithMaxAge(time.Hour)), ring))
		}
		time.Sleep(time.Hour + 2*interval)
		keys := open(t, store, master).SigningKeys()
		if len(keys) != 2 {
			t.Fatalf("%d replicas made %d keys", len(replicas), len(keys)-1)
		}
		time.Sleep(overlap)
		for i, s := range replicas {
			s.want(t, fmt.Sprintf("replica %d", i), keys[1].ID, keys[0].ID)
		}
	})
}

func TestRotateAtOnceMakesOneKey(t *testing.T) {
	t.Parallel()
	store, master := keyring.NewMemoryStore(), keyring.NewMaster()
	first := open(t, store, master).SigningKeys()[0]
	made := make([]keyring.SigningKey, 16)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			key, err := newRotator(t, store, master).Rotate(t.Context())
			for err != nil && strings.Contains(err.Error(), "again and again") {
				key, err = newRotator(t, store, master).Rotate(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
			made[i] = key
		})
	}
	wg.Wait()
	want := first.ID + " " + made[0].ID
	if got := ids(open(t, store, master).SigningKeys()); got != want {
		t.Errorf("the ring has %s, want %s", got, want)
	}
	for i, key := range made {
		if key.ID != made[0].ID || key.ID == first.ID {
			t.Errorf("call %d returned the key %s", i, key.ID)
		}
	}
}

// Another process rotates; a running server notices within an interval.
func TestAServerNoticesARotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, master := keyring.NewMemoryStore(), keyring.NewMaster()
		ring := open(t, store, master)
		var log bytes.Buffer
		s := follow(t, newRotator(t, store, master, keyring.WithLog(slog.New(slog.NewTextHandler(&log, nil)))), ring)
		first := ring.SigningKeys()[0].ID
		command := newRotator(t, store, master)

		time.Sleep(time.Hour)
		next, err := command.Rotate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := command.Rotate(t.Context()); err != nil || again.ID != next.ID {
			t.Errorf("a second rotation before the key signs: %v, %v", again.ID, err)
		}
		time.Sleep(interval)
		synctest.Wait()
		s.want(t, "an interval later", first, next.ID)
		time.Sleep(overlap)
		s.want(t, "an overlap later", next.ID, first)

		third, err := command.Rotate(t.Context())
		if err != nil || third.ID == next.ID {
			t.Fatalf("a rotation once the key signs: %v, %v", third.ID, err)
		}
		time.Sleep(overlap + interval)
		s.want(t, "two rotations in a day", third.ID, first, next.ID)
		synctest.Wait() // until nobody writes to the log
		if lines := log.String(); !strings.Contains(lines, `msg="signing keys changed" signing=`+third.ID) {
			t.Errorf("logged %s", lines)
		}
	})
}

// flaky is a store that can fail.
type flaky struct {
	*keyring.MemoryStore
	mu   sync.Mutex
	fail error
}

func (f *flaky) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

func (f *flaky) Load(ctx context.Context) ([]byte, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, "", f.fail
	}
	return f.MemoryStore.Load(ctx)
}

func TestAServerKeepsItsScheduleWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, master := &flaky{MemoryStore: keyring.NewMemoryStore()}, keyring.NewMaster()
		ring := open(t, store, master)
		rotator := newRotator(t, store, master, keyring.WithMaxAge(2*day))
		s := follow(t, rotator, ring)
		first := ring.SigningKeys()[0].ID
		next, err := rotator.Rotate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if newRotator(t, store, master).Current() {
			t.Error("a rotator that has not looked says that it knows all keys")
		}
		time.Sleep(interval)
		synctest.Wait()
		store.set(cpodkit.CodeUnavailable)
		time.Sleep(overlap - 2*interval)
		if !rotator.Current() {
			t.Error("keys that cannot sign yet make the known ones not current")
		}
		time.Sleep(2 * interval)
		if rotator.Current() {
			t.Error("a key that others may sign with is not known, and the known ones are said to be all")
		}
		s.want(t, "the store is down", next.ID, first)
		time.Sleep(2 * day)
		s.want(t, "for long", next.ID)
		store.set(nil)
		time.Sleep(interval)
		synctest.Wait()
		s.want(t, "and is back", next.ID, open(t, store, master).SigningKeys()[1].ID)
		if !rotator.Current() {
			t.Error("the keys are not current after a look")
		}
	})
}

func TestKeysThatCannotBeUsedAreTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, master := keyring.NewMemoryStore(), keyring.NewMaster()
		ring := open(t, store, master)
		rotator := newRotator(t, store, master)
		s := follow(t, rotator, ring)
		s.mu.Lock()
		s.fail = errors.New("no")
		s.mu.Unlock()
		next, err := rotator.Rotate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * interval)
		s.want(t, "use fails", ring.SigningKeys()[0].ID)
		s.mu.Lock()
		s.fail = nil
		s.mu.Unlock()
		time.Sleep(interval)
		synctest.Wait()
		s.want(t, "use works again", ring.SigningKeys()[0].ID, next.ID)
	})
}

// The ring of testdata was written by the first version, which had no schedule.
func TestARingOfTheFirstFormat(t *testing.T) {
	t.Parallel()
	sealed, err := os.ReadFile(filepath.Join("testdata", "ring-format-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	master, err := keyring.ParseMaster(strings.Repeat("5a", 32))
	if err != nil {
		t.Fatal(err)
	}
	store := keyring.NewMemoryStore()
	if err := store.Save(t.Context(), sealed, ""); err != nil {
		t.Fatal(err)
	}
	ring := open(t, store, master)
	const secret, id = "9acd413d3d7fc98cca5eb57c7eed0568d3cb236fd62730cb1a67e19c64d17af7", "JzIbAHyJayz1lGxuDHD7_4HFnA_jNV58stOJdYceess"
	keys := ring.SigningKeys()
	if fmt.Sprintf("%x", ring.Secret("test")) != secret || ids(keys) != id || !keys[0].SignsFrom.Equal(keys[0].CreatedAt) {
		t.Errorf("opened a ring with the secret %x and the keys %s", ring.Secret("test"), ids(keys))
	}
	if !keys[0].CreatedAt.Equal(time.Date(2026, 11, 21, 21, 38, 15, 0, time.UTC)) {
		t.Errorf("CreatedAt is %v", keys[0].CreatedAt)
	}
	next, err := newRotator(t, store, master).Rotate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rotated := open(t, store, master)
	if got := ids(rotated.SigningKeys()); next.SignsFrom.Before(time.Now()) || got != id+" "+next.ID {
		t.Errorf("after a rotation the keys are %s", got)
	}
	if fmt.Sprintf("%x", rotated.Secret("test")) != secret {
		t.Error("a rotation changed a secret")
	}
}

func TestRotateFailures(t *testing.T) {
	t.Parallel()
	store, master := keyring.NewMemoryStore(), keyring.NewMaster()
	open(t, store, master)
	sealed, _, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	down := cpodkit.Errorf(cpodkit.CodeUnavailable, "down")
	for name, test := range map[string]struct {
		store  keyring.Store
		master keyring.Master
		want   error // nil for any
	}{
		"no ring":           {keyring.NewMemoryStore(), master, cpodkit.CodeNotFound},
		"another master":    {store, keyring.NewMaster(), keyring.ErrWrongMaster},
		"load fails":        {fixed{loadErr: down}, master, cpodkit.CodeUnavailable},
		"save fails":        {fixed{sealed: sealed, saveErr: down}, master, cpodkit.CodeUnavailable},
		"others always win": {fixed{sealed: sealed, saveErr: cpodkit.CodePreconditionFailed}, master, nil},
	} {
		if _, err := newRotator(t, test.store, test.master).Rotate(t.Context()); err == nil ||
			test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestNewRotatorFailsEarly(t *testing.T) {
	t.Parallel()
	store, master := keyring.NewMemoryStore(), keyring.NewMaster()
	if _, err := keyring.NewRotator(store, keyring.Master{}); err == nil {
		t.Error("the zero master was taken")
	}
	for name, opt := range map[string]keyring.Option{
		"no interval":                 keyring.WithInterval(0),
		"no retention":                keyring.WithRetention(0),
		"an overlap of one interval":  keyring.WithOverlap(interval),
		"an age of one overlap":       keyring.WithMaxAge(overlap),
		"an interval over an overlap": keyring.WithInterval(time.Hour),
	} {
		if _, err := keyring.NewRotator(store, master, opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
