package masking

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
)

// Options are those of one call. A nil or zero member means what the profile says.
type Options struct {
	Entities []Entity // the entities that are looked for
	Strategy Strategy // of all findings and fields, except those that the profile keeps
	// Fields are dotted paths from the root, of members that are masked whole besides:
	// "user.address". Arrays on the way are passed through.
	Fields []string
}

// Call masks for one tenant. It is for one goroutine.
type Call struct {
	ctx    context.Context //nolint:containedctx // a Call is one call
	tenant string
	hide   hider
	isDry  bool
	key    []byte            // of the tenant, when it has been asked for
	tokens map[string]string // those that are not stored yet
	err    error
}

// For binds a tenant and the options of a call to the profile in force. An unknown entity
// or strategy, and an empty field, are validation_failed errors that list the known names.
// A call's strategy of [Hash] or [Token] without a tenant, keys or a store is
// not_supported; where the profile has it, it is [Placeholder].
func (m *Masker) For(ctx context.Context, tenant string, o Options) (*Call, error) {
	base := m.inForce.Load()
	c := &Call{ctx: ctx, tenant: tenant, hide: hider{compiled: base}}
	c.hide.call = c
	if o.Entities == nil && o.Strategy == "" && len(o.Fields) == 0 {
		return c, nil
	}
	if faults := base.check(o); len(faults) > 0 {
		return nil, cpodkit.ValidationError(faults...)
	}
	if o.Strategy == Hash && !c.canHash() || o.Strategy == Token && !c.canToken() {
		return nil, cpodkit.Errorf(cpodkit.CodeNotSupported, "This server has no keys or no store for the strategy %q.", o.Strategy)
	}
	c.hide.compiled = base.with(o)
	return c, nil
}

// check says what is wrong with options.
func (c *compiled) check(o Options) []cpodkit.FieldError {
	var faults []cpodkit.FieldError
	add := func(detail, format string, args ...any) {
		if detail != "" && len(faults) < 20 {
			faults = append(faults, cpodkit.FieldError{Pointer: fmt.Sprintf(format, args...), Detail: detail})
		}
	}
	known := c.knownEntities()
	for i, e := range o.Entities {
		add(c.checkEntity(e, known), "/entities/%d", i)
	}
	if o.Strategy != "" {
		add(c.options.checkStrategy(o.Strategy), "/strategy")
	}
	if len(o.Fields) > maxPatterns {
		add(fmt.Sprintf("has more than %d elements", maxPatterns), "/fields")
	}
	for i, f := range o.Fields {
		if f == "" || len(f) > maxPattern || !utf8.ValidString(f) || strings.HasPrefix(f, "$.") { // JSON paths are the profile's
			add(fmt.Sprintf("is not a path of names with dots between them, of 1 to %d bytes, without $. before it", maxPattern), "/fields/%d", i)
		}
	}
	return faults
}

// with returns c with the options of a call.
func (c *compiled) with(o Options) *compiled {
	own := *c
	if o.Entities != nil {
		own.only(o.Entities)
	}
	if o.Strategy != "" {
		own.override = o.Strategy
		own.isPlain = o.Strategy == Auto && own.custom == nil
		own.mayDrop = own.mayDrop || o.Strategy == Drop
	}
	own.paths = nil
	for _, f := range o.Fields {
		own.paths = append(own.paths, path{dotted: f, field: &fieldMask{strategy: Auto}})
	}
	own.paths = append(own.paths, c.paths...)
	return &own
}

// only turns all other entities off.
func (c *compiled) only(entities []Entity) {
	on := entitySet(0)
	c.strategies = slices.Clone(c.strategies)
	for id, e := range c.entities {
		if !slices.Contains(entities, e) {
			continue
		}
		on |= entityID(id).bit()
		if c.strategies[id] == Keep {
			c.strategies[id] = c.entityStrategy(e)
			c.isPlain = c.isPlain && c.strategies[id] == Auto
		}
	}
	c.on = on
	c.actions = byteActions(on)
	if c.custom != nil {
		own := *c.custom
		own.only = entities
		c.custom = &own
	}
	c.keys = nil // they say which names are clean
}

// String masks a text, and returns it with the findings, whose offsets are those in text.
func (c *Call) String(text string) (string, []Finding, error) {
	found := c.hide.find(nil, text)
	if len(found) == 0 {
		return text, nil, nil
	}
	defer c.hide.release()
	out, _ := c.hide.text(nil, text, nil)
	return string(out), found, c.finish()
}

// JSON is [Masker.MaskJSON] for the call.
func (c *Call) JSON(dst, src []byte) ([]byte, error) {
	defer c.hide.release()
	out, err := c.hide.json(dst, src)
	if err != nil {
		return dst, err
	}
	if err := c.finish(); err != nil {
		return dst, err
	}
	return out, nil
}

// Value is [Masker.Mask] for the call.
func (c *Call) Value(v any) (any, error) {
	out := c.hide.value(c.hide, v)
	if err := c.finish(); err != nil {
		return nil, err
	}
	return out, nil
}

