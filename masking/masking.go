// Package masking finds personal data and secrets in text and hides them: addresses,
// numbers, names, keys and passwords ([Entities] lists them, [Rules] says how each is
// found). [New] makes a [Masker], which masks strings and streams:
//
//	m, err := masking.New()
//	m.MaskString("Call Alice at 555-867-5309") // Call [NAME] at [PHONE]
//	m.MaskString("alice@example.com")          // a***@example.com
//
// [Masker.Handler] masks the records of log/slog, [Masker.Responses] the answers of HTTP
// handlers, and package otelmask the spans of OpenTelemetry.
//
// Time and memory grow linearly with the text.
package masking

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cpodkit/cpodkit/internal/nearest"
)

// Finding is an occurrence of an entity. It does not hold the text.
type Finding struct {
	Entity     Entity
	Rule       string  // the rule of [Rules] that found it
	Start, End int     // offsets in bytes
	Score      float64 // how sure the rule is, from 0 to 1

	rule ruleID
}

// Masker finds and masks what its [Profile] says. It is safe for concurrent use.
type Masker struct {
	base    engine
	options options
	inForce atomic.Pointer[compiled]
}

// engine finds the entities that are on. Its tables are shared between profiles.
type engine struct {
	on       entitySet
	rules    []Rule
	entities []Entity
	actions  [256]action // what a byte may begin, for the entities that are on
	kinds    [256]kind
	words    lexicon
	endings  [32]uint32 // the last two letters of the names of fields with secrets
	months   wordStarts
	linking  wordStarts // of particles
	phrases  wordStarts
	contexts wordStarts // of words that are context
	scripts  scriptAffixes
	cleaners *sync.Pool
	walkers  *sync.Pool
	jsons    *sync.Pool
	keys     *keyPrefixes
	plans    phonePlans
	ibans    ibanLengths
	custom   *custom // what the profile finds besides, or nil
}

// Option configures [New].
type Option func(*options)

type options struct {
	entities    []Entity
	profile     Profile
	strategies  map[Strategy]customStrategy
	recognizers []Recognizer
	tokens      TokenStore
	keys        Keys
	hook        func(context.Context, Detokenised) error
	tables      *Masker
}

// WithEntities sets the entities that are looked for. Without it all are. New answers
// an unknown one with an error.
func WithEntities(entities ...Entity) Option {
	return func(o *options) { o.entities = entities }
}

// WithTablesOf has the Masker use the tables of words of another one, which never change,
// instead of building its own. Nil is none.
func WithTablesOf(other *Masker) Option {
	return func(o *options) { o.tables = other }
}

// New returns a Masker. It builds the tables of words, which takes some milliseconds,
// so make one and keep it.
func New(opts ...Option) (*Masker, error) {
	m := &Masker{options: options{strategies: map[Strategy]customStrategy{}}}
	for _, opt := range opts {
		opt(&m.options)
	}
	if err := m.options.check(); err != nil {
		return nil, err
	}
	if of := m.options.tables; of != nil {
		m.base = of.base
		m.base.cleaners, m.base.walkers, m.base.jsons = new(sync.Pool), new(sync.Pool), new(sync.Pool)
	} else {
		m.base = newEngine()
	}
	p, err := m.options.firstProfile()
	if err != nil {
		return nil, err
	}
	if err := m.SetProfile(p); err != nil {
		return nil, err
	}
	return m, nil
}

func newEngine() engine {
	e := engine{
		on: 1<<(nameID+1) - 1, rules: Rules(), entities: Entities(), kinds: byteKinds(), cleaners: new(sync.Pool), walkers: new(sync.Pool), jsons: new(sync.Pool),
		keys: newKeyPrefixes(), plans: newPhonePlans(), ibans: newIBANLengths(),
	}
	e.actions = byteActions(e.on)
	e.words = newLexicon(e.rules)
	e.endings = e.words.secretEndings()
	e.months, e.linking, e.phrases = e.words.starts(months), e.words.starts(particle), e.words.starts(phrase)
	e.contexts = e.words.starts(anyContext | counter | filler | event)
	e.scripts = newScriptAffixes()
	return e
}

// check says what is wrong with the options.
func (o *options) check() error {
	for name, mask := range o.strategies {
		if name == "" || slices.Contains(Strategies(), name) || mask == nil {
			return fmt.Errorf("masking: the strategy %q has no name or function of its own", name)
		}
	}
	if slices.Contains(o.recognizers, nil) {
		return errors.New("masking: a recognizer is nil")
	}
	return nil
}

// firstProfile returns the profile that New starts with.
func (o *options) firstProfile() (Profile, error) {
	p := o.profile
	if o.entities == nil {
		return p, nil
	}
	p.Entities = maps.Clone(p.Entities)
	if p.Entities == nil {
		p.Entities = map[Entity]Strategy{}
	}
	for _, e := range Entities() {
		if !slices.Contains(o.entities, e) {
			p.Entities[e] = Keep
		}
	}
	for _, e := range o.entities {
		if !slices.Contains(Entities(), e) {
			return p, fmt.Errorf("masking: the entity %q is unknown; did you mean %q?", e, nearestEntity(e))
		}
	}
	return p, nil
}

func nearestEntity(e Entity) string {
	var names []string
	for _, known := range Entities() {
		names = append(names, string(known))
	}
	return nearest.Name(string(e), names)
}

