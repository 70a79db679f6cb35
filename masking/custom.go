package masking

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Recognizer finds entities that the engine does not know. It sees one line of a text at a
// time, or one piece of a line of more than 16 KiB, without what is before it. It appends
// its findings to dst with offsets in that line. Findings without an Entity of capitals,
// digits and underscores, and those that are not inside of the line, are ignored. It is
// called concurrently; its time must be linear in the line. When it panics, the line is
// hidden as a whole: "[MASKED]".
type Recognizer interface {
	Recognize(dst []Finding, line string) []Finding
}

// WithRecognizer adds a recognizer. Of equal findings of several recognizers that of the
// first one stays. New refuses nil.
func WithRecognizer(r Recognizer) Option {
	return func(o *options) { o.recognizers = append(o.recognizers, r) }
}

// custom is what a profile finds besides the rules of the engine, and what it does not
// let them find.
type custom struct {
	profile     *Profile
	only        []Entity // of a call, or nil
	names       map[Entity]bool
	allowed     map[string]bool
	allowStarts []string
	allowEnds   []string
	denied      map[string][]denied // by the first word, folded
	patterns    []pattern
	recognizers []Recognizer
}

type denied struct {
	text   string // folded
	entity Entity
}

type pattern struct {
	regexp  *regexp.Regexp
	entity  Entity
	score   float64
	context []string // folded
}

// The rules of findings that are not the engine's, in the order that decides between equal
// ones.
const (
	denyRule       = "deny"
	patternRule    = "pattern"
	recognizerRule = "recognizer"
)

func (k *compiler) texts() {
	p, c := &k.c.profile, k.c
	own := &custom{profile: p, allowed: map[string]bool{}, denied: map[string][]denied{}, recognizers: c.options.recognizers}
	if len(p.Allow)+len(p.Deny)+len(p.Patterns)+len(own.recognizers) > 0 {
		c.custom = own
		own.names = map[Entity]bool{}
		for e := range p.Entities {
			own.names[e] = true
		}
	}
	if len(p.Allow) > maxTexts || len(p.Deny) > maxTexts {
		k.fault(fmt.Sprintf("has more than %d elements", maxTexts), "allow or deny")
		return
	}
	for i, text := range p.Allow {
		folded := foldText(text)
		start, hasEnd := strings.CutSuffix(folded, "*")
		end, hasStart := strings.CutPrefix(folded, "*")
		switch {
		case badText(text) || strings.Trim(text, "*") == "" || hasEnd && hasStart || strings.Contains(strings.Trim(text, "*"), "*"):
			k.fault(fmt.Sprintf("is not a text of 1 to %d bytes with at most one *, at its start or its end", maxText), "allow", fmt.Sprint(i))
		case hasEnd:
			own.allowStarts = append(own.allowStarts, start)
		case hasStart:
			own.allowEnds = append(own.allowEnds, end)
		default:
			own.allowed[folded] = true
		}
	}
	for _, text := range slices.Sorted(maps.Keys(p.Deny)) {
		if badText(text) || c.isOwn(text) {
			k.fault(fmt.Sprintf("is not a text of 1 to %d bytes on one line", maxText), "deny", text)
			continue
		}
		if !isEntityName(string(p.Deny[text])) {
			k.fault(entityNameFault, "deny", text)
			continue
		}
		folded := foldText(strings.TrimSpace(text))
		first := folded[:firstWord(folded)]
		own.denied[first] = append(own.denied[first], denied{folded, p.Deny[text]})
	}
}

const entityNameFault = "is not the name of an entity: a capital, and capitals, digits and underscores, at most 40"

// badText reports whether a text cannot be on a line, or is too long.
func badText(text string) bool {
	return strings.TrimSpace(text) == "" || len(text) > maxText || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n")
}

func (k *compiler) patterns() {
	p := &k.c.profile
	if len(p.Patterns) > maxPatterns {
		k.fault(fmt.Sprintf("has more than %d elements", maxPatterns), "patterns")
		return
	}
	for i := range p.Patterns {
		q, at := &p.Patterns[i], fmt.Sprint(i)
		if q.Score == 0 {
			q.Score = patternScore
		}
		if !isEntityName(string(q.Entity)) {
			k.fault(entityNameFault, "patterns", at, "entity")
		}
		if !(q.Score > 0 && q.Score <= 1) {
			k.fault("is not a number from 0 to 1", "patterns", at, "score")
			q.Score = patternScore
		}
		one := pattern{entity: q.Entity, score: q.Score}
		for j, word := range q.Context {
			if badText(word) {
				k.fault(fmt.Sprintf("is not a word of 1 to %d bytes", maxText), "patterns", at, "context", fmt.Sprint(j))
			}
			one.context = append(one.context, foldText(word))
		}
		var fault string
		if one.regexp, fault = parsePattern(q.Pattern); fault != "" {
			k.fault(fault, "patterns", at, "pattern")
			continue
		}
		if q.Score >= p.MinScore {
			k.c.custom.patterns = append(k.c.custom.patterns, one)
		}
	}
}

