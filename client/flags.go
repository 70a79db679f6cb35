package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
)

// maxFlagKey is the most bytes of a flag's key.
const maxFlagKey = 256

// Flags evaluates the tenant's feature flags, with the scope flags.read, and changes
// their definitions, with flags.write. It is safe for concurrent use. Keys have up to
// 256 bytes of UTF-8 without control characters; between slashes, no segment is empty,
// "." or "..".
type Flags struct{ api *api }

// FlagOption refines an evaluation: [Default].
type FlagOption func(*flagRequest)

type flagRequest struct {
	Context map[string]any `json:"context"`
	Default *any           `json:"default,omitempty"`
}

// Default is the value where the flag is unknown, wrong or disabled, or leaves the
// value to the caller. Without it that is the zero value of the type: false, "", 0 or
// nil.
func Default(value any) FlagOption { return func(r *flagRequest) { r.Default = &value } }

// FlagEvaluation is the value that a flag has for a context.
type FlagEvaluation struct {
	Key string `json:"key"`
	// Enabled is the value, where that is a boolean; else whether the flag chose a variant.
	Enabled bool `json:"enabled"`
	// Value is that of the variant, or the default.
	Value json.RawMessage `json:"value"`
	// Variant is the name of the variant; "" where the value is the default.
	Variant string `json:"variant"`
	// Reason is OpenFeature's reason, such as TARGETING_MATCH, or its error code, such as
	// FLAG_NOT_FOUND.
	Reason string `json:"reason"`
}

// Bool returns the value of a boolean flag. Rules see the attributes of the context:
// "targetingKey", else "user_id", is whom rollouts go by; without either it is the
// token's user, else the app.
//
// A flag that is unknown is the default, and no error. With an error, which is also
// that the flag has another type, it returns the default. So do the other calls for
// their types; [Flags.Evaluate] says why a value is what it is.
func (f *Flags) Bool(ctx context.Context, key string, attributes map[string]any, options ...FlagOption) (bool, error) {
	return valueOf[bool](ctx, f, key, attributes, options)
}

// String returns the value of a string flag; see [Flags.Bool].
func (f *Flags) String(ctx context.Context, key string, attributes map[string]any, options ...FlagOption) (string, error) {
	return valueOf[string](ctx, f, key, attributes, options)
}

// Int returns the value of a number flag without a fraction; see [Flags.Bool].
func (f *Flags) Int(ctx context.Context, key string, attributes map[string]any, options ...FlagOption) (int64, error) {
	return valueOf[int64](ctx, f, key, attributes, options)
}

// Float returns the value of a number flag; see [Flags.Bool].
func (f *Flags) Float(ctx context.Context, key string, attributes map[string]any, options ...FlagOption) (float64, error) {
	return valueOf[float64](ctx, f, key, attributes, options)
}

// Object returns the value of a flag of any type, as [json.Unmarshal] decodes it; see
// [Flags.Bool].
func (f *Flags) Object(ctx context.Context, key string, attributes map[string]any, options ...FlagOption) (any, error) {
	return valueOf[any](ctx, f, key, attributes, options)
}

func valueOf[T any](ctx context.Context, f *Flags, key string, attributes map[string]any, options []FlagOption) (T, error) {
	var none, def T
	var request flagRequest
	for _, option := range append([]FlagOption{Default(none)}, options...) {
		option(&request)
	}
	encoded, err := json.Marshal(*request.Default)
	if err == nil {
		err = json.Unmarshal(encoded, &def)
	}
	if err != nil {
		return none, invalid("flags.evaluate", cpodkit.CodeBadRequest, "the default is a %T, and the value is to be a %T", *request.Default, none)
	}
	evaluation, err := f.Evaluate(ctx, key, attributes, Default(json.RawMessage(encoded)))
	if err != nil {
		return def, err
	}
	value := none
	if err := json.Unmarshal(evaluation.Value, &value); err != nil {
		return def, fmt.Errorf("cpod: flags.evaluate: the flag has another type: %w", err)
	}
	return value, nil
}

// Evaluate returns the value that a flag has for a context, and why.
func (f *Flags) Evaluate(
	ctx context.Context, key string, attributes map[string]any, options ...FlagOption,
) (evaluation FlagEvaluation, err error) {
	evaluate, err := f.call("flags.evaluate", http.MethodPost, key, "/evaluate", http.StatusOK)
	if err != nil {
		return FlagEvaluation{}, err
	}
	request := flagRequest{Context: attributes}
	for _, option := range options {
		option(&request)
	}
	evaluate.contentType = jsonType
	if evaluate.data, err = encodeJSON(evaluate.op, request); err != nil {
		return FlagEvaluation{}, err
	}
	err = f.api.doJSON(ctx, evaluate, &evaluation)
	return evaluation, err
}

