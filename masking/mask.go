package masking

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
)

// verdict is what became of a text.
type verdict uint8

const (
	same   verdict = iota // it stays
	masked                // its masked form has been appended
	gone                  // it leaves its object
)

// hider masks the values of one call.
type hider struct {
	*compiled

	call    *Call                                                  // or nil, without a tenant
	cleaner *cleaner                                               // or nil
	report  func(f Finding, s Strategy, text string, isField bool) // of a dry run, or nil
}

// fieldRule is the rule of the findings that fields are.
const fieldRule = "field"

// maxRounds bounds how often a text is masked until nothing is found in it. A second round
// is needed only where a strategy leaves or makes a finding.
const maxRounds = 4

// text masks a string that is the value of a member; k is nil where there is none.
func (p *hider) text(dst []byte, text string, k *keyInfo) ([]byte, verdict) {
	c := p.clean()
	prefix, found := p.findValue(c, text, k)
	if !found {
		return dst, same
	}
	isWhole := len(c.left) == 1 && c.left[0].Start == 0 && c.left[0].End == len(text)
	if p.report != nil {
		for i := range c.left {
			p.report(c.left[i], p.strategy(&c.left[i]), text, false)
		}
	}
	switch {
	case p.isPlain && isWhole:
		return p.appendSafeShape(dst, text, c.left[0].Entity), masked
	case p.isPlain:
		return append(dst, c.out[prefix:]...), masked
	case isWhole && p.strategy(&c.left[0]) == Drop:
		return dst, gone
	}
	first := len(dst)
	dst = p.appendFound(dst, text, c.left)
	for range maxRounds {
		text = string(dst[first:])
		if _, found = p.findValue(c, text, k); !found {
			break
		}
		dst = p.appendFound(dst[:first], text, c.left)
	}
	return dst, masked
}

// clean returns the cleaner of the call.
func (p *hider) clean() *cleaner {
	if p.cleaner == nil {
		p.cleaner = p.compiled.cleaner()
	}
	return p.cleaner
}

// release gives back the cleaner.
func (p *hider) release() {
	if p.cleaner != nil {
		p.cleaners.Put(p.cleaner)
		p.cleaner = nil
	}
}

// maskOther is maskString for a profile with other strategies than Auto, or with entities of
// its own.
func (c *compiled) maskOther(text string) string {
	p := hider{compiled: c}
	defer p.release()
	out, v := p.text(nil, text, nil)
	if v == same {
		return text
	}
	return string(out)
}

// appendSafeShape appends the shape of a text that is one finding. A shape in which something
// is found becomes the placeholder.
func (m *engine) appendSafeShape(dst []byte, text string, e Entity) []byte {
	first := len(dst)
	dst = appendShape(dst, text, e)
	if m.custom == nil && isSafeShape(text, e) {
		return dst
	}
	c := m.cleaner()
	defer m.cleaners.Put(c)
	if c.whole(m, view(dst[first:]), false) {
		dst = appendPlaceholder(dst[:first], e)
	}
	return dst
}

// isSafeShape reports whether nothing can be found in the shape of text: it is stars and
// what is between them, or an address of which the domain is a few letters.
func isSafeShape(text string, e Entity) bool {
	switch e {
	case Name:
		return false
	case Email:
		domain := text[strings.LastIndexByte(text, '@')+1:]
		for i := range len(domain) {
			if c := domain[i] | 0x20; c-'a' >= 26 && domain[i] != '.' {
				return false
			}
		}
		return len(domain) <= 24
	}
	return true
}

// strategy returns that of a finding.
func (p *hider) strategy(f *Finding) Strategy {
	if f.rule < ruleCount {
		return p.effective(p.strategies[p.rules[f.rule].id], f.Entity)
	}
	return p.effective(p.others[f.Entity], f.Entity)
}

// effective returns what a strategy comes to: the call's goes before, an entity that
// nothing lists has the default, and what needs a tenant is the placeholder without one.
func (p *hider) effective(s Strategy, e Entity) Strategy {
	if p.override != "" && s != Keep {
		s = p.override
	}
	if s == "" {
		s = p.entityStrategy(e)
	}
	if s == Hash && !p.call.canHash() || s == Token && !p.call.canToken() {
		return Placeholder
	}
	return s
}

// entityStrategy returns that of an entity which is masked though it may be off.
func (c *compiled) entityStrategy(e Entity) Strategy {
	s := c.profile.Entities[e]
	if s == "" || s == Keep {
		s = c.profile.Default
	}
	if s == Keep {
		return Auto
	}
	return s
}

