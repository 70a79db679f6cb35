package documents_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// Whatever is found in one collection is found, in the same order, when it is
// spread over apps.
func TestQueryAcrossAppsModel(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 6))
	long := strings.Repeat("x", 5000) // does not fit a cursor
	values := []string{`{}`, `{"v":null}`, `{"v":1}`, `{"v":1.0}`, `{"v":-2e3}`, `{"v":"a"}`, `{"v":"b"}`, `{"v":[1]}`, `{"v":"` + long + `"}`, `{"v":"` + long + `y"}`, `7`}
	for round := range 15 {
		b := newBackend(t)
		apps := 1 + rnd.IntN(8)
		for range rnd.IntN(60) {
			app, key := strconv.Itoa(rnd.IntN(apps)), "k"+strconv.Itoa(rnd.IntN(12))
			value := values[rnd.IntN(len(values))]
			b.call(in(app, "alice"), "PUT", userDoc(key, ""), value).want(t, 200, "")
			b.set("c/"+key+"%2F@"+app, value) // sorts as key and then app do
		}
		for _, query := range []string{
			"", `,"sort":{"v":1}`, `,"sort":{"v":-1}`, `,"filter":{"v":{"exists":true}},"sort":[["none",1],["v",-1]]`, `,"filter":{"v":{"in":[1,"a"]}}`,
		} {
			want := b.find(alice, findPath, query, 500)
			for i, entry := range want {
				want[i] = strings.TrimSuffix(strings.Replace(entry, "/@", "@", 1), "@")
			}
			limit := 1 + rnd.IntN(9)
			if got := b.find(in("9", "alice"), findAll, query, limit); !slices.Equal(got, want) {
				t.Fatalf("round %d: %s by %d:\n got %q\nwant %q", round, query, limit, got, want)
			}
		}
	}
}

// Documents that do not change appear exactly once, whatever other apps write
// between the pages.
func TestWalkAcrossAppsWhileOthersWrite(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(7, 8))
	long := strings.Repeat("x", 5000)
	for round := range 20 {
		b := newBackend(t)
		write := func(key string) {
			value := fmt.Sprintf(`{"v":"%s%d"}`, long[:rnd.IntN(2)*len(long)], rnd.IntN(4))
			b.call(in(strconv.Itoa(rnd.IntN(5)), "alice"), "PUT", userDoc(key, ""), value).want(t, 200, "")
		}
		seen := map[string]int{}
		for i := range 30 {
			write("moving" + strconv.Itoa(i%10))
			app, key := strconv.Itoa(rnd.IntN(5)), "steady"+strconv.Itoa(i%10)
			b.call(in(app, "alice"), "PUT", userDoc(key, ""), fmt.Sprintf(`{"v":%d}`, rnd.IntN(3))).want(t, 200, "")
			seen[key+"@"+app] = 0
		}
		body := fmt.Sprintf(`{"limit":3,"sort":[["v",%d]]}`, 1-2*(round%2))
		target := findAll
		for body != "" {
			a := b.do("POST", target, body)
			if strings.Contains(a.Body.String(), "query again from the start") {
				break // both ends of the page have moved
			}
			_, cursor := a.page(t)
			var page documents.Page
			a.decode(t, &page)
			for _, d := range page.Items {
				seen[d.Key+"@"+d.App]++
			}
			for range 3 {
				write("moving" + strconv.Itoa(rnd.IntN(10)))
			}
			if body, target = "", findPath+"?tier=user"; cursor != "" {
				body = `{"limit":3,"cursor":` + quote(cursor) + `}`
			} else {
				for entry, n := range seen {
					if strings.HasPrefix(entry, "steady") && n != 1 {
						t.Errorf("round %d: %s appears %d times", round, entry, n)
					}
				}
			}
		}
	}
}