// EvaluateAll returns the values that the flags with these keys have for a context, or
// all flags, by their keys. One that is unknown has the reason FLAG_NOT_FOUND and the
// value false.
func (f *Flags) EvaluateAll(ctx context.Context, attributes map[string]any, keys ...string) (map[string]FlagEvaluation, error) {
	const op = "flags.evaluateAll"
	data, err := encodeJSON(op, struct {
		Context map[string]any `json:"context"`
		Keys    []string       `json:"keys,omitempty"`
	}{attributes, keys})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Flags map[string]FlagEvaluation `json:"flags"`
	}
	err = f.api.doJSON(ctx, &call{
		op: op, method: http.MethodPost, path: "/v1/flags/evaluate", data: data, contentType: jsonType,
		repeat: always, success: []int{http.StatusOK}, maxAnswer: maxPage,
	}, &answer)
	return answer.Flags, err
}

// Flag is the definition of a flag.
type Flag struct {
	Key string `json:"key"`
	// Definition is in flagd's format (https://flagd.dev/reference/flag-definitions).
	Definition json.RawMessage `json:"definition"`
	// Version is new on every write; see [IfMatch].
	Version string `json:"version"`
	// UpdatedAt is zero for a flag that comes from a file.
	UpdatedAt time.Time `json:"updatedAt"`
}

// Get returns the definition of a flag. When there is none, found is false.
func (f *Flags) Get(ctx context.Context, key string) (flag Flag, found bool, err error) {
	get, err := f.call("flags.get", http.MethodGet, key, "", http.StatusOK)
	if err != nil {
		return Flag{}, false, err
	}
	got, err := f.api.do(ctx, get)
	if isMissing(err) {
		return Flag{}, false, nil
	}
	if err != nil {
		return Flag{}, false, err
	}
	flag = Flag{Key: key, Version: bareTag(got.header.Get("ETag"))}
	if err := got.decode(&flag.Definition); err != nil {
		return Flag{}, false, err
	}
	flag.UpdatedAt, _ = http.ParseTime(got.header.Get("Last-Modified"))
	return flag, true, nil
}

// Put stores the definition of a flag, in flagd's format, in place of what was there:
// what [json.Marshal] makes of it, or a [json.RawMessage]. What is wrong with it is a
// [ValidationError] with the pointer to it.
func (f *Flags) Put(ctx context.Context, key string, definition any, options ...SetOption) (Flag, error) {
	put, err := f.call("flags.put", http.MethodPut, key, "", http.StatusOK, http.StatusCreated)
	if err != nil {
		return Flag{}, err
	}
	if put.data, err = encodeJSON(put.op, definition); err != nil {
		return Flag{}, err
	}
	var w writing
	for _, option := range options {
		option.applyToSet(&w)
	}
	put.contentType, put.header = jsonType, http.Header{}
	if put.repeat, err = w.condition(put.op, put.header); err != nil {
		return Flag{}, err
	}
	var written Flag
	if err := f.api.doJSON(ctx, put, &written); err != nil {
		return Flag{}, err
	}
	written.Definition = put.data
	return written, nil
}

// Delete removes a flag. It succeeds too when there is none, unless [IfMatch] says which.
func (f *Flags) Delete(ctx context.Context, key string, options ...UpdateOption) error {
	remove, err := f.call("flags.delete", http.MethodDelete, key, "", http.StatusNoContent)
	if err != nil {
		return err
	}
	var w writing
	for _, option := range options {
		option.applyToUpdate(&w)
	}
	remove.header = http.Header{}
	if remove.repeat, err = w.condition(remove.op, remove.header); err != nil {
		return err
	}
	_, err = f.api.do(ctx, remove)
	return err
}

// List returns one page of the flags, in byte order of their keys. A page with large
// definitions may have fewer items than its limit.
func (f *Flags) List(ctx context.Context, options ...PageOption) (Page[Flag], error) {
	return getPage[Flag](ctx, f.api, "flags.list", "/v1/flags", url.Values{}, options)
}

// All walks through all flags, fetching pages as it goes. It ends after an error.
func (f *Flags) All(ctx context.Context) iter.Seq2[Flag, error] {
	return walk("", func(cursor string) ([]Flag, string, error) {
		page, err := f.List(ctx, Limit(maxPageItems), Cursor(cursor))
		return page.Items, page.NextCursor, err
	})
}

// call is the common part of what acts on one flag. It may be repeated.
func (f *Flags) call(op, method, key, below string, success ...int) (*call, error) {
	if err := checkKey(op, key, maxFlagKey); err != nil {
		return nil, err
	}
	return &call{
		op: op, method: method, path: "/v1/flags/" + url.PathEscape(key) + below, repeat: always, success: success,
	}, nil
}
