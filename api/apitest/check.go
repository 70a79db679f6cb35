package apitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// mediaTypes maps a media type or range to its schema, nil for any body.
type mediaTypes map[string]*jsonschema.Schema

// lookup returns the entry for a Content-Type: the type itself, else "*/*".
func (m mediaTypes) lookup(contentType string) (media string, schema *jsonschema.Schema, ok bool) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType, nil, false
	}
	if schema, ok = m[media]; !ok {
		schema, ok = m["*/*"]
	}
	return media, schema, ok
}

// check returns what is wrong with an exchange, nothing when all is well.
func (c *Contract) check(req *http.Request, sent *requestBody, resp *http.Response) []string {
	path := requestPath(req)
	op, values, known := c.find(req.Method, path)
	violations := checkRequestID(req, resp)
	switch {
	case !cleanPath(path):
		status, code := http.StatusNotFound, "not_found"
		if strings.HasPrefix(path, "/v1/storage/") {
			status, code = http.StatusBadRequest, "invalid_key"
		}
		return append(violations, c.checkProblem(req, resp, "a path that is not clean", status, code)...)
	case !known:
		return append(violations,
			c.checkProblem(req, resp, "a path that is not documented", http.StatusNotFound, "not_found")...)
	case op == nil:
		violations = append(violations,
			c.checkProblem(req, resp, "a method that is not documented", http.StatusMethodNotAllowed, "method_not_allowed")...)
		if resp.Header.Get("Allow") == "" {
			violations = append(violations, "header Allow is missing")
		}
		return violations
	}
	documented, ok := op.answers[strconv.Itoa(resp.StatusCode)]
	if !ok {
		return append(violations, fmt.Sprintf("the status is not documented for %s", op.id))
	}
	violations = append(violations, checkHeaders(documented.headers, resp.Header)...)
	if req.Method != http.MethodHead && resp.StatusCode != http.StatusNotModified {
		violations = append(violations, checkBody(documented.content, resp)...)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		violations = append(violations, op.checkAccepted(req, sent, values)...)
	}
	return violations
}

func checkRequestID(req *http.Request, resp *http.Response) []string {
	want := req.Header.Get("X-Request-Id")
	got := resp.Header.Get("X-Request-Id")
	valid := want != "" && len(want) <= 128 && strings.Trim(want, visible) == ""
	switch {
	case got == "":
		return []string{"header X-Request-Id is missing"}
	case valid && got != want:
		return []string{fmt.Sprintf("header X-Request-Id is %q, not the request's %q", got, want)}
	}
	return nil
}

// visible holds the visible ASCII characters.
const visible = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

func (c *Contract) checkProblem(req *http.Request, resp *http.Response, what string, status int, code string) []string {
	if resp.StatusCode != status {
		return []string{fmt.Sprintf("%s must be answered %d %s", what, status, code)}
	}
	if req.Method == http.MethodHead {
		return nil
	}
	violations := checkBody(mediaTypes{"application/problem+json": c.problem}, resp)
	data, _ := readAhead(resp, maxAnswerBody)
	var body struct{ Code string }
	if json.Unmarshal(data, &body) == nil && body.Code != code {
		violations = append(violations, fmt.Sprintf("code is %q, want %q", body.Code, code))
	}
	return violations
}

func checkHeaders(documented []header, got http.Header) []string {
	var violations []string
	for _, h := range documented {
		values := got.Values(h.name)
		if len(values) == 0 && h.required {
			violations = append(violations, fmt.Sprintf("header %s is missing", h.name))
		}
		for _, value := range values {
			if err := h.value.validate(value); err != nil {
				violations = append(violations, fmt.Sprintf("header %s: %s", h.name, err))
			}
		}
	}
	return violations
}

func checkBody(documented mediaTypes, resp *http.Response) []string {
	if len(documented) == 0 {
		if data, _ := readAhead(resp, 1); len(data) > 0 {
			return []string{"there is a body, but none is documented"}
		}
		return nil
	}
	media, schema, ok := documented.lookup(resp.Header.Get("Content-Type"))
	if !ok {
		return []string{fmt.Sprintf("content type %q is not documented", resp.Header.Get("Content-Type"))}
	}
	if schema == nil {
		return nil
	}
	data, whole := readAhead(resp, maxAnswerBody)
	if !whole {
		return nil
	}
	if err := validateJSON(schema, data); err != nil {
		return []string{fmt.Sprintf("body: %s\n\t%s", err, excerpt(data))}
	}
	if media == "application/problem+json" {
		return checkConsistency(data, resp)
	}
	return nil
}

