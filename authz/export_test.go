package authz

import (
	"context"
	"math/big"
	"time"
)

// IsPublic is for tests.
var IsPublic = isPublic

// IsROCA is for tests.
func IsROCA(n *big.Int) bool { return isROCA(n) }

// SetFetch replaces what gets the documents, for tests in which time passes.
func (k *RemoteKeys) SetFetch(fetch func(context.Context) ([]byte, time.Duration, error)) {
	k.fetch = fetch
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
