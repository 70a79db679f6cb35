package masking

import "strings"

// nameOfValue returns what the name before "value", which ends at i, says of it, as in
// <property name="password" value="x"/> and {"name": "PASSWORD", "value": "x"}.
func (s *scan) nameOfValue(i int) flags {
	const value = "value"
	if s.before(i) == '"' {
		i--
	}
	if i < len(value) || s.text[i-1] != 'e' || !strings.EqualFold(s.text[i-len(value):i], value) {
		return 0
	}
	i -= len(value)
	for n := 0; n < 4 && strings.IndexByte(" \",", s.before(i)) >= 0; n++ {
		if i--; s.text[i] == '"' && s.before(i) != ' ' && s.before(i) != ',' {
			return s.keyBefore(i + 1)
		}
	}
	return 0
}

// tag handles a > at i, after the name of an XML element: <password>x</password>.
func (s *scan) tag(i int) int {
	start := i
	for start > 0 && i-start < 40 && (isWord(s.text[start-1]) || s.text[start-1] == '-' || s.text[start-1] == ':' || s.text[start-1] == '.') {
		start--
	}
	if start == i || s.before(start) != '<' {
		return i + 1
	}
	key := s.keyBefore(i)
	if key&secret == 0 {
		return i + 1
	}
	limit := min(len(s.text), i+maxSecret)
	to := i + 1
	for to < limit && s.text[to] != '<' && s.text[to] >= ' ' {
		to++
	}
	if !strings.HasPrefix(s.text[to:], "</") || to == i+1 || !s.isSecretValue(key, s.text[i+1:to], to, true) {
		return i + 1
	}
	s.addSecret(key, i+1, to)
	return i + 1
}

func (s *scan) addSecret(key flags, from, to int) {
	id := ruleSecret
	if key&strongKey != 0 {
		id = rulePassword
	}
	s.add(id, from, to)
}

// passwordAt handles a capital at i, of a word for a password or "IDENTIFIED BY".
func (s *scan) passwordAt(i int) {
	switch next := s.at(i+1) | 0x20; s.text[i] {
	case 'P':
		if next == 'a' || next == 's' || next == 'w' {
			s.passwordStated(i)
		}
	case 'W':
		if next == 'a' {
			s.passwordStated(i)
		}
	case 'I':
		if next == 'd' {
			s.identifiedBy(i)
		}
	}
}

// identifiedBy handles an I at i, of "IDENTIFIED BY 'x'" in SQL.
func (s *scan) identifiedBy(i int) {
	const words = "IDENTIFIED BY "
	if i+len(words) > len(s.text) || !strings.EqualFold(s.text[i:i+len(words)], words) {
		return
	}
	from, to, quoted := s.value(i + len(words))
	if from < to && s.isSecretValue(secret|strongKey, s.text[from:to], to, quoted) {
		s.add(rulePassword, from, to)
	}
}
