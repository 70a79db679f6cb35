package masking

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLocalPart is the most bytes of an e-mail address before the @ (RFC 5321, section
// 4.5.3.1.1).
const maxLocalPart = 64

// email handles an @ at i.
func (s *scan) email(i int) int {
	next := s.at(i + 1)
	if !isAlnum(next) && next < 0x80 && next != '[' {
		return i + 1
	}
	start := s.localPart(i)
	if start == i {
		return i + 1
	}
	end := s.domain(i + 1)
	if end == 0 {
		return i + 1
	}
	if s.at(end) == ':' && (s.text[start:i] == "git" || s.at(end+1) == '/' || s.at(end+1) == '~') {
		return end // user@host:path, of ssh
	}
	if n := len(s.found) - 1; n >= 0 {
		if last := &s.found[n]; last.Start < start && last.End > start && !s.beats(ruleEmail, end-start, last) {
			start = s.trimLocalPart(last.End, i)
		}
	}
	if start < i {
		s.add(ruleEmail, start, end)
	}
	return end
}

// trimLocalPart returns the position after the signs from start on, at most i.
func (s *scan) trimLocalPart(start, i int) int {
	for start < i && strings.IndexByte(".'*=-+^~!$%#&", s.text[start]) >= 0 {
		start++
	}
	return start
}

// localPart returns where the local part that ends at i starts, or i.
func (s *scan) localPart(i int) int {
	if s.before(i) == '"' {
		return s.quotedLocalPart(i)
	}
	start, floor := i, 0
	if n := len(s.found) - 1; n >= 0 && s.found[n].End <= i {
		floor = s.found[n].End
	}
	for start > floor && i-start < maxLocalPart {
		c := s.text[start-1]
		if s.m.kinds[c]&(alnum|localPart) == 0 && c < 0x80 {
			break
		}
		if c >= 0x80 && start < i && s.text[start] < 0x80 { // text without spaces is before it
			if r, _ := utf8.DecodeLastRuneInString(s.text[:start]); r >= 0x2E80 {
				break
			}
		}
		start--
	}
	if start > floor && i-start == maxLocalPart && s.m.kinds[s.text[start-1]]&(alnum|localPart) != 0 {
		return i
	}
	// In a text these characters separate.
	part := s.text[start:i]
	if !isSpecial(part) {
		cut := strings.LastIndexAny(part, "/|*?{}`")
		if and := strings.LastIndexByte(part, '&'); and > cut && strings.IndexByte(part, '=') >= 0 {
			cut = and
		}
		start += cut + 1
	}
	if cut := strings.IndexByte(s.text[start:i], '='); cut >= 0 && isKey(s.text[start:start+cut]) {
		start += cut + 1
	}
	if !isSpecial(part) {
		start = s.trimLocalPart(start, i)
	}
	if s.before(i) == '.' {
		return i
	}
	return start
}

// isSpecial reports whether a local part uses the separators on purpose.
func isSpecial(part string) bool {
	return strings.HasPrefix(part, "!#$%&") || strings.Contains(part, "+") && strings.Contains(part, "/") && strings.Contains(part, "=")
}

// isKey reports whether text is a name before an equals sign.
func isKey(text string) bool {
	for i := range len(text) {
		if c := text[i]; !isWord(c) && c != '-' && c != '.' {
			return false
		}
	}
	return text != ""
}

// quotedLocalPart returns where the quoted string that ends at i starts.
func (s *scan) quotedLocalPart(i int) int {
	for start := i - 2; start >= 0 && i-start <= maxLocalPart; start-- {
		switch c := s.text[start]; {
		case c == '"' && start < i-2:
			return start
		case c < ' ' || c == '"' || c == ':' || c == ',':
			return i
		}
	}
	return i
}

// domain returns where the domain that starts at i ends, or 0.
func (s *scan) domain(i int) int {
	if s.at(i) == '[' {
		return s.addressLiteral(i)
	}
	start, labels, label := i, 0, i
	end := 0
	for i <= len(s.text) && i-start < 254 {
		c := s.at(i)
		if isAlnum(c) || c == '-' {
			i++
			continue
		}
		if size := domainRune(s.text[min(i, len(s.text)):]); size > 0 {
			i += size
			continue
		}
		if i == label || s.text[label] == '-' || s.text[i-1] == '-' {
			if i > label && s.text[label] != '-' && labels > 0 {
				end = i
				for s.text[end-1] == '-' {
					end--
				}
			}
			break
		}
		labels++
		if labels > 1 {
			end = i
		}
		if c != '.' {
			break
		}
		label = i + 1
		i++
	}
	if end == 0 {
		return 0
	}
	dot := start + strings.LastIndexByte(s.text[start:end], '.')
	if dash := strings.IndexByte(s.text[dot+1:end], '-'); dash >= 0 && !strings.HasPrefix(s.text[dot+1:end], "xn--") {
		end = dot + 1 + dash // no top-level domain has a dash
	}
	for i := dot + 2; i < end; i++ { // text without spaces goes on after it
		if s.text[i] >= 0x80 && s.text[dot+1] < 0x80 {
			end = i
		}
	}
	if !isTopLevel(s.text[dot+1 : end]) {
		return 0
	}
	return end
}

// domainRune returns the length of the letter of an internationalised label that text starts
// with, or 0.
func domainRune(text string) int {
	if text == "" || text[0] < 0x80 {
		return 0
	}
	r, size := utf8.DecodeRuneInString(text)
	if !unicode.IsLetter(r) && !unicode.IsMark(r) || r == utf8.RuneError {
		return 0
	}
	return size
}

// isTopLevel reports whether a last label can be a top-level domain: letters, but not the
// ending of a file.
func isTopLevel(label string) bool {
	if len(label) > 4 && strings.EqualFold(label[:4], "xn--") {
		return true
	}
	if len(label) < 2 {
		return false
	}
	for i := range len(label) {
		if c := label[i]; c|0x20-'a' >= 26 && c < 0x80 {
			return false
		}
	}
	switch strings.ToLower(label) {
	case "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "css", "scss", "js", "jsx", "tsx", "mjs", "json", "yaml", "yml", "xml", "html",
		"htm", "txt", "pdf", "csv", "log", "exe", "dll", "jar", "tgz", "gz", "tar", "rc", "beta", "alpha", "service", "conf", "cfg", "ini",
		"lock", "tmp", "bak", "mp4", "mp3", "ts", "rb", "go", "java", "cpp", "hpp", "class", "target", "socket", "timer", "mount":
		return false
	}
	return true
}

// addressLiteral returns where "[192.0.2.1]" or "[IPv6:2001:db8::1]" at i ends, or 0.
func (s *scan) addressLiteral(i int) int {
	for j := i + 1; j < len(s.text) && j-i < 50; j++ {
		switch c := s.text[j]; {
		case c == ']':
			if j-i >= 8 && strings.ContainsAny(s.text[i:j], ".:") {
				return j + 1
			}
			return 0
		case !isAlnum(c) && c != '.' && c != ':':
			return 0
		}
	}
	return 0
}
