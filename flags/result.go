package flags

import (
	"fmt"
	"math"
)

// Reason says why a flag has its value (OpenFeature specification, types, resolution
// reason).
type Reason string

// The reasons.
const (
	ReasonStatic         Reason = "STATIC"          // the flag has no targeting
	ReasonDefault        Reason = "DEFAULT"         // the targeting chose nothing
	ReasonTargetingMatch Reason = "TARGETING_MATCH" // the targeting chose the variant
	ReasonDisabled       Reason = "DISABLED"        // the flag's state is DISABLED
	ReasonError          Reason = "ERROR"           // see the error code

	ReasonSplit   Reason = "SPLIT" // only of what evaluates elsewhere, as are those below
	ReasonCached  Reason = "CACHED"
	ReasonStale   Reason = "STALE"
	ReasonUnknown Reason = "UNKNOWN"
)

// ErrorCode says what went wrong (OpenFeature specification, types, error code).
type ErrorCode string

// The error codes.
const (
	ErrorFlagNotFound   ErrorCode = "FLAG_NOT_FOUND"
	ErrorParse          ErrorCode = "PARSE_ERROR"     // the flag's definition is wrong; see [ParseLenient]
	ErrorTypeMismatch   ErrorCode = "TYPE_MISMATCH"   // the value has another type
	ErrorInvalidContext ErrorCode = "INVALID_CONTEXT" // the context holds what JSON cannot hold
	ErrorGeneral        ErrorCode = "GENERAL"         // the targeting chose what is not a variant, or took too long

	ErrorTargetingKeyMissing ErrorCode = "TARGETING_KEY_MISSING" // only of what evaluates elsewhere, as are those below
	ErrorNotReady            ErrorCode = "PROVIDER_NOT_READY"
	ErrorFatal               ErrorCode = "PROVIDER_FATAL"
)

// Result is the outcome of an evaluation.
type Result struct {
	Key string

	// Value is a bool, a string, a float64, a map[string]any or a []any. It belongs to
	// the set: do not change it. It is nil after an error, and where the flag leaves
	// the value to the caller's code: when it is disabled, and when neither its
	// targeting nor its defaultVariant names a variant.
	Value any

	Variant      string // "" without a value, and where a server does not say
	Reason       Reason
	ErrorCode    ErrorCode // "" for none
	ErrorMessage string

	// Metadata is that of the flag over that of its set: strings, float64s and bools.
	// It belongs to the set: do not change it.
	Metadata map[string]any
}

// HasValue reports whether the flag has a value. Without one the caller's default
// holds.
func (r Result) HasValue() bool { return r.Value != nil }

// Bool returns the value of a boolean flag. When there is none, it returns def. When the
// value has another type, it returns def and a result with the code TYPE_MISMATCH. So do
// the other methods for their types.
func (r Result) Bool(def bool) (bool, Result) { return typed(r, def, "a boolean") }

// String returns the value of a string flag; see [Result.Bool].
func (r Result) String(def string) (string, Result) { return typed(r, def, "a string") }

// Float returns the value of a number flag; see [Result.Bool].
func (r Result) Float(def float64) (float64, Result) { return typed(r, def, "a number") }

// Int returns the value of a number flag; see [Result.Bool]. A number with a fraction
// is a TYPE_MISMATCH, and so is one that no int64 holds.
func (r Result) Int(def int64) (int64, Result) {
	if f, ok := r.Value.(float64); ok {
		if f == math.Trunc(f) && -1<<63 <= f && f < 1<<63 {
			return int64(f), r
		}
		return def, r.mismatch("an integer")
	}
	return typed(r, def, "a number")
}

// Object returns the value of an object flag, a map[string]any or a []any; see
// [Result.Bool].
func (r Result) Object(def any) (any, Result) {
	switch r.Value.(type) {
	case map[string]any, []any:
		return r.Value, r
	}
	if !r.HasValue() {
		return def, r
	}
	return def, r.mismatch("an object")
}

func typed[T any](r Result, def T, want string) (T, Result) {
	if v, ok := r.Value.(T); ok {
		return v, r
	}
	if !r.HasValue() {
		return def, r
	}
	return def, r.mismatch(want)
}

func (r Result) mismatch(want string) Result {
	return Result{
		Key: r.Key, Reason: ReasonError, ErrorCode: ErrorTypeMismatch, Metadata: r.Metadata,
		ErrorMessage: fmt.Sprintf("The value of variant %q is not %s.", r.Variant, want),
	}
}

func failed(key string, code ErrorCode, message string, metadata map[string]any) Result {
	return Result{Key: key, Reason: ReasonError, ErrorCode: code, ErrorMessage: message, Metadata: metadata}
}
