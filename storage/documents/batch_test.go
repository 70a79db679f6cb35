package documents_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const batchPath = "/v1/storage/db/c/batch"

// The call of the SDK reference.
func TestBatchOfTheReference(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	a := b.do("POST", batchPath, `{"ops":[
		{"op":"set","key":"user:123","value":{"name":"Alice","plan":"pro"}},
		{"op":"set","key":"user:456","value":{"name":"Bob","plan":"free"}},
		{"op":"delete","key":"user:999"}]}`)
	a.want(t, 200, "")
	if got := strings.TrimSpace(a.Body.String()); got != `{"succeeded":3,"failed":0,"errors":[]}` {
		t.Errorf("the answer is %s", got)
	}
	get := b.do("GET", "/v1/storage/db/c/user:456", "")
	if !strings.Contains(get.Body.String(), `"value":{"name":"Bob","plan":"free"}`) {
		t.Errorf("the document is %s", get.Body)
	}
}

func TestBatchInOrder(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	b.set("c/gone", "1")
	b.do("POST", batchPath, `{"ops":[{"op":"set","key":"a","value":1},{"op":"set","key":"a","value":2},{"op":"delete","key":"b"},
		{"op":"set","key":"b","value":3},{"op":"set","key":"d","value":4},{"op":"delete","key":"d"},{"op":"delete","key":"gone","value":null},
		{"op":"set","key":"null","value":null}]}`).want(t, 200, "")
	found := b.do("POST", findPath, `{}`)
	if keys, _ := found.page(t); strings.Join(keys, " ") != "a b null" || !strings.Contains(found.Body.String(), `{"key":"a","value":2,`) {
		t.Errorf("the collection holds %s", found.Body)
	}
}

func TestBatchWithFailures(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	a := b.do("POST", batchPath, `{"ops":[{"op":"set","key":"","value":1},{"op":"set","key":"ok","value":1},{"op":"delete","key":"a/../b"},
		{"op":"set","key":"`+strings.Repeat("k", 513)+`","value":1},{"op":"set","key":"a\u0000","value":1},{"op":"delete","key":"x"}]}`)
	a.want(t, 200, "")
	var result documents.BatchResult
	a.decode(t, &result)
	if result.Succeeded != 2 || result.Failed != 4 || len(result.Errors) != 4 {
		t.Fatalf("the answer is %s", a.Body)
	}
	for i, index := range []int{0, 2, 3, 4} {
		if e := result.Errors[i]; e.Index != index || e.Code != cpodkit.CodeInvalidKey || e.Detail == "" {
			t.Errorf("error %d is %+v", i, e)
		}
	}
	b.do("GET", "/v1/storage/db/c/ok", "").want(t, 200, "")

	large := []byte(`"` + strings.Repeat("x", documents.MaxValue) + `"`)
	result, err := b.store.For(alice).Collection("c").Batch(t.Context(), []documents.BatchOp{
		{Key: "large", Value: large}, {Key: "small", Value: []byte("1")},
	})
	if err != nil || result.Succeeded != 1 || len(result.Errors) != 1 || result.Errors[0].Code != cpodkit.CodePayloadTooLarge {
		t.Errorf("a large value: %+v, %v", result, err)
	}
	result, err = b.store.For(alice).Collection("c").Batch(t.Context(), []documents.BatchOp{{Key: "large", Value: large}, {Key: "//"}})
	if err != nil || result.Failed != 2 {
		t.Errorf("nothing but failures: %+v, %v", result, err)
	}
}

func TestBatchesThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	ops := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"op":"set","key":"k%d","value":%d}`, i, i))
		}
		return `{"ops":[` + strings.Join(list, ",") + `]}`
	}
	const good = `{"op":"set","key":"good","value":1}`
	for body, pointers := range map[string]string{
		`{}`:                           "/ops",
		`{"ops":null}`:                 "/ops",
		`{"ops":[]}`:                   "/ops",
		`{"ops":{}}`:                   "/ops",
		ops(501):                       "/ops",
		`{"ops":[` + good + `],"x":1}`: "/x",
		`{"ops":[` + good + `,{"op":"put","key":"a","value":1}]}`:         "/ops/1/op",
		`{"ops":[` + good + `,{"key":"a","value":1}]}`:                    "/ops/1/op",
		`{"ops":[` + good + `,{"op":"SET","key":"a","value":1}]}`:         "/ops/1/op",
		`{"ops":[` + good + `,{"op":"set","value":1}]}`:                   "/ops/1/key",
		`{"ops":[` + good + `,{"op":"delete"}]}`:                          "/ops/1/key",
		`{"ops":[` + good + `,{"op":"set","key":"a"}]}`:                   "/ops/1/value",
		`{"ops":[` + good + `,{"op":"delete","key":"a","value":1}]}`:      "/ops/1/value",
		`{"ops":[` + good + `,{"op":"set","key":1,"value":1}]}`:           "/ops/1/key",
		`{"ops":[` + good + `,{"op":"set","key":"a","value":1,"ttl":5}]}`: "/ops/1/ttl",
		`{"ops":[` + good + `,7]}`:                                        "/ops/1",
		`{"ops":[{},` + good + `,{"op":"set"}]}`:                          "/ops/0/op /ops/0/key /ops/2/value /ops/2/key",
	} {
		b.do("POST", batchPath, body).want(t, 422, cpodkit.CodeValidationFailed, strings.Fields(pointers)...)
	}
	if keys, _ := b.do("POST", findPath, `{}`).page(t); len(keys) > 0 {
		t.Errorf("a refused batch wrote %q", keys)
	}
	b.do("POST", batchPath, ops(500)).want(t, 200, "")
	if keys, _ := b.do("POST", findPath, `{"limit":500}`).page(t); len(keys) != 500 {
		t.Errorf("a batch of 500 wrote %d documents", len(keys))
	}
}
