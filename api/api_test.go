package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/api"
	"github.com/cpodkit/cpodkit/api/internal/assemble"
)

func TestCommittedDocumentIsWhatTheFragmentsGive(t *testing.T) {
	t.Parallel()
	want, err := assemble.Fragments(os.DirFS("fragments"))
	if err != nil {
		t.Fatal(err)
	}
	if string(api.Spec()) != string(want) {
		t.Fatal("api/openapi.yaml is not what api/fragments give: run go generate ./api")
	}
}

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Spec())
	if err != nil {
		t.Fatalf("the document cannot be read: %v", err)
	}
	return doc
}

func TestDocumentIsValidOpenAPI31(t *testing.T) {
	t.Parallel()
	doc := load(t)
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("openapi is %q, want 3.1", doc.OpenAPI)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableMultiError(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
}

// What OpenAPI leaves open and every operation here keeps to.
func TestOperations(t *testing.T) {
	t.Parallel()
	doc := load(t)
	scopes := regexp.MustCompile(`^\[((secrets\.(read|write) )?admin platform\.admin|auth\.(read|write)|ratelimit\.write|flags\.(read|write)|masking\.(read|detokenise)|policy\.(read|write)|(storage\.\{tier\}\.(read|write) ?)+)\]$`)
	ids := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			t.Run(method+" "+path, func(t *testing.T) {
				if op.OperationID == "" || ids[op.OperationID] {
					t.Errorf("operationId %q is empty or taken", op.OperationID)
				}
				ids[op.OperationID] = true
				if op.Summary == "" || op.Description == "" || len(op.Tags) != 1 {
					t.Error("summary, description and one tag are wanted")
				}
				if op.Responses.Value("500") == nil {
					t.Error("500 is not documented")
				}
				required, _ := op.Extensions["x-required-scopes"].([]any)
				switch public := op.Security != nil; {
				case public && required != nil:
					t.Error("a public operation needs no scope")
				case !public && !scopes.MatchString(fmt.Sprint(required)):
					t.Errorf("x-required-scopes is %q", required)
				case !public && (op.Responses.Value("401") == nil || op.Responses.Value("403") == nil):
					t.Error("401 and 403 are not documented")
				case !public && !strings.Contains(op.Description, "Needs the scope `"):
					t.Error("the description does not name the scope")
				}
				checkMedia(t, op)
			})
		}
	}
}

func checkMedia(t *testing.T, op *openapi3.Operation) {
	t.Helper()
	if op.RequestBody != nil {
		for media, content := range op.RequestBody.Value.Content {
			if content.Schema != nil && content.Example == nil && len(content.Examples) == 0 {
				t.Errorf("the %s body has no example", media)
			}
			json := media == "application/json"
			// OFREP has no 422: what it would say is a 400 there.
			checked := op.Responses.Value("422") != nil || strings.HasPrefix(op.OperationID, "ofrep")
			if json && (op.Responses.Value("413") == nil || op.Responses.Value("415") == nil || !checked) {
				t.Error("a JSON body can be 413, 415 and 422")
			}
		}
	}
	for status, response := range op.Responses.Map() {
		if response.Value.Headers["X-Request-Id"] == nil {
			t.Errorf("answer %s has no X-Request-Id", status)
		}
		for media, content := range response.Value.Content {
			if media == "application/json" && content.Example == nil && len(content.Examples) == 0 {
				t.Errorf("answer %s has no example", status)
			}
		}
	}
}

// Every code of the document is known to package cpodkit and explained in
// docs/errors.md.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	doc := load(t)
	guide, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range doc.Components.Schemas["ErrorCode"].Value.Enum {
		code := cpodkit.Code(value.(string))
		if code.Status() == http.StatusInternalServerError && code != cpodkit.CodeInternal {
			t.Errorf("code %s is unknown to package cpodkit", code)
		}
		section := fmt.Sprintf("\n## %s\n\n**%d.** ", code, code.Status())
		if !strings.Contains(string(guide), section) {
			t.Errorf("docs/errors.md has no section %q", section)
		}
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	cpodkit.Mount(mux, api.Routes())
	get := func(ctx context.Context, ifNoneMatch string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/openapi.yaml", nil)
		if ifNoneMatch != "" {
			r.Header.Set("If-None-Match", ifNoneMatch)
		}
		mux.ServeHTTP(w, r)
		return w
	}
	fresh := get(t.Context(), "")
	if fresh.Code != http.StatusOK || fresh.Body.String() != string(api.Spec()) {
		t.Fatalf("answered %d with %d bytes", fresh.Code, fresh.Body.Len())
	}
	if got := fresh.Header().Get("Content-Type"); got != "application/yaml" {
		t.Errorf("Content-Type is %q", got)
	}
	etag := fresh.Header().Get("ETag")
	for _, c := range []struct {
		ifNoneMatch string
		want        int
	}{
		{etag, http.StatusNotModified},
		{"W/" + etag, http.StatusNotModified},
		{`"other", ` + etag, http.StatusNotModified},
		{"*", http.StatusNotModified},
		{`"other"`, http.StatusOK},
		{strings.Trim(etag, `"`), http.StatusOK},
	} {
		w := get(t.Context(), c.ifNoneMatch)
		if w.Code != c.want || (w.Code == http.StatusNotModified) != (w.Body.Len() == 0) {
			t.Errorf("If-None-Match %s: answered %d with %d bytes, want %d", c.ifNoneMatch, w.Code, w.Body.Len(), c.want)
		}
	}
}

func TestSpecIsACopy(t *testing.T) {
	t.Parallel()
	api.Spec()[0] = 'X'
	if api.Spec()[0] == 'X' {
		t.Error("a caller changed the document")
	}
}