// Sort values that are too long for a cursor are found again by the documents at
// the end of the page, each in its own app.
func TestAnchoredCursorAcrossApps(t *testing.T) {
	t.Parallel()
	value := func(n int) string { return fmt.Sprintf(`{"v":"%s%d"}`, strings.Repeat("x", 10_000), n) }
	for name, test := range map[string]struct {
		change func(b *backend)
		want   string // what follows k of the apps 0 and 1
	}{
		"nothing":      {func(*backend) {}, "k@2 l@0"},
		"last deleted": {func(b *backend) { b.call(in("1", "alice"), "DELETE", userDoc("k", ""), "").want(b, 204, "") }, "k@2 l@0"},
		"last moved":   {func(b *backend) { b.call(in("1", "alice"), "PUT", userDoc("k", ""), value(2)).want(b, 200, "") }, "k@2 l@0 k@1"},
		"next deleted": {func(b *backend) { b.call(in("2", "alice"), "DELETE", userDoc("k", ""), "").want(b, 204, "") }, "l@0"},
		"others changed": {func(b *backend) {
			b.call(in("0", "alice"), "DELETE", userDoc("k", ""), "").want(b, 204, "")
			b.call(in("3", "alice"), "PUT", userDoc("k", ""), value(0)).want(b, 200, "")
		}, "k@2 k@3 l@0"},
		"both gone": {func(b *backend) {
			b.call(in("1", "alice"), "DELETE", userDoc("k", ""), "").want(b, 204, "")
			b.call(in("2", "alice"), "PUT", userDoc("k", ""), "1").want(b, 200, "")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBackend(t)
			for _, app := range []string{"0", "1", "2"} {
				b.call(in(app, "alice"), "PUT", userDoc("k", ""), value(0)).want(t, 200, "")
			}
			b.call(in("0", "alice"), "PUT", userDoc("l", ""), value(1)).want(t, 200, "")
			_, cursor := b.do("POST", findAll, `{"sort":{"v":1},"limit":2}`).page(t)
			test.change(b)
			next := b.do("POST", findPath+"?tier=user", `{"cursor":`+quote(cursor)+`}`)
			if test.want == "" {
				next.want(t, 400, cpodkit.CodeInvalidCursor)
				return
			}
			var page documents.Page
			next.decode(t, &page)
			var got []string
			for _, d := range page.Items {
				got = append(got, d.Key+"@"+d.App)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("the second page is %q, want %s", got, test.want)
			}
		})
	}
}

// A filter and sort have less room in a cursor that names apps.
func TestFilterTooLongAcrossApps(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	long := strings.Repeat("a", cpodkit.MaxIDLen-1)
	for i := range 4 {
		b.call(in(fmt.Sprint(long, i%2), "alice"), "PUT", userDoc(fmt.Sprintf("%s%d", strings.Repeat("k", 511), i/2), ""),
			`{"v":"`+strings.Repeat("x", 5000)+`"}`).want(t, 200, "")
	}
	query := func(size int) string {
		return `,"sort":{"v":1},"filter":{"none":{"ne":"` + strings.Repeat("x", size) + `"}}`
	}
	if got := b.find(alice, findAll, query(1780), 1); len(got) != 4 {
		t.Errorf("the walk finds %d documents", len(got))
	}
	b.do("POST", findAll, `{"limit":1`+query(1900)+`}`).want(t, 422, cpodkit.CodeValidationFailed, "/filter")
}

// plainDriver is no SpaceFinder.
type plainDriver struct{ documents.Driver }

// spacesDriver gives spaces, or fails.
type spacesDriver struct {
	*documents.Memory
	spaces func(prefix string) ([]string, error)
}

func (d spacesDriver) Spaces(_ context.Context, prefix, _ string, _ int) ([]string, error) {
	return d.spaces(prefix)
}

