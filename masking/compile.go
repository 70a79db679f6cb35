package masking

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/nearest"
)

// What a profile may have.
const (
	maxTexts     = 10_000 // in Allow, Deny and Fields each
	maxText      = 256    // bytes of a text or a name
	maxPatterns  = 100    // patterns, and paths
	maxPattern   = 1000   // bytes of a pattern or a path
	patternScore = 0.8
	defaultFixed = "***"
)

// compiled is a profile in force. It does not change, besides its caches.
type compiled struct {
	engine

	options  *options
	profile  Profile // with its defaults
	revision string

	isPlain    bool // all findings are masked by Auto
	mayDrop    bool // a strategy is Drop
	mayLeave   bool // a strategy may leave a finding in what it makes
	strategies []Strategy
	others     map[Entity]Strategy   // of entities that are not the engine's
	fields     map[string]*fieldMask // by folded name
	paths      []path
	override   Strategy // of the call, or ""

	keys  *keyCache
	types *typeCache
}

// compiler collects what is wrong with a profile.
type compiler struct {
	m      *Masker
	c      *compiled
	faults []cpodkit.FieldError
}

func (m *Masker) compile(p Profile) (*compiled, error) {
	k := compiler{m: m, c: &compiled{engine: m.base, options: &m.options, keys: newKeyCache(), types: newTypeCache()}}
	k.c.profile = clone(p)
	k.defaults()
	k.entities()
	k.fields()
	k.paths()
	k.texts()
	k.patterns()
	k.score()
	k.c.isPlain = k.c.isPlain && k.c.custom == nil
	if len(k.faults) > 0 {
		return nil, &cpodkit.Error{Code: cpodkit.CodeValidationFailed, Detail: "The profile is not valid; errors says where.", Fields: k.faults}
	}
	data, err := json.Marshal(k.c.profile)
	if err != nil {
		return nil, fmt.Errorf("masking: the profile: %w", err)
	}
	sum := sha256.Sum256(data)
	k.c.revision = fmt.Sprintf("%x", sum[:8])
	return k.c, nil
}

// clone returns a deep copy.
func clone(p Profile) Profile {
	p.Entities, p.Fields, p.Paths = maps.Clone(p.Entities), maps.Clone(p.Fields), maps.Clone(p.Paths)
	p.Allow, p.Deny, p.Patterns = slices.Clone(p.Allow), maps.Clone(p.Deny), slices.Clone(p.Patterns)
	for i := range p.Patterns {
		p.Patterns[i].Context = slices.Clone(p.Patterns[i].Context)
	}
	return p
}

