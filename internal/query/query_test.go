package query_test

import (
	"net/http/httptest"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/query"
)

func params(t *testing.T, raw string) (query.Params, error) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	r.URL.RawQuery = raw
	return query.Of(r)
}

func TestOf(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]cpodkit.Code{
		"": "", "a": "", "a=": "", "a=1&b=2": "", "a=%20+x": "", "&&": "", "a=b=c": "",
		"a;b": cpodkit.CodeBadRequest, "a=%": cpodkit.CodeBadRequest, "a=%zz": cpodkit.CodeBadRequest, "%=1": cpodkit.CodeBadRequest,
	} {
		if _, err := params(t, raw); cpodkit.CodeOf(err) != want {
			t.Errorf("Of(%q): %v; want %q", raw, err, want)
		}
	}
}

func TestOne(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		raw   string
		value string
		given bool
		code  cpodkit.Code
	}{
		{"", "", false, ""},
		{"b=1", "", false, ""},
		{"A=1", "", false, ""},
		{"a", "", true, ""},
		{"a=", "", true, ""},
		{"a=x", "x", true, ""},
		{"%61=x", "x", true, ""},
		{"a=x+y%2Bz%00", "x y+z\x00", true, ""},
		{"b=1&a=x&b=2", "x", true, ""},
		{"a=x&a=x", "", true, cpodkit.CodeBadRequest},
		{"a=x&%61=y", "", true, cpodkit.CodeBadRequest},
		{"a&a=", "", true, cpodkit.CodeBadRequest},
	} {
		p, err := params(t, test.raw)
		if err != nil {
			t.Fatal(err)
		}
		value, given, err := p.One("a")
		if value != test.value || given != test.given || cpodkit.CodeOf(err) != test.code {
			t.Errorf("One of %q = %q, %v, %v; want %q, %v, %q", test.raw, value, given, err, test.value, test.given, test.code)
		}
		if p.Has("a") != test.given {
			t.Errorf("Has of %q is %v", test.raw, p.Has("a"))
		}
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int{
		"": query.DefaultLimit, "b=1": query.DefaultLimit, "limit=1": 1, "limit=500": query.MaxLimit, "limit=050": 50,
		"limit": 0, "limit=": 0, "limit=0": 0, "limit=-1": 0, "limit=501": 0, "limit=1.5": 0, "limit=1e2": 0, "limit=ten": 0,
		"limit=99999999999999999999": 0, "limit=+5": 0, "limit=5&limit=5": 0, "limit=%205": 0,
	} {
		p, err := params(t, raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Limit()
		code := cpodkit.Code("")
		if want == 0 {
			code = cpodkit.CodeBadRequest
		}
		if got != want || cpodkit.CodeOf(err) != code {
			t.Errorf("Limit of %q = %d, %v; want %d", raw, got, err, want)
		}
	}
}
