package documents_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func TestMaxPage(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	value := func(size int) string { return `"` + strings.Repeat("x", size-2) + `"` }
	var all []string
	fill := func(n, size int) {
		for range n {
			key := fmt.Sprintf("%03d", len(all))
			all = append(all, key)
			b.set("c/"+key, value(size))
			b.call(in(fmt.Sprint(len(all)%3), "alice"), "PUT", userDoc(key, ""), value(size)).want(t, 200, "")
		}
	}
	pages := func(target string) (keys []string, sizes []int) {
		body := `{"limit":500}`
		for {
			a := b.do("POST", target, body)
			a.want(t, 200, "")
			var page documents.Page
			a.decode(t, &page)
			bytes := 0
			for _, d := range page.Items {
				keys = append(keys, d.Key)
				bytes += len(d.Value)
			}
			if bytes > documents.MaxPage {
				t.Errorf("a page of %s has %d bytes", target, bytes)
			}
			sizes = append(sizes, len(page.Items))
			if page.NextCursor == "" {
				return keys, sizes
			}
			body = fmt.Sprintf(`{"limit":500,"cursor":%q}`, page.NextCursor)
		}
	}
	const most = documents.MaxPage / documents.MaxValue
	for _, step := range []struct {
		n, size int
		want    []int
	}{
		{most, documents.MaxValue, []int{most}}, // exactly
		{1, 2, []int{most, 1}},
		{most - 1, documents.MaxValue, []int{most, most}},
		{3, documents.MaxValue, []int{most, most, 3}},
		{100, 1000, []int{most, most, 103}},
	} {
		fill(step.n, step.size)
		for _, target := range []string{findPath, findAll} {
			keys, sizes := pages(target)
			if !slices.Equal(sizes, step.want) {
				t.Errorf("the pages of %s have %v documents, want %v", target, sizes, step.want)
			}
			if !slices.Equal(keys, all) {
				t.Errorf("the pages of %s hold %q, want %q", target, keys, all)
			}
		}
	}
}

// slowDriver answers a query when its context ends.
type slowDriver struct {
	*documents.Memory
	begun chan struct{}
}

func (d slowDriver) Query(ctx context.Context, _ documents.CollectionID, _ documents.DriverQuery) ([]documents.Record, error) {
	d.begun <- struct{}{}
	<-ctx.Done()
	return nil, fmt.Errorf("server 10.0.0.7: %w", ctx.Err())
}

func TestQueryTimeout(t *testing.T) {
	t.Parallel()
	driver := slowDriver{documents.NewMemory(), make(chan struct{}, 1)}
	b := newBackendOn(t, driver, documents.WithQueryTimeout(time.Millisecond))
	a := b.do("POST", findPath, `{}`)
	a.want(t, 504, cpodkit.CodeTimeout)
	for _, want := range []string{"1ms", "narrow its filter", "index"} {
		if !strings.Contains(a.Body.String(), want) {
			t.Errorf("the answer does not say %q: %s", want, a.Body)
		}
	}
	if strings.Contains(a.Body.String(), "10.0.0.7") {
		t.Errorf("the answer says what the driver said: %s", a.Body)
	}
	<-driver.begun

	patient := newBackendOn(t, driver, documents.WithQueryTimeout(time.Hour)).store.For(alice).Collection("c")
	late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := patient.Query(late, documents.Query{})
	if own, ok := errors.AsType[*cpodkit.Error](err); !ok || own.Code != cpodkit.CodeTimeout || strings.Contains(own.Detail, "index") {
		t.Errorf("after the caller's own deadline: %v", err)
	}
	<-driver.begun
	left, leave := context.WithCancel(t.Context())
	go func() {
		<-driver.begun
		leave()
	}()
	if _, err := patient.Query(left, documents.Query{}); !errors.Is(err, context.Canceled) {
		t.Errorf("when the caller has left: %v", err)
	}

	for _, d := range []time.Duration{0, -time.Second} {
		if _, err := documents.New(documents.NewMemory(), documents.WithQueryTimeout(d)); err == nil || !strings.Contains(err.Error(), "positive") {
			t.Errorf("New with the query timeout %v: %v", d, err)
		}
	}
}
