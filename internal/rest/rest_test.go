package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/internal/seal"
)

// get calls a handler and returns its status and body.
func get(t *testing.T, h http.Handler, query string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.URL.RawQuery = query
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestQuery(t *testing.T) {
	t.Parallel()
	h := rest.Handler(func(w http.ResponseWriter, _ *http.Request, q rest.Query) error {
		limit, err := q.Limit()
		if err != nil {
			return err
		}
		fmt.Fprint(w, q.Has("tier"), " ", q.Get("tier"), " ", limit)
		return nil
	}, "tier", "limit")
	for query, want := range map[string]string{
		"":                       "200 false  50",
		"tier=user":              "200 true user 50",
		"tier=&limit=500":        "200 true  500",
		"tier=a%26b":             "200 true a&b 50",
		"teir=user":              `"teir"`,
		"Tier=user":              `"Tier"`,
		"tier=user&x=1":          `"x"`,
		"tier=user&tier=user":    "tier is given more than once",
		"c=1&b=1&tier=&a=1":      `"a"`, // the first by name
		"tier=%zz":               "malformed",
		"a;b":                    "malformed",
		"=1":                     `""`,
		"%F0%9F%98%80=1":         `"\U0001f600"`,
		"limit=0":                "limit is a number from 1 to 500",
		"limit=501":              "limit is a number from 1 to 500",
		"limit=many":             "limit is a number from 1 to 500",
		strings.Repeat("x", 999): strings.Repeat("x", 64) + `"`,
	} {
		status, body := get(t, h, query)
		if wanted, ok := strings.CutPrefix(want, "200 "); ok {
			if status != http.StatusOK || body != wanted {
				t.Errorf("%.30q: %d %q, want %q", query, status, body, wanted)
			}
			continue
		}
		var problem struct{ Code, Detail string }
		_ = json.Unmarshal([]byte(body), &problem)
		if status != http.StatusBadRequest || problem.Code != "bad_request" ||
			!strings.Contains(problem.Detail, want) {
			t.Errorf("%.30q: %d %s, want %q", query, status, body, want)
		}
	}
}

func TestWriteConditions(t *testing.T) {
	t.Parallel()
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	for name, c := range map[string]struct {
		header http.Header
		want   string
	}{
		"none":                                         {header(), "{ false false}"},
		"RFC 9110 13.1.1: a strong tag":                {header("If-Match", `"a1"`), "{a1 false false}"},
		"RFC 9110 13.1.1: any":                         {header("If-Match", "*"), "{ true false}"},
		"RFC 9110 5.5: spaces around a value":          {header("If-Match", "\t * "), "{ true false}"},
		"the tag * is a tag":                           {header("If-Match", `"*"`), "{* false false}"},
		"RFC 9110 13.1.1: a weak tag never matches":    {header("If-Match", `W/"a1"`), "precondition_failed"},
		"the empty tag is nobody's":                    {header("If-Match", `""`), "precondition_failed"},
		"a tag without quotes":                         {header("If-Match", "a1"), "bad_request"},
		"two tags":                                     {header("If-Match", `"a", "b"`), "bad_request"},
		"two fields":                                   {header("If-Match", `"a"`, "If-Match", `"b"`), "bad_request"},
		"an empty field":                               {header("If-Match", ""), "bad_request"},
		"RFC 9110 13.1.2: create only":                 {header("If-None-Match", "*"), "{ false true}"},
		"a tag that must not match":                    {header("If-None-Match", `"a"`), "bad_request"},
		"both":                                         {header("If-Match", `"a"`, "If-None-Match", "*"), "bad_request"},
		"RFC 9110 13.1.4: dates are not kept":          {header("If-Unmodified-Since", "x"), "bad_request"},
		"RFC 9110 13.1.3: ignored for what is no read": {header("If-Modified-Since", "x"), "{ false false}"},
	} {
		got, err := rest.WriteConditions(c.header)
		text := fmt.Sprint(got)
		if err != nil {
			text, _, _ = strings.Cut(err.Error(), ":")
		}
		if text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}

func TestUnchanged(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		`"a1"`: true, `W/"a1"`: true, `"b", "a1"`: true, " * ": true, `"b"`: false, "a1": false, `"a1`: false, "": false,
	} {
		if got := rest.Unchanged(http.Header{"If-None-Match": {value}}, "a1"); got != want {
			t.Errorf("%s: %t", value, got)
		}
	}
	if rest.Unchanged(http.Header{}, "a1") {
		t.Error("without the header it is unchanged")
	}
}

// A list comes in pages whose cursors belong to one list of one caller.
func TestPages(t *testing.T) {
	t.Parallel()
	cursors, err := seal.New([]byte("a secret of 16 bytes"), "test")
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"a", "b", "c", "d", "e"}
	list := func(binding string) http.Handler {
		return rest.Handler(func(w http.ResponseWriter, r *http.Request, q rest.Query) error {
			page, err := q.Page(cursors, binding)
			if err != nil {
				return err
			}
			var items []string
			for _, item := range all {
				if item > page.After && len(items) <= page.Limit {
					items = append(items, item)
				}
			}
			rest.WritePage(w, r, page, items, func(s string) string { return s }, strings.ToUpper)
			return nil
		}, "limit", "cursor")
	}
	var seen []string
	cursor := ""
	for range 3 {
		_, body := get(t, list("mine"), "limit=2&"+cursor)
		var page struct {
			Items      []string
			NextCursor string
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		seen, cursor = append(seen, page.Items...), "cursor="+page.NextCursor
		if other, _ := get(t, list("theirs"), cursor); page.NextCursor != "" && other != http.StatusBadRequest {
			t.Errorf("another list takes the cursor: %d", other)
		}
	}
	if strings.Join(seen, "") != "ABCDE" || cursor != "cursor=" {
		t.Errorf("the pages hold %q, and then %q", seen, cursor)
	}
	all = nil
	if _, body := get(t, list("mine"), ""); body != `{"items":[]}`+"\n" {
		t.Errorf("an empty list is %s", body)
	}
	for _, query := range []string{"cursor=", "cursor=forged"} {
		if status, body := get(t, list("mine"), query); status != http.StatusBadRequest || !strings.Contains(body, "invalid_cursor") {
			t.Errorf("%s: %d %s", query, status, body)
		}
	}
}

// The order of texts is the order of times.
func TestTime(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 3600)
	for want, at := range map[string]time.Time{
		`"2026-01-02T15:04:05.000Z"`: time.Date(2026, 1, 2, 16, 4, 5, 0, zone),
		`"2026-01-02T15:04:05.100Z"`: time.Date(2026, 1, 2, 15, 4, 5, 100_000_000, time.UTC),
		`"2026-01-02T15:04:05.999Z"`: time.Date(2026, 1, 2, 15, 4, 5, 999_999_999, time.UTC),
	} {
		if got, err := json.Marshal(rest.Time(at)); err != nil || string(got) != want {
			t.Errorf("%v is %s, %v", at, got, err)
		}
	}
	none, err := json.Marshal(struct {
		At rest.Time `json:"at,omitzero"`
	}{})
	if err != nil || string(none) != "{}" {
		t.Errorf("no time is %s, %v", none, err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	type body struct {
		N int `json:"n"`
	}
	double := rest.JSON(20, func(_ *http.Request, b body) (body, error) {
		if b.N == 0 {
			return body{}, cpodkit.CodeConflict
		}
		return body{2 * b.N}, nil
	})
	nothing := rest.JSON(0, func(*http.Request, body) (rest.None, error) { return rest.None{}, nil })
	for _, c := range []struct {
		serve  rest.Func
		body   string
		status int
		want   string // is in the answer
	}{
		{double, `{"n":2}`, http.StatusOK, `{"n":4}`},
		{double, `{"n":0}`, http.StatusConflict, `"conflict"`},
		{double, `{"m":0}`, http.StatusUnprocessableEntity, `"/m"`},
		{double, `{`, http.StatusBadRequest, `"bad_request"`},
		{double, `{"n":                2}`, http.StatusRequestEntityTooLarge, `"payload_too_large"`},
		{nothing, `{}`, http.StatusNoContent, ""},
	} {
		w := httptest.NewRecorder()
		rest.Handler(c.serve).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(c.body)))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || c.want == "" && w.Body.Len() > 0 {
			t.Errorf("%s: %d %s; want %d %s", c.body, w.Code, w.Body, c.status, c.want)
		}
		if c.status == http.StatusOK && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: the answer may be kept: %v", c.body, w.Header())
		}
	}
}
