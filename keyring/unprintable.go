package keyring

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// unprintable, embedded, keeps a type out of every output by accident.
type unprintable struct{}

func (unprintable) String() string { return redacted }

// Format covers every verb; without it %x and %d would reach the fields.
func (unprintable) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

func (unprintable) LogValue() slog.Value { return slog.StringValue(redacted) }

func (unprintable) MarshalJSON() ([]byte, error) { return nil, errMarshal }

func (unprintable) MarshalText() ([]byte, error) { return nil, errMarshal }

func (unprintable) MarshalBinary() ([]byte, error) { return nil, errMarshal }

var errMarshal = errors.New("keyring: keys are never marshalled")