// Masked is a value that would be masked. It does not hold the text.
type Masked struct {
	Pointer  string // RFC 6901; of a member's name that of the member
	Entity   Entity // "" for a field without one
	Rule     string // "field" for a field
	Score    float64
	Start    int // in code points of the string
	End      int
	Strategy Strategy
	Field    bool // masked whole because of its name or its path
}

// maxDryRun is how many bytes the pointers of a dry run have at most, and dryRunEntry what
// else counts of each finding.
const (
	maxDryRun   = 16 << 20
	dryRunEntry = 64
)

// DryRun returns what [Call.JSON] would mask in src, in its order. It makes no tokens and
// needs no keys. A result of about 16 MiB or more is payload_too_large.
func (c *Call) DryRun(src []byte) ([]Masked, error) {
	list := []Masked{}
	dry := &Call{ctx: c.ctx, tenant: c.tenant, hide: c.hide, isDry: true}
	dry.hide.call, dry.hide.cleaner = dry, nil
	defer dry.hide.release()
	j := jsonMasker{p: &dry.hide}
	size, pointer, counted, points := 0, "", 0, 0 // the last two are of the text
	dry.hide.report = func(f Finding, s Strategy, text string, isFirst, isField bool) {
		if size > maxDryRun {
			return
		}
		if isFirst {
			pointer, counted, points = j.pointer(), 0, 0
		}
		if size += len(pointer) + dryRunEntry; size > maxDryRun {
			return
		}
		start := points + utf8.RuneCountInString(text[counted:f.Start])
		counted, points = f.End, start+utf8.RuneCountInString(text[f.Start:f.End])
		list = append(list, Masked{
			Pointer: pointer, Entity: f.Entity, Rule: f.Rule, Score: f.Score,
			Start: start, End: points, Strategy: s, Field: isField,
		})
	}
	if _, err := j.whole(nil, src); err != nil {
		return nil, err
	}
	if size > maxDryRun {
		return nil, cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "More would be masked than one answer holds; send a part of the value.")
	}
	return list, nil
}

// makesTokens reports whether the call may make tokens.
func (c *Call) makesTokens() bool {
	h := c.hide.compiled
	switch {
	case !c.canToken():
		return false
	case h.override != "":
		return h.override == Token
	}
	isToken := func(s Strategy) bool { return s == Token }
	p := &h.profile
	return isToken(p.Default) || slices.ContainsFunc(slices.Collect(maps.Values(p.Entities)), isToken) ||
		slices.ContainsFunc(slices.Collect(maps.Values(p.Fields)), isToken) ||
		slices.ContainsFunc(slices.Collect(maps.Values(p.Paths)), isToken)
}

func (c *Call) canHash() bool {
	return c != nil && c.tenant != "" && c.hide.options.keys != nil
}

func (c *Call) canToken() bool { return c.canHash() && c.hide.options.tokens != nil }

// mac returns the HMAC of a value, or false when there is no key.
func (c *Call) mac(use Strategy, e Entity, text string) ([]byte, bool) {
	if c.isDry || c.err != nil {
		return nil, false
	}
	if c.key == nil {
		key, err := c.hide.options.keys.Key(c.ctx, c.tenant)
		switch {
		case err != nil:
			c.err = storeError("The key for masking could not be read; try it again.", err)
			return nil, false
		case len(key) != sha256.Size:
			c.err = fmt.Errorf("masking: the key of a tenant has %d bytes, not %d", len(key), sha256.Size)
			return nil, false
		}
		c.key = key
	}
	h := hmac.New(sha256.New, c.key)
	for _, part := range []string{string(use), string(e), text} {
		h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil), true
}

// storeError words an error of a store: it is unavailable. One that is worded already, such
// as quota_exceeded, stays, and so does one with the code internal, which is in vain to try
// again.
func storeError(detail string, err error) error {
	if _, ok := errors.AsType[*cpodkit.Error](err); ok || errors.Is(err, cpodkit.CodeInternal) {
		return err
	}
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "%s", detail).WithCause(err)
}

func (c *Call) appendHash(dst []byte, e Entity, text string) []byte {
	sum, ok := c.mac(Hash, e, text)
	if !ok {
		return appendPlaceholder(dst, e)
	}
	return fmt.Appendf(dst, "[%s#%x]", e, sum[:hashDigits/2])
}

func (c *Call) appendToken(dst []byte, e Entity, text string) []byte {
	sum, ok := c.mac(Token, e, text)
	if !ok {
		return appendPlaceholder(dst, e)
	}
	token := tokenPrefix + lowerBase32().EncodeToString(sum[:16])
	if c.tokens == nil {
		c.tokens = map[string]string{}
	}
	c.tokens[token] = text
	return append(dst, token...)
}

// lowerBase32 is the alphabet of RFC 4648, section 6, in lower case.
func lowerBase32() *base32.Encoding {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
}

// finish stores the tokens of the call.
func (c *Call) finish() error {
	if err := c.err; err != nil {
		c.err, c.tokens = nil, nil
		return err
	}
	if len(c.tokens) == 0 {
		return nil
	}
	err := c.hide.options.tokens.Put(c.ctx, c.tenant, c.tokens)
	c.tokens = nil
	if err != nil {
		return storeError("The tokens could not be stored; try it again.", err)
	}
	return nil
}