// appendFound appends text with what was found in it hidden.
func (p *hider) appendFound(dst []byte, text string, found []Finding) []byte {
	if len(found) == 1 && found[0].Start == 0 && found[0].End == len(text) {
		return p.appendOne(dst, text, &found[0], true)
	}
	return p.appendInText(dst, text, 0, found)
}

// appendInText appends a part of a longer text, which is at offset in the findings' text, with
// what was found in it hidden.
func (p *hider) appendInText(dst []byte, text string, offset int, found []Finding) []byte {
	done := 0
	for i := range found {
		f := &found[i]
		dst = append(dst, text[done:f.Start-offset]...)
		dst = p.appendOne(dst, text[f.Start-offset:f.End-offset], f, false)
		done = f.End - offset
	}
	return append(dst, text[done:]...)
}

// appendOne appends what stands for a finding.
func (p *hider) appendOne(dst []byte, text string, f *Finding, isWhole bool) []byte {
	return p.apply(dst, p.strategy(f), text, f, isWhole)
}

// apply appends what a strategy makes of text.
func (p *hider) apply(dst []byte, s Strategy, text string, f *Finding, isWhole bool) []byte {
	switch s {
	case Auto, Shape:
		switch {
		case !isWhole && s == Auto, f.Entity == maskedEntity && f.Rule != fieldRule:
			return appendPlaceholder(dst, f.Entity)
		case f.Entity == Email && strings.LastIndexByte(text, '@') < 1: // a field that is no address
			return appendShape(dst, text, maskedEntity)
		}
		return p.appendSafeShape(dst, text, f.Entity)
	case Placeholder:
		return appendPlaceholder(dst, f.Entity)
	case Last4:
		return appendLast4(dst, text)
	case Fixed:
		return append(dst, p.profile.FixedText...)
	case Hash:
		return p.call.appendHash(dst, f.Entity, text)
	case Token:
		return p.call.appendToken(dst, f.Entity, text)
	case Drop:
		return dst
	case Keep:
		return append(dst, text...)
	}
	return p.applyOwn(dst, s, text, f)
}

// applyOwn applies a strategy of the caller's. When it panics, the placeholder is put in.
func (p *hider) applyOwn(dst []byte, s Strategy, text string, f *Finding) (out []byte) {
	defer func() {
		if recover() != nil {
			out = appendPlaceholder(dst, f.Entity)
		}
	}()
	ctx := context.Context(endless{})
	if p.call != nil {
		ctx = p.call.ctx
	}
	return append(dst, strings.ToValidUTF8(p.options.strategies[s](ctx, *f, text), "\uFFFD")...)
}

// maskedEntity is the entity of a field that has none.
const maskedEntity Entity = "MASKED"

// field masks the text of a field as a whole.
func (p *hider) field(dst []byte, text string, f *fieldMask) ([]byte, verdict) {
	if f.strategy == Keep || text == "" || p.isOwn(text) {
		return dst, same
	}
	e := Finding{Entity: f.entity, Rule: fieldRule, End: len(text), Score: 1, rule: ruleCount}
	s := p.effective(f.strategy, f.entity)
	if f.entity == "" && (s == Auto || s == Shape) {
		c := p.clean()
		if c.whole(&p.engine, text, false) && len(c.left) == 1 && c.left[0].End-c.left[0].Start == len(text) {
			e.Entity = c.left[0].Entity
		} else if s == Auto {
			s = Placeholder
		}
	}
	if p.report != nil {
		p.report(e, s, text, true)
	}
	if s == Drop {
		return dst, gone
	}
	if e.Entity == "" {
		e.Entity = maskedEntity
	}
	first := len(dst)
	if dst = p.apply(dst, s, text, &e, true); string(dst[first:]) == text {
		return dst[:first], same
	}
	return dst, masked
}

// appendLast4 hides letters and digits except the last four, and all when there are fewer
// than eight. A star counts as one, so that a masked text stays.
func appendLast4(dst []byte, text string) []byte {
	count := 0
	for _, r := range text {
		if isHidden(r) {
			count++
		}
	}
	shown := 4
	if count < 8 {
		shown = 0
	}
	for _, r := range text {
		if isHidden(r) {
			if count--; count >= shown {
				r = '*'
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

func isHidden(r rune) bool { return r == '*' || r >= 0x80 || isAlnum(byte(r)) }

// endless is the context of calls that have none.
type endless struct{}

func (endless) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }
func (endless) Done() <-chan struct{}                   { return nil }
func (endless) Err() error                              { return nil }
func (endless) Value(any) any                           { return nil }
