//go:build unix

package rediskv_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/backends/backendtest"
	"github.com/cpodkit/cpodkit/backends/redis/internal/redistest"
	"github.com/cpodkit/cpodkit/backends/redis/rediskv"
	"github.com/cpodkit/cpodkit/storage/kv"
)

func TestCertification(t *testing.T) { //nolint:paralleltest // it counts goroutines
	backendtest.RunKV(t, redistest.Backend(t, func(client redis.UniversalClient) (kv.Driver, error) {
		return rediskv.New(client)
	}))
}