func (k *compiler) fault(detail, member string, names ...string) {
	const maxFaults = 20
	if len(k.faults) == maxFaults {
		return
	}
	pointer := "/" + member
	for _, name := range names {
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	k.faults = append(k.faults, cpodkit.FieldError{Pointer: pointer, Detail: detail})
}

// defaults fills in what the profile leaves out.
func (k *compiler) defaults() {
	p := &k.c.profile
	if p.Default == "" {
		p.Default = Auto
	}
	if p.FixedText == "" {
		p.FixedText = defaultFixed
	}
	if p.Entities == nil {
		p.Entities = map[Entity]Strategy{}
	}
	if p.Fields == nil {
		p.Fields = map[string]Strategy{}
	}
	k.strategy(p.Default, "default")
	if len(p.FixedText) > maxText || !utf8.ValidString(p.FixedText) || strings.ContainsFunc(p.FixedText, func(r rune) bool { return r < ' ' }) {
		k.fault(fmt.Sprintf("has more than %d bytes, or is not plain text", maxText), "fixedText")
	} else if found := k.c.find(nil, p.FixedText); len(found) > 0 {
		k.fault("looks like "+string(found[0].Entity)+" itself", "fixedText")
	}
	if !(p.MinScore >= 0 && p.MinScore <= 1) {
		k.fault("is not a number from 0 to 1", "minScore")
		p.MinScore = 0 // JSON has no NaN
	}
}

// strategy checks a strategy.
func (k *compiler) strategy(s Strategy, member string, names ...string) {
	if err := k.m.options.checkStrategy(s); err != "" {
		k.fault(err, member, names...)
	}
	k.c.mayDrop = k.c.mayDrop || s == Drop
	k.c.mayLeave = k.c.mayLeave || s.mayLeave()
}

// checkStrategy says what is wrong with the name of a strategy.
func (o *options) checkStrategy(s Strategy) string {
	if _, ok := o.strategies[s]; ok || slices.Contains(Strategies(), s) {
		return ""
	}
	var known []string
	for _, s := range append(Strategies(), slices.Sorted(maps.Keys(o.strategies))...) {
		known = append(known, string(s))
	}
	return unknown("strategy", string(s), known)
}

// unknown says that a name is unknown, and lists the known ones.
func unknown(what, name string, known []string) string {
	if len(name) > 64 {
		return fmt.Sprintf("is not a known %s; known are %s", what, strings.Join(known, ", "))
	}
	return fmt.Sprintf("is not a known %s; did you mean %s? known are %s", what, nearest.Name(name, known), strings.Join(known, ", "))
}

// knownEntities returns the engine's entities and those of the profile.
func (c *compiled) knownEntities() []string {
	known := make([]string, 0, len(c.entities))
	for _, e := range c.entities {
		known = append(known, string(e))
	}
	own := map[string]bool{}
	for _, e := range c.profile.Deny {
		own[string(e)] = true
	}
	for _, p := range c.profile.Patterns {
		own[string(p.Entity)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	return known
}

// checkEntity says what is wrong with the name of an entity. A recognizer may find
// entities of any name.
func (c *compiled) checkEntity(e Entity, known []string) string {
	if slices.Contains(known, string(e)) || len(c.options.recognizers) > 0 && isEntityName(string(e)) {
		return ""
	}
	return unknown("entity", string(e), known)
}

// isEntityName reports whether text is capitals, digits and underscores after a capital, at
// most 40.
func isEntityName(text string) bool {
	for i := range len(text) {
		if c := text[i]; !isUpper(c) && (i == 0 || !isDigit(c) && c != '_') {
			return false
		}
	}
	return text != "" && len(text) <= maxEntity
}

func (k *compiler) entities() {
	p, c := &k.c.profile, k.c
	known := c.knownEntities()
	for _, e := range slices.Sorted(maps.Keys(p.Entities)) {
		if fault := c.checkEntity(e, known); fault != "" {
			k.fault(fault, "entities", string(e))
			continue
		}
		k.strategy(p.Entities[e], "entities", string(e))
	}
	c.isPlain = true
	c.others = map[Entity]Strategy{}
	for _, name := range known {
		if e := Entity(name); p.Entities[e] == "" {
			p.Entities[e] = p.Default
		}
	}
	for e, s := range p.Entities {
		if id := slices.Index(c.entities, e); id < 0 {
			c.others[e] = s
		}
		c.isPlain = c.isPlain && (s == Auto || s == Keep)
	}
	c.isPlain = c.isPlain && p.Default == Auto
	c.strategies = make([]Strategy, len(c.entities))
	for id, e := range c.entities {
		c.strategies[id] = p.Entities[e]
		if p.Entities[e] == Keep {
			c.on &^= entityID(id).bit()
		}
	}
	c.actions = byteActions(c.on)
}

func (k *compiler) fields() {
	p, c := &k.c.profile, k.c
	c.fields = map[string]*fieldMask{}
	if len(p.Fields) > maxTexts {
		k.fault(fmt.Sprintf("has more than %d members", maxTexts), "fields")
		return
	}
	builtin := builtinFields()
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		folded, s := foldField(name), p.Fields[name]
		k.strategy(s, "fields", name)
		switch old := c.fields[folded]; {
		case folded == "" || len(name) > maxText:
			k.fault(fmt.Sprintf("has no letter, or more than %d bytes", maxText), "fields", name)
		case old != nil && old.strategy != s:
			k.fault("is there twice, with different strategies", "fields", name)
		default:
			c.fields[folded] = &fieldMask{strategy: s}
		}
	}
	for _, b := range builtin {
		f := c.fields[foldField(b.name)]
		if f == nil {
			f = &fieldMask{strategy: b.strategy}
			c.fields[foldField(b.name)] = f
			p.Fields[b.name] = b.strategy
		}
		f.entity, f.textOnly, f.isBuiltin = b.entity, !b.isNumber, true
	}
}

func (k *compiler) paths() {
	p, c := &k.c.profile, k.c
	if len(p.Paths) > maxPatterns {
		k.fault(fmt.Sprintf("has more than %d members", maxPatterns), "paths")
		return
	}
	for _, text := range slices.Sorted(maps.Keys(p.Paths)) {
		k.strategy(p.Paths[text], "paths", text)
		segments, fault := parsePath(text)
		if fault != "" {
			k.fault(fault, "paths", text)
			continue
		}
		c.paths = append(c.paths, path{segments: segments, field: &fieldMask{strategy: p.Paths[text]}})
	}
}

// score turns off the rules with a lower score.
func (k *compiler) score() {
	c := k.c
	if c.custom != nil {
		c.rules = append(slices.Clone(c.rules), Rule{id: nameID + 1, bit: (nameID + 1).bit()})
	}
	if c.profile.MinScore == 0 {
		return
	}
	rules := slices.Clone(c.rules)
	on := entitySet(0)
	for i := range rules[:ruleCount] {
		if rules[i].Score < c.profile.MinScore {
			rules[i].bit = 0
		}
		on |= rules[i].bit
	}
	c.rules = rules
	c.on &= on
	c.actions = byteActions(c.on)
}