// checkConsistency checks what a schema cannot say of a problem.
func checkConsistency(data []byte, resp *http.Response) []string {
	var problem struct {
		Type      string
		Status    int
		Code      string
		RequestID string `json:"requestId"`
	}
	if err := json.Unmarshal(data, &problem); err != nil {
		return []string{err.Error()}
	}
	var violations []string
	if problem.Status != resp.StatusCode {
		violations = append(violations, fmt.Sprintf("problem: status is %d", problem.Status))
	}
	if !strings.HasSuffix(problem.Type, ":"+problem.Code) {
		violations = append(violations, fmt.Sprintf("problem: type %s is not that of code %s", problem.Type, problem.Code))
	}
	if id := resp.Header.Get("X-Request-Id"); problem.RequestID != id {
		violations = append(violations, fmt.Sprintf("problem: requestId %q is not the header's %q", problem.RequestID, id))
	}
	return violations
}

// checkAccepted checks a request that the server answered with success.
func (op *operation) checkAccepted(req *http.Request, sent *requestBody, path map[string]string) []string {
	var violations []string
	if !op.public && req.Header.Get("Authorization") == "" {
		violations = append(violations, "the request was accepted without a token")
	}
	query := req.URL.Query()
	for _, p := range op.parameters {
		var values []string
		switch p.in {
		case "path":
			values = []string{path[p.name]}
		case "query":
			values = query[p.name]
		case "header":
			values = req.Header.Values(p.name)
		}
		if len(values) == 0 && p.required || len(values) > 1 && p.in == "query" {
			violations = append(violations, fmt.Sprintf("the request was accepted with %d values of %s", len(values), p.name))
		}
		for _, value := range values {
			if err := p.value.validate(value); err != nil {
				violations = append(violations, fmt.Sprintf("the request was accepted with %s %q: %s", p.name, value, err))
			}
		}
	}
	if err := op.checkSent(req, sent); err != nil {
		violations = append(violations, fmt.Sprintf("the request's body was accepted: %s", err))
	}
	return violations
}

func (op *operation) checkSent(req *http.Request, sent *requestBody) error {
	if _, anyBytes := op.bodies["*/*"]; anyBytes {
		return nil
	}
	data, whole := sent.bytes(req.ContentLength)
	switch {
	case !whole:
		return nil
	case len(data) == 0 && op.bodyRequired:
		return errors.New("there is none, but one is required")
	case len(data) == 0:
		return nil
	case len(op.bodies) == 0:
		return errors.New("none is documented")
	}
	contentType := req.Header.Get("Content-Type")
	if contentType == "" || strings.HasSuffix(contentType, "+json") {
		// A JSON call takes these too; the document names the one to send.
		contentType = "application/json"
	}
	media, schema, ok := op.bodies.lookup(contentType)
	switch {
	case !ok:
		return fmt.Errorf("content type %q is not documented", contentType)
	case media == "application/x-www-form-urlencoded":
		return validateForm(schema, data)
	case media == "text/plain":
		return describe(schema.Validate(string(data)))
	}
	return validateJSON(schema, data)
}

func validateForm(schema *jsonschema.Schema, data []byte) error {
	form, err := url.ParseQuery(string(data))
	if err != nil {
		return err
	}
	object := map[string]any{}
	for name, values := range form {
		if len(values) > 1 {
			return fmt.Errorf("%s stands %d times", name, len(values))
		}
		object[name] = values[0]
	}
	return describe(schema.Validate(object))
}

func validateJSON(schema *jsonschema.Schema, data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return describe(schema.Validate(value))
}

func (t text) validate(value string) error {
	if t.integer {
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return errors.New("not an integer")
		}
		return describe(t.schema.Validate(json.Number(value)))
	}
	if t.boolean {
		if value != "true" && value != "false" {
			return errors.New("neither true nor false")
		}
		return describe(t.schema.Validate(value == "true"))
	}
	return describe(t.schema.Validate(value))
}

// describe turns a validator's tree of causes into its leaves.
func describe(err error) error {
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	var leaves []string
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 {
			leaves = append(leaves, strings.TrimPrefix(e.Error(), "jsonschema validation failed with "))
		}
		for _, cause := range e.Causes {
			walk(cause)
		}
	}
	walk(invalid)
	return errors.New(strings.Join(slices.Compact(leaves), "; "))
}

// excerpt is enough of a body to find the violation in it.
func excerpt(data []byte) string {
	const most = 600
	if len(data) > most {
		return string(data[:most]) + "…"
	}
	return string(data)
}
