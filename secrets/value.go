package secrets

import (
	"crypto/subtle"

	"github.com/cpodkit/cpodkit/internal/unprintable"
)

// Value is the text or the bytes of a secret. fmt and log/slog print "[redacted]" for it,
// and marshalling it (JSON, text, XML, gob) is an error, also inside of other values. It
// cannot be compared with ==. [Value.Reveal] is the one way out. It never changes, so it
// is safe for concurrent use. The zero Value is empty.
//
// A Value keeps a secret out of output, not out of memory: the garbage collector may copy
// it, it is not overwritten after its use, and it may be swapped to disk or be in a
// core dump. docs/secrets.md says what an operator can do about that.
type Value struct {
	unprintable.Type

	reveal func() string // a closure: no printer that follows pointers finds the secret
}

// NewValue returns the Value of a secret.
func NewValue(secret string) Value {
	return Value{reveal: func() string { return secret }}
}

// Reveal returns the secret. From there on it is the caller's to keep it.
func (v Value) Reveal() string {
	if v.reveal == nil {
		return ""
	}
	return v.reveal()
}

// Equal reports whether v and w hold the same secret. How long it takes says nothing but
// whether their lengths are equal.
func (v Value) Equal(w Value) bool {
	return subtle.ConstantTimeCompare([]byte(v.Reveal()), []byte(w.Reveal())) == 1
}

// IsZero reports whether the secret is empty.
func (v Value) IsZero() bool { return v.Reveal() == "" }
