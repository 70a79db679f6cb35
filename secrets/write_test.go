package secrets_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

// One of several apps gets a new name, and the others a conflict.
func TestOneAppGetsAName(t *testing.T) {
	t.Parallel()
	m := secrets.NewMemory()
	var won atomic.Int32
	var writers sync.WaitGroup
	for i := range 8 {
		h := app(over(t, m, m), fmt.Sprint("app-", i)) // a replica each
		writers.Go(func() {
			_, err := h.Put(t.Context(), "x", secrets.NewValue(fmt.Sprint(i)))
			switch cpodkit.CodeOf(err) {
			case "":
				won.Add(1)
				wantValue(t, h, "x", fmt.Sprint(i))
			case cpodkit.CodeConflict:
				wantValue(t, h, "x", "")
			default:
				t.Error(err)
			}
		})
	}
	writers.Wait()
	if won.Load() != 1 {
		t.Errorf("%d apps got the name", won.Load())
	}
}

// NAME and each NAME#MEMBER are of one app: in Vault a write of one changes the history of
// all.
func TestPartsHaveOneOwner(t *testing.T) {
	t.Parallel()
	s, m := newSecrets(t)
	a, b, admin := app(s, "a"), app(s, "b"), s.Trusted(tenant)
	put(t, a, "db", "1")
	put(t, a, "db#user", "2")
	put(t, a, "parts#one", "3")
	put(t, admin, "ours#one", "4")
	if _, err := m.Put(t.Context(), tenant, "held", secrets.NewValue("5"), secrets.Condition{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"db#more", "parts", "parts#two", "ours", "ours#two", "held#one"} {
		_, err := b.Put(t.Context(), name, secrets.NewValue("6"))
		wantCode(t, err, cpodkit.CodeConflict)
	}
	put(t, a, "parts", "7")
	put(t, admin, "parts#two", "8")
	for _, name := range []string{"dba", "d", "db/x", "#x", "parts2#x"} {
		put(t, b, name, "9")
	}
}

// Whatever call of a Put fails: the owner can repeat it, and nobody else reads the value or
// gets the name.
func TestPutFails(t *testing.T) {
	t.Parallel()
	for _, code := range []cpodkit.Code{cpodkit.CodeUnavailable, cpodkit.CodeQuotaExceeded, cpodkit.CodeInternal} {
		for failing := 1; ; failing++ {
			f := newFaulty()
			a, b := app(over(t, f, f), "a"), app(over(t, f, f), "b")
			calls := 0
			f.onCall(func(_ context.Context, call string) error {
				if calls++; calls == failing {
					return code
				}
				return nil
			})
			_, err := a.Put(t.Context(), "x", secrets.NewValue("1"), secrets.Apps("a", "c"))
			f.failWith(nil)
			if err == nil && calls < failing {
				break // nothing failed
			}
			if err == nil { // the last call confirms what is stored
				wantValue(t, a, "x", "1")
			} else {
				wantCode(t, err, code)
				wantValue(t, a, "x", "")
			}
			wantValue(t, b, "x", "")
			put(t, a, "x", "2", secrets.Apps("a", "c"))
			wantValue(t, a, "x", "2")
			wantValue(t, b, "x", "")
			_, err = b.Put(t.Context(), "x", secrets.NewValue("3"))
			wantCode(t, err, cpodkit.CodeConflict)
		}
	}
}

// A value that is stored though its Put failed stays with its owner.
func TestPutIsUncertain(t *testing.T) {
	t.Parallel()
	m := secrets.NewMemory()
	h := app(over(t, lateFailure{m}, m), "a")
	_, err := h.Put(t.Context(), "x", secrets.NewValue("1"))
	wantCode(t, err, cpodkit.CodeTimeout)
	wantValue(t, h, "x", "1")
}

// lateFailure stores, and fails.
type lateFailure struct{ *secrets.Memory }

func (l lateFailure) Put(ctx context.Context, tenantID, name string, v secrets.Value, c secrets.Condition) (secrets.Info, error) {
	if _, err := l.Memory.Put(ctx, tenantID, name, v, c); err != nil {
		return secrets.Info{}, err
	}
	return secrets.Info{}, context.DeadlineExceeded
}

// A secret that is deleted by another replica while it is put is there or not, and never
// without its grant.
func TestPutAndDelete(t *testing.T) {
	t.Parallel()
	m := secrets.NewMemory()
	one, two := app(over(t, m, m), "a"), app(over(t, m, m), "a")
	for i := range 300 {
		put(t, one, "x", "old")
		var writers sync.WaitGroup
		writers.Go(func() { put(t, one, "x", "new") })
		writers.Go(func() {
			if err := two.Delete(t.Context(), "x"); err != nil {
				t.Errorf("Delete: %v", err)
			}
		})
		writers.Wait()
		third := over(t, m, m)
		secret, err := app(third, "a").Get(t.Context(), "x")
		all, errOfAll := third.Trusted(tenant).Get(t.Context(), "x")
		if (err == nil) != (errOfAll == nil) || !secret.Value.Equal(all.Value) {
			t.Fatalf("round %d: the owner gets %v, an administrator %v", i, err, errOfAll)
		}
	}
}

// A grant that a failed Delete has left goes with the next one.
func TestDeleteFails(t *testing.T) {
	t.Parallel()
	f := newFaulty()
	a := app(over(t, f, f), "a")
	put(t, a, "x", "1")
	if err := f.Delete(t.Context(), tenant, "x", secrets.Condition{}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, a.Delete(t.Context(), "x", secrets.IfExists()), cpodkit.CodePreconditionFailed)
	wantCode(t, a.Delete(t.Context(), "x"), "")
	wantCode(t, a.Delete(t.Context(), "x"), cpodkit.CodeNotFound)
	put(t, app(over(t, f, f), "b"), "x", "2")
}
