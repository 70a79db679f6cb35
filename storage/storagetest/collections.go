package storagetest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// collections are the calls on collections as a whole.
type collections interface {
	// make stores a document in a collection of the actor, and drop deletes it.
	make(ctx context.Context, a actor, name string) error
	drop(ctx context.Context, a actor, name string) error

	// names lists the actor's collections, in pages of limit.
	names(ctx context.Context, a actor, limit int) ([]string, error)
}

// attackLists gives every actor some collections whose names are canaries, and wants
// each to see exactly its own.
func attackLists(w *world, c collections) int {
	var actors []actor
	for _, a := range append(neighbours(), attackers()...) {
		same := func(b actor) bool { return a.owner() == b.owner() }
		if a.hasPlace() && w.subject.able(a) && !slices.ContainsFunc(actors, same) {
			actors = append(actors, a)
		}
	}
	made := map[actor][]string{}
	for _, a := range actors {
		for range 3 {
			name := w.canary(a.owner())
			if code := w.judge(a, doing{"writing to the collection", name}, c.make(w.ctx, a, name)); code != "" {
				w.failf("writing to the collection %q by the %s is %s", name, a, code)
			}
			made[a] = append(made[a], name)
		}
		slices.Sort(made[a])
	}
	for _, a := range actors {
		for _, limit := range []int{1, 2, onePage} {
			got, err := c.names(w.ctx, a, limit)
			where := doing{"listing collections by", strconv.Itoa(limit)}
			code := w.judge(a, where, err)
			w.scan(a, where, strings.Join(got, "\n"))
			canaries := slices.DeleteFunc(got, func(name string) bool { return !canaryForm.MatchString(name) })
			if code != "" || !slices.Equal(canaries, made[a]) {
				w.failf("ESCAPE: %s by the %s is %q, and shows %q; want %q", where, a, code, canaries, made[a])
			}
		}
	}
	for _, a := range actors {
		for _, name := range made[a] {
			w.judge(a, doing{"emptying the collection", name}, c.drop(w.ctx, a, name))
		}
		got, err := c.names(w.ctx, a, onePage)
		if code := w.judge(a, doing{"listing collections", ""}, err); code != "" || canaryForm.MatchString(strings.Join(got, "\n")) {
			w.failf("GONE: the empty collections of the %s are listed: %q, %q", a, got, code)
		}
	}
	return 3 * len(actors)
}

func (s *documentsSubject) make(ctx context.Context, a actor, name string) error {
	_, err := s.as(a).Collection(name).Set(ctx, "k", []byte("1"), nil)
	return err
}

func (s *documentsSubject) drop(ctx context.Context, a actor, name string) error {
	return s.as(a).Collection(name).Delete(ctx, "k", nil)
}

func (s *documentsSubject) names(ctx context.Context, a actor, limit int) ([]string, error) {
	var names []string
	var failed []error
	for info, err := range s.as(a).All(ctx, documents.ListOptions{Limit: limit}) {
		names, failed = append(names, info.Name), append(failed, err)
	}
	return names, errors.Join(failed...)
}

func (httpDocuments) collection(a actor, name string) string {
	return "/v1/storage/db/" + name + "/k" + tierQuery(a.tier)
}

func (s httpDocuments) make(ctx context.Context, a actor, name string) error {
	_, err := s.send(ctx, a, "PUT", s.collection(a, name), "1", "Content-Type", "application/json")
	return err
}

func (s httpDocuments) drop(ctx context.Context, a actor, name string) error {
	_, err := s.send(ctx, a, "DELETE", s.collection(a, name), "")
	return err
}

func (s httpDocuments) names(ctx context.Context, a actor, limit int) ([]string, error) {
	type answer struct {
		Items      []documents.CollectionInfo
		NextCursor string
	}
	var names []string
	target := "/v1/storage/db" + tierQuery(a.tier) + "&limit=" + strconv.Itoa(limit)
	for at := ""; ; {
		p, err := decode[answer](s.send(ctx, a, "GET", target+at, ""))
		for _, info := range p.Items {
			names = append(names, info.Name)
		}
		if err != nil || p.NextCursor == "" || len(names) > mostKeys {
			return names, err
		}
		at = "&cursor=" + p.NextCursor
	}
}
