// Package unprintable keeps secrets out of output by accident.
package unprintable

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

var errMarshal = errors.New("a secret is never marshalled; take out what may be shown")

// Type is embedded in a struct. It replaces the struct in all output of fmt and log/slog by
// "[redacted]". Marshalling the struct (JSON, text, XML, gob, binary) is an error. The
// struct cannot be compared with ==.
//
// fmt prints the fields of a struct without asking them when the struct is in an
// unexported field of another one. What is secret therefore belongs behind a pointer or
// into a closure.
type Type struct{ _ [0]func() }

// String implements [fmt.Stringer].
func (Type) String() string { return redacted }

// Format implements [fmt.Formatter] for all verbs; without it %x and %d would reach the
// fields.
func (Type) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// LogValue implements [slog.LogValuer].
func (Type) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON implements [encoding/json.Marshaler]; it always fails.
func (Type) MarshalJSON() ([]byte, error) { return nil, errMarshal }

// MarshalText implements [encoding.TextMarshaler]; it always fails.
func (Type) MarshalText() ([]byte, error) { return nil, errMarshal }

// MarshalBinary implements [encoding.BinaryMarshaler], which gob uses; it always fails.
func (Type) MarshalBinary() ([]byte, error) { return nil, errMarshal }
