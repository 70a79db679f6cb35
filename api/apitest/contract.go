package apitest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// multiSegment marks a path parameter that takes the rest of the path, its
// slashes included. OpenAPI itself has no such parameter.
const multiSegment = "x-multi-segment"

type operation struct {
	id           string
	public       bool // may be called without a bearer token
	parameters   []parameter
	bodies       mediaTypes // of the request
	bodyRequired bool
	answers      map[string]answer // by status
}

type parameter struct {
	name, in string
	required bool
	value    text
}

type answer struct {
	headers []header
	content mediaTypes
}

type header struct {
	name     string
	required bool
	value    text
}

// text is the schema of a parameter or header, whose value comes as a string.
type text struct {
	schema  *jsonschema.Schema
	integer bool
	boolean bool
}

// newContract compiles every schema once, where it stands in the document, so
// that "$ref" and all of JSON Schema 2020-12 work as written.
func newContract(document []byte) (*Contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, err
	}
	asJSON, err := doc.MarshalJSON()
	if err != nil {
		return nil, err
	}
	resource, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(resourceURL, resource); err != nil {
		return nil, err
	}
	b := builder{compiler: compiler}
	c := &Contract{problem: b.schema("#/components/schemas/Problem")}
	for path, item := range doc.Paths.Map() {
		c.templates = append(c.templates, b.template(path, item))
	}
	slices.SortFunc(c.templates, moreSpecific)
	return c, b.err
}

const resourceURL = "openapi.json"

// builder compiles the parts of the document; it keeps the first error.
type builder struct {
	compiler *jsonschema.Compiler
	err      error
}

func (b *builder) schema(pointer string) *jsonschema.Schema {
	schema, err := b.compiler.Compile(resourceURL + pointer)
	if err != nil && b.err == nil {
		b.err = err
	}
	return schema
}

func (b *builder) template(path string, item *openapi3.PathItem) template {
	at := "#/paths/" + escape(path)
	t := template{operations: map[string]*operation{}}
	multi := ""
	shared := b.parameters(at, item.Parameters)
	for method, op := range item.Operations() {
		opAt := at + "/" + strings.ToLower(method)
		o := &operation{
			id:         op.OperationID,
			public:     op.Security != nil && !needsBearer(*op.Security),
			parameters: slices.Concat(shared, b.parameters(opAt, op.Parameters)),
			answers:    map[string]answer{},
		}
		if op.RequestBody != nil {
			o.bodyRequired = op.RequestBody.Value.Required
			o.bodies = b.content(place(op.RequestBody.Ref, opAt+"/requestBody"), op.RequestBody.Value.Content)
		}
		for status, response := range op.Responses.Map() {
			o.answers[status] = b.answer(place(response.Ref, opAt+"/responses/"+status), response.Value)
		}
		t.operations[method] = o
	}
	for _, p := range slices.Concat(item.Parameters, allParameters(item)) {
		if p.Value.Extensions[multiSegment] == true {
			multi = p.Value.Name
		}
	}
	t.segments = splitTemplate(path, multi)
	return t
}

func allParameters(item *openapi3.PathItem) (all openapi3.Parameters) {
	for _, op := range item.Operations() {
		all = append(all, op.Parameters...)
	}
	return all
}

func needsBearer(alternatives openapi3.SecurityRequirements) bool {
	return len(alternatives) > 0 && !slices.ContainsFunc(alternatives, func(r openapi3.SecurityRequirement) bool {
		_, bearer := r["bearer"]
		return !bearer
	})
}

func (b *builder) parameters(at string, refs openapi3.Parameters) []parameter {
	var list []parameter
	for i, ref := range refs {
		here := place(ref.Ref, at+"/parameters/"+strconv.Itoa(i))
		list = append(list, parameter{
			name: ref.Value.Name, in: ref.Value.In, required: ref.Value.Required,
			value: b.text(here, ref.Value.Schema),
		})
	}
	return list
}

func (b *builder) answer(at string, response *openapi3.Response) answer {
	a := answer{content: b.content(at, response.Content)}
	for _, name := range slices.Sorted(maps.Keys(response.Headers)) {
		ref := response.Headers[name]
		here := place(ref.Ref, at+"/headers/"+escape(name))
		a.headers = append(a.headers, header{
			name: name, required: ref.Value.Required, value: b.text(here, ref.Value.Schema),
		})
	}
	return a
}

func (b *builder) text(at string, ref *openapi3.SchemaRef) text {
	if ref == nil {
		b.err = fmt.Errorf("%s has no schema", at)
		return text{}
	}
	return text{schema: b.schema(at + "/schema"), integer: ref.Value.Type.Is("integer"), boolean: ref.Value.Type.Is("boolean")}
}

func (b *builder) content(at string, content openapi3.Content) mediaTypes {
	types := mediaTypes{}
	for name, media := range content {
		types[name] = nil
		if media.Schema != nil {
			types[name] = b.schema(at + "/content/" + escape(name) + "/schema")
		}
	}
	return types
}

// place is where a value stands: at its own place, or where its $ref points.
func place(ref, own string) string {
	if ref != "" {
		return ref
	}
	return own
}

// escape makes a JSON Pointer token (RFC 6901 section 3) for a URI fragment.
func escape(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "%", "%25", "{", "%7B", "}", "%7D").Replace(token)
}
