package masking

import "github.com/cpodkit/cpodkit"

// Profile says what is masked and how. The zero value is the default: all entities with
// [Auto], and the built-in fields with secrets.
type Profile struct {
	// Default is the strategy of entities that Entities does not list; "" is [Auto].
	Default Strategy `json:"default,omitempty"`
	// Entities has the strategy of an entity. [Keep] turns it off.
	Entities map[Entity]Strategy `json:"entities,omitempty"`
	// Fields are members of objects, and fields of structs, whose values are masked whole,
	// by name. Case, "-" and "_" do not count. Of a dotted key
	// ("http.request.header.authorization") the last part counts.
	Fields map[string]Strategy `json:"fields,omitempty"`
	// Paths are fields by where they are: JSONPath (RFC 9535) with $, .name, ['name'], [0],
	// [*], .* and ..name. They go before Fields.
	Paths map[string]Strategy `json:"paths,omitempty"`
	// Allow has texts that are never findings, without case. A * at the start or at the end
	// stands for any text: "*@example.com".
	Allow []string `json:"allow,omitempty"`
	// Deny has texts that are always findings, without case, as whole words, of an entity
	// of any name.
	Deny map[string]Entity `json:"deny,omitempty"`
	// Patterns find entities of your own.
	Patterns []Pattern `json:"patterns,omitempty"`
	// FixedText is what [Fixed] puts in; "" is "***".
	FixedText string `json:"fixedText,omitempty"`
	// MinScore, from 0 to 1, turns off the rules with a lower score.
	MinScore float64 `json:"minScore,omitempty"`
}

// Pattern finds an entity by a regular expression in the syntax of [regexp]. It sees one
// line at a time.
type Pattern struct {
	Entity  Entity   `json:"entity"`
	Pattern string   `json:"pattern"`           // must not match the empty string
	Score   float64  `json:"score,omitempty"`   // from 0 to 1; 0 is 0.8
	Context []string `json:"context,omitempty"` // one of these words must be within 64 bytes before, without case
}

// ParseProfile reads a profile from JSON. A member that is unknown or there twice is a
// validation_failed error. Names of entities and strategies are checked when the profile
// is set.
func ParseProfile(data []byte) (Profile, error) {
	var p Profile
	if err := cpodkit.UnmarshalStrict(data, &p); err != nil {
		return Profile{}, err //nolint:wrapcheck // it is the toolkit's own
	}
	return p, nil
}

// WithProfile sets the profile that New starts with.
func WithProfile(p Profile) Option {
	return func(o *options) { o.profile = p }
}

// SetProfile puts a profile in force for the calls that start from now on. What runs goes
// on under the old one, and so do a Writer and a Reader. A profile with an unknown name, a
// bad path or a bad pattern is a validation_failed error that lists the known names, and
// the old one stays in force.
func (m *Masker) SetProfile(p Profile) error {
	c, err := m.compile(p)
	if err != nil {
		return err
	}
	m.inForce.Store(c)
	return nil
}

// Profile returns the profile in force, with its defaults filled in: all entities and all
// built-in fields have their strategies. It is a copy.
func (m *Masker) Profile() Profile { return clone(m.inForce.Load().profile) }

// Revision returns the digest of the profile in force, 16 hexadecimal digits. Equal
// profiles have equal revisions.
func (m *Masker) Revision() string { return m.inForce.Load().revision }
