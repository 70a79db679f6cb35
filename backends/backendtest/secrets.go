package backendtest

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

// SecretsDriver is a provider of secrets in which they can be changed.
type SecretsDriver interface {
	secrets.Provider
	secrets.Editor
}

// RunSecrets certifies a provider of secrets. It is used without its portable type, whose
// cache would hide what happens.
func RunSecrets(t *testing.T, b Backend[SecretsDriver]) {
	t.Helper()
	const tenant = "tenant"
	set := func(ctx context.Context, d SecretsDriver, name, value string, c secrets.Condition) (int64, error) {
		info, err := d.Put(ctx, tenant, name, secrets.NewValue(value), c)
		return info.Version, err
	}
	get := func(ctx context.Context, d SecretsDriver, name string) (string, error) {
		secret, err := d.Get(ctx, tenant, name, 0)
		return secret.Value.Reveal(), err
	}
	Run(t, b, func(_ testing.TB, d SecretsDriver) Client {
		return Client{
			Set: func(ctx context.Context, key, value string) error {
				_, err := set(ctx, d, key, value, secrets.Condition{})
				return err
			},
			Get: func(ctx context.Context, key string) (string, error) { return get(ctx, d, key) },
		}
	})
	same := func(_ testing.TB, d SecretsDriver) SecretsDriver { return d }
	t.Run("limits", func(t *testing.T) {
		d := pair(t, b, same)[0]
		for what, largest := range map[string]string{
			"text":  strings.Repeat("<", secrets.MaxValue),
			"bytes": strings.Repeat("\xff", secrets.MaxValue),
		} {
			_, err := set(t.Context(), d, "large/"+what, largest, secrets.Condition{})
			wantCode(t, "the largest value", err, "")
			if got, err := get(t.Context(), d, "large/"+what); err != nil || got != largest {
				t.Errorf("the largest value of %s comes back with %d bytes, %v", what, len(got), err)
			}
		}
	})
	t.Run("version conflict", func(t *testing.T) {
		replicas := pair(t, b, same)
		first, err := set(t.Context(), replicas[0], "s", "1", secrets.Condition{Absent: true})
		wantCode(t, "the first write", err, "")
		_, err = set(t.Context(), replicas[1], "s", "2", secrets.Condition{Version: first})
		wantCode(t, "a write of the version that is there", err, "")
		_, err = set(t.Context(), replicas[0], "s", "3", secrets.Condition{Version: first})
		wantCode(t, "a write of one that was", err, cpodkit.CodePreconditionFailed)
		err = replicas[0].Delete(t.Context(), tenant, "s", secrets.Condition{Version: first})
		wantCode(t, "a delete of one that was", err, cpodkit.CodePreconditionFailed)
	})
	t.Run("many writers", func(t *testing.T) {
		replicas := pair(t, b, same)
		var locked atomic.Int32
		storm(t, replicas, func(d SecretsDriver, _ int) {
			_, err := set(t.Context(), d, "shared", "x", secrets.Condition{})
			wantCode(t, "one of many writes", err, "")
			_, err = set(t.Context(), d, "lock", "x", secrets.Condition{Absent: true})
			if err == nil {
				locked.Add(1)
			} else if !errors.Is(err, cpodkit.CodePreconditionFailed) {
				t.Errorf("a lock that is held: %v", err)
			}
		})
		secret, err := replicas[0].Get(t.Context(), tenant, "shared", 0)
		if err != nil || secret.Version != stormSize {
			t.Errorf("after %d writes the version is %d, %v", stormSize, secret.Version, err)
		}
		if n := locked.Load(); n != 1 {
			t.Errorf("%d hold the lock", n)
		}
	})
}
