package authz

import (
	"context"
	"math/big"
	"time"

	"github.com/cpodkit/cpodkit/internal/outbound"
)

// IsPublic is for tests.
var IsPublic = outbound.IsPublic

// IsROCA is for tests.
func IsROCA(n *big.Int) bool { return isROCA(n) }

// SetFetch replaces what gets the documents, for tests in which time passes.
func (k *RemoteKeys) SetFetch(fetch func(context.Context) ([]byte, time.Duration, error)) {
	k.fetch = func(ctx context.Context) (document, error) {
		keys, lifetime, err := fetch(ctx)
		return document{keys: keys, lifetime: lifetime}, err
	}
}

// LifetimeOf is for tests.
var LifetimeOf = lifetimeOf

// ForgetUnknown lets the next unknown id cause a fetch.
func ForgetUnknown(k *RemoteKeys) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.nextUnknown = time.Time{}
}

// Hurry gives up fetches after half a second, and waits less for them.
func Hurry(k *RemoteKeys) { k.fetchTime, k.joinTime = time.Second/2, time.Second/10 }