// parsePattern compiles a pattern, or says what is wrong with it.
func parsePattern(text string) (*regexp.Regexp, string) {
	if len(text) > maxPattern {
		return nil, fmt.Sprintf("has more than %d bytes", maxPattern)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, "is not a regular expression: " + err.Error()
	}
	if canBeEmpty(tree) {
		return nil, "matches the empty string"
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, "is not a regular expression: " + err.Error()
	}
	return re, ""
}

// canBeEmpty reports whether an expression can match without taking in a character.
func canBeEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpNoMatch:
		return false
	case syntax.OpCapture, syntax.OpPlus:
		return canBeEmpty(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || canBeEmpty(re.Sub[0])
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !canBeEmpty(sub) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, canBeEmpty)
	}
	return true
}

// candidate is a finding with its place in the order that decides between equal ones.
type candidate struct {
	Finding

	order int
}

// customs puts what the profile finds in the part from..to of the text between the findings
// of the engine, and takes out those that the profile allows.
func (s *scan) customs(from, to int) {
	c := s.m.custom
	if c == nil {
		return
	}
	s.found = slices.DeleteFunc(s.found, func(f Finding) bool { return f.End <= to && c.allows(s.text[f.Start:f.End]) })
	var all []candidate
	for start := from; start < to; {
		end := to
		if i := strings.IndexByte(s.text[start:to], '\n'); i >= 0 {
			end = start + i
		}
		all = s.customLine(all, start, end)
		start = end + 1
	}
	if len(all) == 0 {
		return
	}
	for _, f := range s.found {
		all = append(all, candidate{f, int(s.m.rules[f.rule].id) - int(nameID) - 1})
	}
	s.found = appendBest(s.found[:0], all)
}

// appendBest appends those candidates that no better one overlaps.
func appendBest(dst []Finding, all []candidate) []Finding {
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(b.End-b.Start, a.End-a.Start), cmp.Compare(b.Score, a.Score),
			cmp.Compare(a.order, b.order), cmp.Compare(a.Start, b.Start),
		)
	})
	for _, f := range all {
		i, _ := slices.BinarySearchFunc(dst, f.Start, func(x Finding, start int) int { return cmp.Compare(x.Start, start) })
		if i > 0 && dst[i-1].End > f.Start || i < len(dst) && dst[i].Start < f.End {
			continue
		}
		dst = slices.Insert(dst, i, f.Finding)
	}
	return dst
}

// customLine appends what the profile finds in the line from start to end.
func (s *scan) customLine(dst []candidate, start, end int) []candidate {
	c, text := s.m.custom, s.text
	line := strings.TrimSuffix(text[start:end], "\r")
	add := func(f Finding, order int) {
		f.rule = ruleCount
		if c.isOff(f.Entity) || c.allows(line[f.Start:f.End]) || s.isMasked(start+f.Start, start+f.End) {
			return
		}
		f.Start, f.End = f.Start+start, f.End+start
		dst = append(dst, candidate{f, order})
	}
	c.deny(line, add)
	for i := range c.patterns {
		p := &c.patterns[i]
		for _, at := range p.regexp.FindAllStringIndex(line, -1) {
			if at[0] < at[1] && s.inContext(p, start+at[0]) {
				add(Finding{Entity: p.entity, Rule: patternRule, Start: at[0], End: at[1], Score: p.score}, 1+i)
			}
		}
	}
	var found []Finding
	for i, r := range c.recognizers {
		found = recognize(r, found[:0], line)
		for _, f := range found {
			if f.Start < 0 || f.End <= f.Start || f.End > len(line) || !isEntityName(string(f.Entity)) ||
				!(f.Score >= c.profile.MinScore) || !isRuneStart(line, f.Start) || !isRuneStart(line, f.End) {
				continue
			}
			f.Rule = cmp.Or(f.Rule, recognizerRule)
			add(f, 1+maxPatterns+i)
		}
	}
	return dst
}

