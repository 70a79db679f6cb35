package masking

import "context"

// Strategy says what becomes of a finding, or of a field.
type Strategy string

// The strategies, in the order of [Strategies].
const (
	// Auto keeps the shape of a text that is one finding as a whole, and puts the
	// placeholder into a longer text. It is the default of entities.
	Auto Strategy = "auto"
	// Placeholder is the entity's name in brackets: "[EMAIL]". A field without an entity
	// becomes "[MASKED]".
	Placeholder Strategy = "placeholder"
	// Shape is "a***@example.com", "***-**-****", inside of longer text as well. Secrets
	// have no shape: they become the placeholder.
	Shape Strategy = "shape"
	// Last4 hides all letters and digits but the last four, and all when there are fewer
	// than eight.
	Last4 Strategy = "last4"
	// Fixed is the profile's FixedText.
	Fixed Strategy = "fixed"
	// Hash is "[EMAIL#9f86d081884c7d65]": 64 bits of an HMAC-SHA-256 with the tenant's key.
	// Equal values of an entity have equal hashes in a tenant.
	Hash Strategy = "hash"
	// Token is "tok_" and 26 characters of base32, from the same HMAC, which
	// [Masker.Detokenise] turns back.
	Token Strategy = "token"
	// Drop cuts the finding out of its text. A string that is one finding as a whole, or a
	// field, leaves its object; in an array it becomes null.
	Drop Strategy = "drop"
	// Keep leaves a field as it is, without looking into it, and turns an entity off.
	Keep Strategy = "keep"
)

// Strategies returns the built-in strategies.
func Strategies() []Strategy {
	return []Strategy{Auto, Placeholder, Shape, Last4, Fixed, Hash, Token, Drop, Keep}
}

// mayLeave reports whether something may be found in what a strategy makes, with the text
// around it.
func (s Strategy) mayLeave() bool {
	switch s {
	case Auto, Placeholder, Hash, Token, Keep:
		return false
	}
	return true
}

// customStrategy masks a text of which f is a finding.
type customStrategy func(ctx context.Context, f Finding, text string) string

// WithStrategy adds a strategy that profiles and calls may use by its name. mask returns
// what stands for text, the value that was found or the field; f's offsets are those in the
// whole string. What mask returns should not be a finding itself. mask is called
// concurrently. Where no context is given, ctx is one that never ends. When mask panics, the
// placeholder is put in.
//
// New refuses a name that is empty or that of a built-in strategy, and a nil function.
func WithStrategy(name Strategy, mask func(ctx context.Context, f Finding, text string) string) Option {
	return func(o *options) { o.strategies[name] = mask }
}
