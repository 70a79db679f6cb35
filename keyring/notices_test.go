package keyring_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/keyring"
)

// mute are notices that cannot be published.
type mute struct{ *cluster.Topic }

func (mute) Publish(context.Context, []byte) error { return cpodkit.CodeUnavailable }

func (s *server) newest() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[len(s.keys)-1].ID
}

// With notices the replicas know of a new key at once, whoever made it. Where
// notices fail, there are the intervals.
func TestReplicasAreToldOfARotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, master := keyring.NewMemoryStore(), keyring.NewMaster()
		ring := open(t, store, master)
		channel, err := cluster.New(cluster.NewMemory())
		if err != nil {
			t.Fatal(err)
		}
		defer channel.Close()
		replica := func(opts ...keyring.Option) *keyring.Rotator {
			return newRotator(t, store, master, append([]keyring.Option{keyring.WithNotices(channel.Topic("ring"))}, opts...)...)
		}
		rotator := replica(keyring.WithMaxAge(time.Hour))
		a := follow(t, rotator, ring)
		time.Sleep(interval / 2) // so that the looks of b are between those of a
		b := follow(t, replica(), ring)
		time.Sleep(10 * interval)

		next, err := replica().Rotate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if a.newest() != next.ID || b.newest() != next.ID {
			t.Errorf("a command made %s, and the servers have %s and %s", next.ID, a.newest(), b.newest())
		}

		time.Sleep(overlap)
		next, err = rotator.Rotate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a.newest() != next.ID {
			t.Errorf("Rotate returned %s, and its server has %s", next.ID, a.newest())
		}
		synctest.Wait()
		if b.newest() != next.ID {
			t.Errorf("a server made %s, and the other has %s", next.ID, b.newest())
		}

		aged := time.Now().Add(time.Hour + 2*interval)
		for a.newest() == next.ID && time.Now().Before(aged) {
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if a.newest() == next.ID || a.newest() != b.newest() {
			t.Errorf("after %s, too old, the servers have %s and %s", next.ID, a.newest(), b.newest())
		}

		time.Sleep(overlap + interval/4) // to be between two looks
		next, err = newRotator(t, store, master, keyring.WithNotices(mute{channel.Topic("ring")})).Rotate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if a.newest() == next.ID || b.newest() == next.ID {
			t.Error("a notice that was not published came")
		}
		time.Sleep(interval)
		synctest.Wait()
		if a.newest() != next.ID || b.newest() != next.ID {
			t.Errorf("an interval after %s the servers have %s and %s", next.ID, a.newest(), b.newest())
		}
	})
}
