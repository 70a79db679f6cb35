//go:build unix

package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/secrets"
)

// The password of a real Redis changes under load, and no call fails.
func TestRotation(t *testing.T) {
	t.Parallel()
	server := testservice.Redis(t, testservice.WithArgs("--requirepass", "hunter2-admin"))
	var out strings.Builder
	if err := run(t.Context(), "redis://:hunter2-admin@"+server.Addr, 20, &out); err != nil {
		t.Fatal(err)
	}
	var rotations, calls, failed int
	if _, err := fmt.Sscanf(out.String(), "%d rotations, %d calls, %d failed\n", &rotations, &calls, &failed); err != nil ||
		rotations != 20 || calls < 20 || failed != 0 {
		t.Errorf("it prints %q, %v", out.String(), err)
	}
	t.Logf("%s", out.String())
}

// After a rotation the password from before it is refused.
func TestRotationEndsTheOldPassword(t *testing.T) {
	t.Parallel()
	server := testservice.Redis(t)
	admin := redis.NewClient(&redis.Options{Addr: server.Addr})
	defer admin.Close()
	store := secrets.NewMemory()
	all, err := secrets.New(store, store)
	if err != nil {
		t.Fatal(err)
	}
	h := all.Trusted("acme")
	for range 2 {
		if err := rotate(t.Context(), admin, h, func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for version, isGood := range map[int64]bool{1: false, 2: true} {
		password, err := h.Get(t.Context(), name, secrets.Version(version))
		if err != nil {
			t.Fatal(err)
		}
		client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: user, Password: password.Value.Reveal()})
		if err := client.Get(t.Context(), user+":0").Err(); (err == nil || err == redis.Nil) != isGood { //nolint:errorlint // it is never wrapped
			t.Errorf("with version %d: %v", version, err)
		}
		_ = client.Close()
	}
}
