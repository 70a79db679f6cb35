package cpodkit_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
)

type decodeTarget struct {
	Name  string          `json:"name"`
	Count int             `json:"count"`
	Value json.RawMessage `json:"value"`
	Tags  []string        `json:"tags"`
	Ops   []struct {
		Op string `json:"op"`
	} `json:"ops"`
}

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, contentType, body string
		code                    cpodkit.Code
		pointers                []string
	}{
		{"fits", "application/json", `{"name":"x","count":3,"value":1e400}`, "", nil},
		{"a charset is fine", "application/json; charset=utf-8", `{}`, "", nil},
		{"no media type is fine", "", `{}`, "", nil},
		{"another charset", "application/json; charset=utf-16", `{}`, cpodkit.CodeUnsupportedMediaType, nil},
		{"a form", "application/x-www-form-urlencoded", `{}`, cpodkit.CodeUnsupportedMediaType, nil},
		{"empty", "application/json", ``, cpodkit.CodeBadRequest, nil},
		{"broken", "application/json", `{"name":`, cpodkit.CodeBadRequest, nil},
		{"trailing", "application/json", `{} {}`, cpodkit.CodeBadRequest, nil},
		{"not UTF-8", "application/json", "{\"name\":\"\xff\"}", cpodkit.CodeBadRequest, nil},
		{"too deep", "application/json", `{"value":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, cpodkit.CodeBadRequest, nil},
		{"not an object", "application/json", `[]`, cpodkit.CodeValidationFailed, []string{""}},
		{"unknown members, all of them", "application/json", `{"nome":1,"count":1,"a/b~c":{}}`, cpodkit.CodeValidationFailed, []string{"/nome", "/a~1b~0c"}},
		{"another case of a name", "application/json", `{"Name":"x"}`, cpodkit.CodeValidationFailed, []string{"/Name"}},
		{"wrong types", "application/json", `{"name":1,"count":1.5,"tags":["a",2],"ops":[{"op":"x"},{"op":null}]}`,
			cpodkit.CodeValidationFailed, []string{"/name", "/count", "/tags/1", "/ops/1/op"}},
		{"repeated member", "application/json", `{"name":"a","name":"b"}`, cpodkit.CodeValidationFailed, []string{"/name"}},
		{"repeated deep inside a raw value", "application/json", `{"value":{"a":[{"b":1,"b":2}]}}`, cpodkit.CodeValidationFailed, []string{"/value/a/0/b"}},
		{"too large", "application/json", `{"name":"` + strings.Repeat("x", 300) + `"}`, cpodkit.CodePayloadTooLarge, nil},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.contentType)
		var dst decodeTarget
		err := cpodkit.DecodeJSON(httptest.NewRecorder(), r, &dst, 256)
		if got := cpodkit.CodeOf(err); got != c.code {
			t.Errorf("%s: %v; want %s", c.name, err, c.code)
			continue
		}
		var pointers []string
		if e, ok := errors.AsType[*cpodkit.Error](err); ok {
			for _, f := range e.Fields {
				pointers = append(pointers, f.Pointer)
			}
		}
		if !reflect.DeepEqual(pointers, c.pointers) {
			t.Errorf("%s: pointers %q; want %q", c.name, pointers, c.pointers)
		}
	}
}

func TestDecodeJSONKeepsRawNumbers(t *testing.T) {
	t.Parallel()
	var dst decodeTarget
	if err := cpodkit.UnmarshalStrict([]byte(`{"name":"x","value":{"n":1.00e400},"tags":["a","b"]}`), &dst); err != nil {
		t.Fatal(err)
	}
	if dst.Name != "x" || string(dst.Value) != `{"n":1.00e400}` || !reflect.DeepEqual(dst.Tags, []string{"a", "b"}) {
		t.Errorf("got %+v", dst)
	}
}

func TestDecodeJSONOfAChunkedBody(t *testing.T) {
	t.Parallel()
	body := `{"name":"` + strings.Repeat("x", 300) + `"}`
	r := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader(body)))
	r.ContentLength = -1
	var dst decodeTarget
	if err := cpodkit.DecodeJSON(httptest.NewRecorder(), r, &dst, 256); cpodkit.CodeOf(err) != cpodkit.CodePayloadTooLarge {
		t.Errorf("got %v", err)
	}
	if status := cpodkit.CodePayloadTooLarge.Status(); status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", status)
	}
}
