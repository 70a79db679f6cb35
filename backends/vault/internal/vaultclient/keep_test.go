package vaultclient_test

import (
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/backends/vault/internal/vaultclient"
)

// Tokens that were made at the same moment, as those of replicas that start together, are
// renewed at different moments, and each in time.
func TestRenewalsAreSpread(t *testing.T) {
	t.Parallel()
	const life = time.Hour
	earliest, latest := life, time.Duration(0)
	for range 1000 {
		at := vaultclient.Renewal(life)
		earliest, latest = min(earliest, at), max(latest, at)
	}
	if earliest < life/2 || latest > life*9/10 {
		t.Errorf("renewals of a token of an hour are after %s to %s", earliest, latest)
	}
	if latest-earliest < life/20 {
		t.Errorf("renewals of a token of an hour are all after %s to %s", earliest, latest)
	}
}
