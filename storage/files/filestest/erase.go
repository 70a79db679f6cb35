package filestest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/cpodkit/cpodkit"
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
	var inside, outside []string
	for i := range erasedFiles {
		inside = append(inside, fmt.Sprintf("%s/apps/a/%d/%d", tenant, i%7, i))
	}
	for _, name := range []string{"shared/x", "users/u/apps/a/x", "users/u/apps/b/x", "users/u/apps/a-b.c", "users/ux/apps/a/x", "apps/日本/ ~"} {
		inside = append(inside, tenant+"/"+name)
	}
	user := inside[erasedFiles+1 : erasedFiles+4]
	for _, name := range []string{"x/apps/a/x", "-/x", "./x", "0/x", "%2F/x"} {
		outside = append(outside, tenant+name)
	}
	outside = append(outside, "x"+tenant+"/x", strings.ToUpper(tenant)+"S/x", "filestest/"+tenant+"/x")
	s.putAll(append(inside, outside...))
	defer func() {
		for _, name := range append(inside, outside...) {
			if err := s.driver.Delete(s.ctx, name); err != nil {
				s.Errorf("Delete(%q): %v", name, err)
			}
		}
	}()

	there := func(names []string, want bool) {
		s.Helper()
		for i, name := range names {
			if i < erasedFiles && i%25 != 0 && len(names) > erasedFiles {
				continue // to spare the stores that are far away
			}
			_, err := s.driver.Stat(s.ctx, name)
			if (err == nil) != want || err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
				s.Errorf("Stat(%q) = %v; want it there: %t", name, err, want)
			}
		}
	}
	realms := map[string]storage.Realm{}
	for name, of := range map[string]func() (storage.Realm, error){
		"tenant": func() (storage.Realm, error) { return storage.TenantRealm(tenant) },
		"user":   func() (storage.Realm, error) { return storage.UserRealm(tenant, "u") },
	} {
		if realms[name], err = of(); err != nil {
			s.Fatal(err)
		}
	}
	amountOf := func(names []string) (total storage.Amount) {
		for _, name := range names {
			total.Add(storage.Amount{Items: 1, Bytes: int64(2*len(name)) + storage.FileOverhead}) // its content is its name
		}
		return total
	}
	if got, err := store.Measure(s.ctx, realms["tenant"]); err != nil || got != amountOf(inside) {
		s.Errorf("Measure = %+v, %v; want %+v", got, err, amountOf(inside))
	}
	if got, err := store.Erase(s.ctx, realms["user"]); err != nil || got != amountOf(user) {
		s.Errorf("Erase of a user = %+v, %v; want %+v", got, err, amountOf(user))
	}
	there(user, false)
	left := append(inside[:erasedFiles+1:erasedFiles+1], inside[erasedFiles+4:]...)
	there(left, true)
	there(outside, true)
	if got, err := store.Erase(s.ctx, realms["tenant"]); err != nil || got != amountOf(left) {
		s.Errorf("Erase = %+v, %v; want %+v", got, err, amountOf(left))
	}
	there(inside, false)
	there(outside, true)
	if got, err := store.Measure(s.ctx, realms["tenant"]); err != nil || got != (storage.Amount{}) {
		s.Errorf("Measure of what is erased = %+v, %v", got, err)
	}
	if got, err := store.Erase(s.ctx, realms["tenant"]); err != nil || got != (storage.Amount{}) {
		s.Errorf("Erase again = %+v, %v", got, err)
	}
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
	work, failed := make(chan string), make(chan error, len(names))
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for name := range work {
				if _, err := s.driver.Put(s.ctx, name, strings.NewReader(name), files.PutOptions{ContentType: "text/plain"}); err != nil {
					failed <- fmt.Errorf("Put(%q): %w", name, err)
				}
			}
		})
	}
	for _, name := range names {
		work <- name
	}
	close(work)
	workers.Wait()
	select {
	case err := <-failed:
		s.Fatal(err)
	default:
	}
}