// Find appends what it finds in text to dst, in the order of the text, and returns the
// extended slice. It finds what [Masker.MaskString] hides. Findings do not overlap: of two
// that would, the longer one stays, then the one with the higher score, then the one whose
// entity is first in [Entities]. Find does not allocate when dst has room.
//
// A line is masked until nothing is found in it, so a finding may have others inside, which
// are not in the result. A line that has new findings after eight scans is one finding.
//
// Names are looked for in a text of at least three words, of several lines, of six letters of
// Chinese or Japanese, or of 16 KiB.
func (m *Masker) Find(dst []Finding, text string) []Finding { return m.inForce.Load().find(dst, text) }

func (m *engine) find(dst []Finding, text string) []Finding {
	c := m.cleaner()
	defer m.cleaners.Put(c)
	if !c.whole(m, text, false) {
		return dst
	}
	return append(dst, c.left...)
}

// MaskString returns text with every finding hidden. A text that is one finding as a
// whole keeps its shape ("***-**-****"). In a longer text the finding becomes the name of
// its entity in brackets ("[SSN]"). A text without a finding is returned as it is,
// without an allocation. Masking a masked text changes nothing.
func (m *Masker) MaskString(text string) string { return m.inForce.Load().maskString(text) }

func (c *compiled) maskString(text string) string {
	if !c.isPlain {
		return c.maskOther(text)
	}
	k := c.cleaner()
	defer c.cleaners.Put(k)
	if !k.whole(&c.engine, text, true) {
		return text
	}
	c.shape(k, text)
	return string(k.out)
}

// AppendMasked appends what [Masker.MaskString] returns to dst.
func (m *Masker) AppendMasked(dst []byte, text string) []byte {
	return m.inForce.Load().appendMasked(dst, text)
}

func (c *compiled) appendMasked(dst []byte, text string) []byte {
	if !c.isPlain {
		return append(dst, c.maskOther(text)...)
	}
	k := c.cleaner()
	defer c.cleaners.Put(k)
	if !k.whole(&c.engine, text, true) {
		return append(dst, text...)
	}
	c.shape(k, text)
	return append(dst, k.out...)
}

// maxRoom is how many bytes a cleaner may have that is kept.
const maxRoom = 64 << 10

func (m *engine) cleaner() *cleaner {
	if c, ok := m.cleaners.Get().(*cleaner); ok && c.isSmall() {
		return c
	}
	return &cleaner{}
}

// isSmall reports whether a cleaner may be kept; nil is none.
func (c *cleaner) isSmall() bool {
	return c == nil || cap(c.out) <= maxRoom && cap(c.left) <= maxRoom/64
}

// shape gives the masked text the form of the text, if that is one finding. A form in which
// something is found stays a placeholder.
func (m *engine) shape(c *cleaner, text string) {
	if len(c.left) != 1 || c.left[0].Start != 0 || c.left[0].End != len(text) {
		return
	}
	c.out = m.appendSafeShape(c.out[:0], text, c.left[0].Entity)
}

func appendPlaceholder(dst []byte, e Entity) []byte {
	dst = append(dst, '[')
	dst = append(dst, e...)
	return append(dst, ']')
}

// isProse reports whether names are looked for in text: it has three words or more, several
// lines, or 16 KiB. Words of Chinese and Japanese have no spaces: there it is six letters, or
// full-width punctuation.
func isProse(text string) bool {
	if len(text) >= maxLine {
		return true
	}
	words, letters, syllables, inWord := 0, 0, 0, false
	for i := range len(text) {
		c := text[i]
		if c >= 0xE3 && c < 0xEA {
			if letters++; letters == 6 {
				return true
			}
		}
		if c >= 0xEA && c < 0xEE { // Hangul, where a name and its form of address are one word
			if syllables++; syllables == 4 {
				return true
			}
		}
		switch c {
		case 0xEF:
			return true
		case '\n':
			return true
		case ' ', '\t', '\r', ',', ';', '|', ':', '=', '<', '>':
			inWord = false
		default:
			if !inWord {
				if words++; words == 3 {
					return true
				}
				inWord = true
			}
		}
	}
	return false
}

// appendShape appends the masked form of a text that is one finding. The forms of
// secrets do not tell their length.
func appendShape(dst []byte, text string, e Entity) []byte {
	switch e {
	case URLCredentials, JWT, Credential, APIKey, Password, PrivateKey:
		return appendPlaceholder(dst, e)
	case Email:
		at := strings.LastIndexByte(text, '@')
		dst = append(dst, text[:firstRune(text)]...)
		dst = append(dst, "***"...)
		return append(dst, text[at:]...)
	case Name:
		return appendInitials(dst, text)
	}
	for i := range len(text) {
		if c := text[i]; isAlnum(c) || c >= 0x80 {
			c = '*'
			if text[i] >= 0x80 && text[i] < 0xC0 {
				continue // one star for a code point
			}
			dst = append(dst, c)
			continue
		}
		dst = append(dst, text[i])
	}
	return dst
}

// appendInitials keeps the first letter of each word of a name.
func appendInitials(dst []byte, text string) []byte {
	separator := ""
	for word := range strings.FieldsSeq(text) {
		dst = append(dst, separator...)
		dst = append(dst, word[:firstRune(word)]...)
		dst = append(dst, "***"...)
		separator = " "
	}
	return dst
}
