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

	call   *Call // or nil, without a tenant
	found  []Finding
	report func(f Finding, s Strategy, text string, isFirst, isField bool) // of a dry run, or nil
}

// fieldRule is the rule of the findings that fields are.
const fieldRule = "field"

// maxRounds bounds how often a text is masked until nothing is found in it. A second round
// is needed only where a strategy leaves or makes a finding.
const maxRounds = 4

// text masks a string that is the value of a member; k is nil where there is none.
func (p *hider) text(dst []byte, text string, k *keyInfo) ([]byte, verdict) {
	p.found = p.findValue(p.found[:0], text, k)
	if len(p.found) == 0 {
		return dst, same
	}
	if p.report != nil {
		for i, f := range p.found {
			p.report(f, p.strategy(&f), text, i == 0, false)
		}
	}
	if f := &p.found[0]; f.End-f.Start == len(text) && p.strategy(f) == Drop {
		return dst, gone
	}
	first := len(dst)
	dst = p.appendFound(dst, text, p.found)
	for range maxRounds {
		if p.isPlain {
			break
		}
		text = string(dst[first:])
		if p.found = p.findValue(p.found[:0], text, k); len(p.found) == 0 {
			break
		}
		dst = p.appendFound(dst[:first], text, p.found)
	}
	return dst, masked
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
	if p.isPlain {
		return appendMasked(dst, text, found)
	}
	if len(found) == 1 && found[0].Start == 0 && found[0].End == len(text) {
		return p.appendOne(dst, text, &found[0], true)
	}
	return p.appendInText(dst, text, 0, found)
}

// appendInText is appendPlaceholders with the strategies of the profile.
func (p *hider) appendInText(dst []byte, text string, offset int, found []Finding) []byte {
	if p.isPlain {
		return appendPlaceholders(dst, text, offset, found)
	}
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
		case !isWhole && s == Auto:
			return appendPlaceholder(dst, f.Entity)
		case f.Entity == Email && strings.LastIndexByte(text, '@') < 1: // a field that is no address
			return appendShape(dst, text, maskedEntity)
		}
		return appendShape(dst, text, f.Entity)
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
	mask := p.options.strategies[s]
	if mask == nil {
		return appendPlaceholder(dst, f.Entity)
	}
	ctx := context.Context(endless{})
	if p.call != nil {
		ctx = p.call.ctx
	}
	return append(dst, strings.ToValidUTF8(mask(ctx, *f, text), "\uFFFD")...)
}

// maskedEntity is the entity of a field that has none.
const maskedEntity Entity = "MASKED"

// field masks the text of a field as a whole.
func (p *hider) field(dst []byte, text string, f *fieldMask) ([]byte, verdict) {
	if f.strategy == Keep || text == "" || isOwn(text) {
		return dst, same
	}
	e := Finding{Entity: f.entity, Rule: fieldRule, End: len(text), Score: 1, rule: ruleCount}
	s := p.effective(f.strategy, f.entity)
	if f.entity == "" && (s == Auto || s == Shape) {
		if p.found = p.find(p.found[:0], text); len(p.found) == 1 && p.found[0].End-p.found[0].Start == len(text) {
			e.Entity = p.found[0].Entity
		} else if s == Auto {
			s = Placeholder
		}
	}
	if p.report != nil {
		p.report(e, s, text, true, true)
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

const (
	tokenPrefix = "tok_"
	tokenLength = len(tokenPrefix) + 26
	hashDigits  = 16
)

// isOwn reports whether a text is what this package puts in: a placeholder, a hash or a
// token.
func isOwn(text string) bool { return text != "" && ownEnd(text) == len(text) }

// ownEnd returns where the placeholder, hash or token ends that text starts with, or 0.
func ownEnd(text string) int {
	if strings.HasPrefix(text, tokenPrefix) {
		if len(text) < tokenLength {
			return 0
		}
		for _, c := range []byte(text[len(tokenPrefix):tokenLength]) {
			if c-'a' >= 26 && c-'2' >= 6 {
				return 0
			}
		}
		return tokenLength
	}
	if text[0] != '[' {
		return 0
	}
	end := strings.IndexByte(text[:min(len(text), maxEntity+hashDigits+3)], ']')
	if end < 0 {
		return 0
	}
	name, hash, hasHash := strings.Cut(text[1:end], "#")
	if !isEntityName(name) || hasHash && len(hash) != hashDigits {
		return 0
	}
	for _, c := range []byte(hash) {
		if !isDigit(c) && c-'a' >= 6 {
			return 0
		}
	}
	return end + 1
}

// endless is the context of calls that have none.
type endless struct{}

func (endless) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }
func (endless) Done() <-chan struct{}                   { return nil }
func (endless) Err() error                              { return nil }
func (endless) Value(any) any                           { return nil }
