package portable_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// handle tells whose it is.
type handle struct{ app string }

// The order of Attach and of the authentication is free.
func TestAttach(t *testing.T) {
	t.Parallel()
	attach := func(next http.Handler) http.Handler {
		return portable.Attach(next, func(id cpodkit.Identity) handle { return handle{"app " + id.AppID} })
	}
	identify := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), cpodkit.Identity{AppID: "a"})))
		})
	}
	for name, c := range map[string]struct {
		chain []cpodkit.Middleware
		want  handle
	}{
		"both":        {[]cpodkit.Middleware{identify, attach}, handle{"app a"}},
		"turned":      {[]cpodkit.Middleware{attach, identify}, handle{"app a"}},
		"no identity": {[]cpodkit.Middleware{attach}, handle{"app "}},
		"no Attach":   {[]cpodkit.Middleware{identify}, handle{}},
	} {
		cpodkit.Chain(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if got := portable.FromContext[handle](r.Context()); got != c.want {
				t.Errorf("%s: %+v; want %+v", name, got, c.want)
			}
			if other := portable.FromContext[struct{ handle }](r.Context()); other.app != "" {
				t.Errorf("%s: a handle of another type is %+v", name, other)
			}
		}), c.chain...).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	}
}

func TestWalk(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	fetched := 0
	walk := func(start, failAt int) func(func(int, error) bool) {
		return portable.Walk(
			func() (int, error) {
				if start < 0 {
					return 0, failed
				}
				return start, nil
			},
			func(at int) ([]int, *int, error) {
				fetched++
				if at == failAt {
					return nil, nil, failed
				}
				next := at + 2
				if next > 6 {
					return []int{at}, nil, nil
				}
				return []int{at, at + 1}, &next, nil
			})
	}
	for name, c := range map[string]struct {
		start, failAt, most, fetched int
		want                         []int
		err                          error
	}{
		"all":            {0, -1, 0, 4, []int{0, 1, 2, 3, 4, 5, 6}, nil},
		"from a page on": {4, -1, 0, 2, []int{4, 5, 6}, nil},
		"the first page": {0, -1, 2, 1, []int{0, 1}, nil},
		"one more":       {0, -1, 3, 2, []int{0, 1, 2}, nil},
		"a bad start":    {-1, -1, 0, 0, nil, failed},
		"a bad page":     {0, 2, 0, 2, []int{0, 1}, failed},
	} {
		all := walk(c.start, c.failAt)
		for range 2 { // each loop begins anew
			fetched = 0
			var got []int
			var last error
			for item, err := range all {
				if err != nil {
					last = err
					continue
				}
				if got = append(got, item); len(got) == c.most {
					break
				}
			}
			if !slices.Equal(got, c.want) || !errors.Is(last, c.err) || fetched != c.fetched {
				t.Errorf("%s: %v, %v in %d pages", name, got, last, fetched)
			}
		}
	}
}