// recognize calls a recognizer. The line is hidden as a whole when it panics.
func recognize(r Recognizer, dst []Finding, line string) (found []Finding) {
	defer func() {
		if recover() != nil {
			dst = append(dst[:0], Finding{Entity: maskedEntity, End: len(line), Score: 1})
			found = dst
		}
	}()
	return r.Recognize(dst, line)
}

func isRuneStart(text string, i int) bool { return i == len(text) || utf8.RuneStart(text[i]) }

// hasContext reports whether a pattern needs words before it.
func (c *custom) hasContext() bool {
	return c != nil && slices.ContainsFunc(c.patterns, func(p pattern) bool { return len(p.context) > 0 })
}

// isOff reports whether an entity is not looked for.
func (c *custom) isOff(e Entity) bool {
	if e == maskedEntity {
		return false
	}
	if c.only != nil {
		return !slices.Contains(c.only, e)
	}
	return cmp.Or(c.profile.Entities[e], c.profile.Default) == Keep
}

// allows reports whether a text is never a finding.
func (c *custom) allows(text string) bool {
	if len(c.allowed)+len(c.allowStarts)+len(c.allowEnds) == 0 {
		return false
	}
	folded := foldText(text)
	return c.allowed[folded] ||
		slices.ContainsFunc(c.allowStarts, func(start string) bool { return strings.HasPrefix(folded, start) }) ||
		slices.ContainsFunc(c.allowEnds, func(end string) bool { return strings.HasSuffix(folded, end) })
}

// deny finds the denied texts of a line.
func (c *custom) deny(line string, add func(Finding, int)) {
	if len(c.denied) == 0 {
		return
	}
	for i := 0; i < len(line); {
		n := firstWord(line[i:])
		for _, d := range c.denied[foldText(line[i:i+n])] {
			if length := foldedPrefix(line[i:], d.text); length > 0 && endsAtWord(line, i+length) {
				add(Finding{Entity: d.entity, Rule: denyRule, Start: i, End: i + length, Score: 1}, 0)
			}
		}
		i += n
	}
}

// firstWord returns the length of the word that text starts with, or of its first
// character when that is not part of a word.
func firstWord(text string) int {
	for i, r := range text {
		if !isWordRune(r) {
			if i == 0 {
				_, n := utf8.DecodeRuneInString(text)
				return n
			}
			return i
		}
	}
	return len(text)
}

func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// endsAtWord reports whether no word goes on at i.
func endsAtWord(text string, i int) bool {
	last, _ := utf8.DecodeLastRuneInString(text[:i])
	next, _ := utf8.DecodeRuneInString(text[i:])
	return i == len(text) || !isWordRune(last) || !isWordRune(next)
}

// foldText returns text in lower case, letter by letter.
func foldText(text string) string { return strings.Map(unicode.ToLower, text) }

// foldedPrefix returns the length of what text starts with that is folded to prefix, or 0.
func foldedPrefix(text, prefix string) int {
	rest := prefix
	for i, r := range text {
		if rest == "" {
			return i
		}
		want, n := utf8.DecodeRuneInString(rest)
		if unicode.ToLower(r) != want {
			return 0
		}
		rest = rest[n:]
	}
	if rest != "" {
		return 0
	}
	return len(text)
}

// inContext reports whether a word of the pattern's context is in the 64 bytes of the line
// before i.
func (s *scan) inContext(p *pattern, i int) bool {
	if len(p.context) == 0 {
		return true
	}
	text := s.text
	from := max(0, i-contextBytes)
	for from < i && !utf8.RuneStart(text[from]) {
		from++
	}
	from += strings.LastIndexByte(text[from:i], '\n') + 1
	for _, word := range p.context {
		for at := from; at < i; at++ {
			n := foldedPrefix(text[at:i], word)
			if n == 0 || !endsAtWord(text, at+n) {
				continue
			}
			before, _ := utf8.DecodeLastRuneInString(text[:at])
			if _, own := s.m.placeholderAround(text, at+1); !isWordRune(before) && own == 0 {
				return true
			}
		}
	}
	return false
}

// knows reports whether the profile may have put in a placeholder of a name. A recognizer
// finds entities of any name.
func (c *custom) knows(name string) bool {
	if c.names[Entity(name)] {
		return true
	}
	return len(c.recognizers) > 0 && isEntityName(name) && !hasDigit(name)
}