func TestDriversAcrossApps(t *testing.T) {
	t.Parallel()
	failing := func(err error) documents.Driver {
		return spacesDriver{documents.NewMemory(), func(string) ([]string, error) { return nil, err }}
	}
	for name, c := range map[string]struct {
		driver documents.Driver
		status int
		code   cpodkit.Code
	}{
		"no SpaceFinder":  {plainDriver{documents.NewMemory()}, 501, cpodkit.CodeNotSupported},
		"not underneath":  {failing(fmt.Errorf("it: %w", cpodkit.CodeNotSupported)), 501, cpodkit.CodeNotSupported},
		"down":            {failing(fmt.Errorf("it: %w", cpodkit.CodeUnavailable)), 503, cpodkit.CodeUnavailable},
		"slow":            {failing(context.DeadlineExceeded), 504, cpodkit.CodeTimeout},
		"broken":          {failing(errors.New("dial 10.0.0.7")), 500, cpodkit.CodeInternal},
		"foreign spaces":  {foreign(t), 404, cpodkit.CodeNotFound},
		"the usual, none": {documents.NewMemory(), 404, cpodkit.CodeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBackendOn(t, c.driver)
			b.do("PUT", userDoc("own", ""), "1").want(t, 200, "")
			b.do("GET", userDoc("own", ""), "").want(t, 200, "")
			b.do("GET", userDoc("k", "a2"), "").want(t, 404, cpodkit.CodeNotFound)
			b.do("POST", findPath+"?tier=user", "{}").want(t, 200, "")
			get := b.do("GET", userDoc("k", ""), "")
			get.want(t, c.status, c.code)
			if strings.Contains(get.Body.String(), "10.0.0.7") {
				t.Errorf("the answer is %s", get.Body)
			}
			if c.status > 404 {
				b.do("POST", findAll, "{}").want(t, c.status, c.code)
			} else if got := b.find(alice, findAll, "", 1); len(got) > 1 {
				t.Errorf("all apps have %q", got)
			}
		})
	}
}

// foreign is a driver that finds the spaces of others; nothing of them shows.
func foreign(t *testing.T) documents.Driver {
	t.Helper()
	memory := documents.NewMemory()
	spaces := []string{"t2/users/alice/apps/a2/", "t1/users/bob/apps/a1/", "t1/apps/a2/", "t1/users/alice/apps/a2/x/", "$system/apps/"}
	for _, space := range spaces {
		errs := memory.Apply(t.Context(), documents.CollectionID{Space: space, Name: "c"}, []documents.Op{
			{Record: documents.Record{Key: "k", Value: []byte(`"secret"`), Version: "1"}},
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	return spacesDriver{memory, func(string) ([]string, error) { return spaces, nil }}
}

// Documents of other apps that come and go never fail a read or a query.
func TestAcrossAppsStorm(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	b.call(in("steady", "alice"), "PUT", userDoc("steady", ""), `"steady"`).want(t, 200, "")
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for i := range 4 {
		writers.Go(func() {
			id := in("w"+strconv.Itoa(i), "alice")
			for {
				select {
				case <-done:
					return
				default:
					b.call(id, "PUT", userDoc("k", ""), "1")
					b.call(id, "DELETE", userDoc("k", ""), "")
				}
			}
		})
	}
	for range 3 {
		readers.Go(func() {
			for range 150 {
				switch a := b.do("GET", userDoc("k", ""), ""); a.Code {
				case 200, 404, 409:
				default:
					t.Errorf("GET = %d %s", a.Code, a.Body)
				}
				if a := b.do("GET", userDoc("steady", ""), ""); a.Code != 200 {
					t.Errorf("GET = %d %s", a.Code, a.Body)
				}
				if a := b.do("POST", findAll, `{"sort":{"v":1}}`); a.Code != 200 || !strings.Contains(a.Body.String(), `"app":"steady"`) {
					t.Errorf("query = %d %s", a.Code, a.Body)
				}
			}
		})
	}
	readers.Wait()
	close(done)
	writers.Wait()
}
