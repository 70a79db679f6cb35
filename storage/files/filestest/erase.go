package filestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/parallel"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

// erasedFiles is more than a page of an erasure.
const erasedFiles = 520

// testErase erases a tenant, and a user of another one, through the portable type. It
// leaves what is beside them.
func testErase(s *suite) {
	store, err := files.New(s.driver) // which start closes
	if err != nil {
		s.Fatal(err)
	}
	tenant := "erase-" + strings.ToLower(rand.Text())
	below := func(names ...string) []string {
		for i, name := range names {
			names[i] = tenant + name
		}
		return names
	}
	user := below("/users/u/apps/a/x", "/users/u/apps/b/x", "/users/u/apps/a-b.c")
	rest := below("/shared/x", "/users/ux/apps/a/x", "/apps/日本/ ~")
	for i := range erasedFiles {
		rest = append(rest, fmt.Sprintf("%s/apps/a/%d/%d", tenant, i%7, i))
	}
	outside := append(below("x/apps/a/x", "-/x", "./x", "0/x", "%2F/x"),
		"x"+tenant+"/x", strings.ToUpper(tenant)+"S/x", "filestest/"+tenant+"/x")
	all := slices.Concat(user, rest, outside)
	s.putAll(all)
	defer func() {
		for _, name := range all {
			if err := s.driver.Delete(s.ctx, name); err != nil {
				s.Errorf("Delete(%q): %v", name, err)
			}
		}
	}()

	there := func(names []string, want bool) {
		s.Helper()
		for i, name := range names {
			if i >= 10 && i%25 != 0 {
				continue // to spare the stores that are far away
			}
			_, err := s.driver.Stat(s.ctx, name)
			if (err == nil) != want || err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
				s.Errorf("Stat(%q) = %v; want it there: %t", name, err, want)
			}
		}
	}
	tenantRealm, err1 := storage.TenantRealm(tenant)
	userRealm, err2 := storage.UserRealm(tenant, "u")
	if err := errors.Join(err1, err2); err != nil {
		s.Fatal(err)
	}
	amountOf := func(names []string) (total storage.Amount) {
		for _, name := range names {
			total.Add(storage.Amount{Items: 1, Bytes: int64(2*len(name)) + storage.FileOverhead}) // its content is its name
		}
		return total
	}
	measure := func(want storage.Amount) {
		s.Helper()
		if got, err := store.Measure(s.ctx, tenantRealm); err != nil || got != want {
			s.Errorf("Measure = %+v, %v; want %+v", got, err, want)
		}
	}
	erase := func(realm storage.Realm, want storage.Amount) {
		s.Helper()
		if got, err := store.Erase(s.ctx, realm); err != nil || got != want {
			s.Errorf("Erase = %+v, %v; want %+v", got, err, want)
		}
	}
	measure(amountOf(slices.Concat(user, rest)))
	erase(userRealm, amountOf(user))
	there(user, false)
	there(rest, true)
	there(outside, true)
	erase(tenantRealm, amountOf(rest))
	there(user, false)
	there(rest, false)
	there(outside, true)
	measure(storage.Amount{})
	erase(tenantRealm, storage.Amount{})
	if eraser, ok := s.driver.(files.Eraser); ok {
		for _, bad := range []string{"", "/", tenant, "../", tenant + "/../", tenant + "//"} {
			if err := eraser.Erase(s.ctx, bad); err == nil {
				s.Errorf("Erase(%q) of the driver succeeded", bad)
			}
		}
	}
	s.putAll(user[:1])
	there(user[:1], true)
}

// putAll stores files that hold their names, several at a time.
func (s *suite) putAll(names []string) {
	s.Helper()
	err := parallel.Each(s.ctx, 8, slices.Values(names), func(ctx context.Context, name string) error {
		_, err := s.driver.Put(ctx, name, strings.NewReader(name), files.PutOptions{ContentType: "text/plain"})
		if err != nil {
			err = fmt.Errorf("Put(%q): %w", name, err)
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
}
