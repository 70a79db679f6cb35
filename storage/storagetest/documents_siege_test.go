package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// craftedCollections are names of collections; the contract takes the last ones.
func craftedCollections() []string {
	names := []string{
		"", ".", "..", "../things", "things/../things", "/things", "things/", "things/x", "t1/apps/appx/things", "$system", "system.indexes",
		"things.x", "things\x00", "\x00things", "things ", " things", "things\n", "things;", "things'", `things"`, "things`", "things--", "th*", "th%",
		"%2e%2e", "things%2f..", "things%00", "thіngs", "ｔhings", "thin\u0261s", "things\u200b", "\u202ethings", "thing\u0073\u0301", "\xff",
		`things\`, "[things]", "{things}", "things$cmd", "things:x", "things,x", "things+x", "things=x", "things#x", "things?x", "~", "@",
		strings.Repeat("a", 65), strings.Repeat("a", 4096), "a.b.c",
	}
	return append(names, "Things", "THINGS", "thing", "thingsx", "things_", "things-", "-things", "_", "-", "query", "batch", "documents", "sqlite_master",
		"null", "0", strings.Repeat("a", 64), strings.Repeat("a", 63))
}

// attackCollections uses every crafted name as a collection.
func (s *documentsSubject) attackCollections(w *world) int {
	for _, name := range craftedCollections() {
		for _, a := range attackers() {
			s.attackCollection(w, a, name)
		}
	}
	return len(craftedCollections())
}

// craftedFilters are filters that look for a way around the walls. matches says
// whether the contract lets them match any document that put stores.
func craftedFilters() []struct {
	filter  map[string]any
	matches bool
} {
	type f = map[string]any
	return []struct {
		filter  map[string]any
		matches bool
	}{
		{nil, true}, {f{}, true}, {f{"n": 1}, true}, {f{"n": f{"ne": 2}}, true}, {f{"value": f{"exists": true}}, true},
		{f{"n": f{"in": []any{1, 2}}}, true}, {f{"value": f{"gte": ""}}, true}, {f{"value": f{"ne": nil}}, true}, {f{"n": f{"lte": 1e308}}, true},
		{f{"none": f{"exists": false}}, true}, {f{"none": f{"ne": "x"}}, true}, {f{"space": f{"ne": "t1"}}, true},
		{f{"space": "t2/apps/app/"}, false}, {f{"$where": "1"}, false}, {f{"$or": []any{f{}}}, false}, {f{"_id": f{"exists": true}}, false},
		{f{"key": target}, false}, {f{"tenantId": "t2"}, false}, {f{"collection": "things"}, false}, {f{"rowid": f{"gte": 0}}, false},
		{f{"n') OR 1=1 --": 1}, false}, {f{`n" OR ""="`: 1}, false}, {f{"n\x00": 1}, false}, {f{"n'": 1}, false}, {f{`$."n"`: 1}, false},
		{f{"$": 1}, false}, {f{"$.n": 1}, false}, {f{"*": 1}, false}, {f{"n[*]": 1}, false}, {f{"n%": 1}, false}, {f{"%6e": 1}, false}, {f{"N": 1}, false},
		{f{"ｎ": 1}, false}, {f{"n ": 1}, false}, {f{`\`: 1}, false}, {f{`n\`: 1}, false}, {f{"": 1}, false}, {f{".": 1}, false}, {f{"n.": 1}, false},
		{f{"..n": 1}, false}, {f{"n..n": 1}, false}, {f{"__proto__.n": 1}, false}, {f{"value.$ne": 1}, false}, {f{"n": f{"$ne": 2}}, false},
		{f{"n": f{"$gt": ""}}, false}, {f{"value": f{"gt": "", "$ne": ""}}, false}, {f{"n": "1"}, false}, {f{"n": f{"gt": "0"}}, false},
		{f{"value": "' OR '1'='1"}, false}, {f{"value": "canary-%"}, false}, {f{"value": "canary-*"}, false}, {f{"value": f{"like": "%"}}, false},
		{f{"value": f{"regex": ".*"}}, false}, {f{strings.Repeat("n.", 200) + "n": 1}, false}, {f{strings.Repeat("n", 5000): 1}, false},
		{f{"value": f{"lt": "canary-", "gt": "canary-zzz"}}, false}, {f{"\u202en": 1}, false}, {f{"n": []any{1}}, false}, {f{"n": f{}}, false},
	}
}

// attackFilters queries in every crafted way, and sorts by every crafted path.
func (s *documentsSubject) attackFilters(w *world) int {
	for _, crafted := range craftedFilters() {
		for _, a := range attackers() {
			want := w.keys(a, "")
			if !crafted.matches {
				want = nil
			}
			s.checkQuery(w, a, documents.Query{Filter: crafted.filter}, want)
			for path := range crafted.filter {
				sort := []documents.Order{{Path: documents.Path{path}, Descending: true}}
				s.checkQuery(w, a, documents.Query{Sort: sort}, w.keys(a, ""))
			}
		}
	}
	return len(craftedFilters())
}

// checkQuery wants a refusal, or all of the keys.
func (s *documentsSubject) checkQuery(w *world, a actor, q documents.Query, want []string) {
	where := doing{"a query for", fmt.Sprint(q.Filter, " by ", q.Sort)}
	q.Limit = 500
	got, err := s.find(w.ctx, s.in(a), q)
	code := w.judge(a, where, err)
	w.scan(a, where, strings.Join(got, "\n"))
	slices.Sort(got)
	if code != cpodkit.CodeValidationFailed && (code != "" || !slices.Equal(got, want)) {
		w.failf("ESCAPE: %s by the %s is %q\n got %.300q\nwant %.300q", where, a, code, got, want)
	}
}

// attackBatches sends every crafted key as an op, between two good ones.
func (s *documentsSubject) attackBatches(w *world) int {
	n := 0
	for _, group := range craftedKeys() {
		for _, a := range attackers() {
			ops := []documents.BatchOp{{Key: "batch/first", Value: []byte("1")}}
			bad := 0
			for _, key := range group.keys {
				if !s.valid(key) {
					bad += 2
					ops = append(ops, documents.BatchOp{Key: key, Value: []byte("1")}, documents.BatchOp{Key: key, Delete: true})
				}
			}
			ops = append(ops, documents.BatchOp{Key: "batch/first", Delete: true})
			result, err := s.in(a).Batch(w.ctx, ops)
			if code := w.judge(a, doing{"a batch of", group.name}, err); code != "" || result.Failed != bad || result.Succeeded != 2 {
				w.failf("ESCAPE: a batch of %s by the %s is %q, and carries out %d of %d bad ops", group.name, a, code, bad-result.Failed, bad)
			}
			for _, e := range result.Errors {
				if e.Code != cpodkit.CodeInvalidKey {
					w.failf("a batch refuses %.80q with %s", ops[e.Index].Key, e.Code)
				}
				w.scan(a, doing{"a batch of", group.name}, e.Detail)
			}
		}
		n += len(group.keys)
	}
	return n
}

// attackCursors continues queries of others, and queries by forged and bent
// cursors.
func (s *documentsSubject) attackCursors(w *world) int {
	first := func(in documents.Collection) string {
		page, err := in.Query(w.ctx, documents.Query{Limit: 1, Sort: []documents.Order{{Path: documents.Path{"value"}}}})
		if err != nil || page.NextCursor == "" {
			w.failf("the first page has no cursor: %v", err)
		}
		return page.NextCursor
	}
	n := 0
	for _, a := range attackers() {
		other := s.as(a).Collection("others")
		for _, key := range []string{"cursor/a", "cursor/b", "cursor/c"} {
			w.put(a, key)
			if _, err := other.Set(w.ctx, key, []byte("1"), nil); err != nil {
				w.failf("Set: %v", err)
			}
		}
		own := first(s.in(a))
		if own == "" {
			continue
		}
		forged := append(bend(own),
			bent{"of another collection", first(other)},
			bent{"sealed by another", first(s.other.For(a.identity()).Tier(a.tier).Collection(collection))})
		for _, b := range append(neighbours(), attackers()...) {
			if b.owner() != a.owner() {
				forged = append(forged, bent{"of the " + b.String(), first(s.in(b))})
			}
		}
		n += len(forged)
		for _, f := range forged {
			page, err := s.in(a).Query(w.ctx, documents.Query{Cursor: f.token, Limit: 1})
			if code := w.judge(a, doing{"a query by a cursor", f.name}, err); code != cpodkit.CodeInvalidCursor {
				w.failf("ESCAPE: a cursor %s finds %d documents for the %s: %q; want invalid_cursor", f.name, len(page.Items), a, code)
			}
		}
		if _, err := s.in(a).Query(w.ctx, documents.Query{Cursor: own}); err != nil {
			w.failf("the cursor of the %s itself: %v", a, err)
		}
		for _, key := range []string{"cursor/a", "cursor/b", "cursor/c"} {
			if err := errors.Join(other.Delete(w.ctx, key, nil)); err != nil {
				w.failf("Delete: %v", err)
			}
		}
	}
	return n
}
