package masking

import "strings"

// date looks for a date in the first three groups. A date that is not of birth ends the
// search too.
func (s *scan) date(n *number) int {
	if n.groups < 3 || n.seps[1] != n.seps[2] || !isDateSeparator(n.seps[1]) || n.hasPlus {
		return 0
	}
	if n.groups > 3 && n.seps[3] == n.seps[1] && n.seps[1] != ' ' {
		return 0
	}
	var year, month, day int
	isCertain := n.seps[1] != ' '
	switch n.shapes[2] {
	case 0x422, 0x412, 0x421, 0x411:
		year, month, day = n.value(0), n.value(1), n.value(2)
	case 0x224, 0x124, 0x214, 0x114:
		year, month, day = n.value(2), n.value(1), n.value(0)
	case 0x222, 0x122, 0x212, 0x112:
		year, month, day = 1900+n.value(2), n.value(1), n.value(0)
		isCertain = false
	default:
		return 0
	}
	if month > 12 { // month first
		month, day = day, month
	}
	if year < 1900 || year > 2029 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0
	}
	end := n.to[2]
	if after := s.afterTime(end); after > end && s.text[end+1:end+3] != "00" {
		return after // a time stamp
	}
	if s.isBirth(n.from[0], end) && !n.isTight {
		s.add(ruleBirthDate, n.from[0], end)
		return end
	}
	if !isCertain {
		return 0
	}
	return s.afterTime(end)
}

func isDateSeparator(c byte) bool { return c == '-' || c == '.' || c == '/' || c == ' ' }

// value returns the number in a group.
func (n *number) value(group int) int {
	start, v := 0, 0
	if group > 0 {
		start = n.ends[group-1]
	}
	for _, c := range n.digits[start:n.ends[group]] {
		v = v*10 + int(c-'0')
	}
	return v
}

// afterTime returns where the time ends that follows a date, or end.
func (s *scan) afterTime(end int) int {
	if c := s.at(end); c != 'T' && c != ' ' && c != 't' {
		return end
	}
	if !isDigit(s.at(end+1)) || !isDigit(s.at(end+2)) || s.at(end+3) != ':' {
		return end
	}
	i := end + 3
	for c := s.at(i); isDigit(c) || c == ':' || c == '.' || c == ','; c = s.at(i) {
		i++
	}
	return i
}

// isBirth reports whether words before say that a date is one of birth, or right after it.
func (s *scan) isBirth(from, to int) bool {
	if !s.m.on.has(birthID) {
		return false
	}
	if s.contextBefore(from)&birthID.context() != 0 || strings.Contains(s.text[max(0, from-8):from], "O.B") || strings.HasPrefix(s.text[to:], "生") {
		return true
	}
	i := to
	for i < len(s.text) && i < to+3 && strings.IndexByte(" ()", s.text[i]) >= 0 {
		i++
	}
	if i == to || i == len(s.text) {
		return false
	}
	w, f := s.lookUp(i)
	return f&birthID.context() != 0 && w.end > i
}

// writtenDate handles a day or a year from i to end beside the name of a month.
func (s *scan) writtenDate(i, end int) int {
	if end-i > 2 {
		if s.at(end) < 0x80 {
			return 0
		}
		return s.ideographicDate(i, end)
	}
	from, to := i, end
	rest := s.skip(end, ". -/")
	if rest > end && s.isLetterAt(rest) {
		if of := s.text[rest:min(rest+2, len(s.text))]; (of == "of" || of == "de") && s.at(rest+2) == ' ' {
			rest = s.skip(rest+2, " ")
		}
		if !s.m.months.may(s, rest) {
			return 0
		}
		w, f := s.lookUp(rest)
		if f&months == 0 {
			return 0
		}
		to = w.end
	} else if from = s.monthBefore(i); from == i {
		return 0
	}
	return s.writtenYear(from, to)
}

// ordinalDate handles "12th of March 1980".
func (s *scan) ordinalDate(i, end int) int {
	if from := s.monthBefore(i); from < i {
		return s.writtenYear(from, end)
	}
	rest := s.skip(end, " ")
	w, f := s.lookUp(rest)
	if isOneOf(s.text[rest:w.end], "of de") {
		rest = s.skip(w.end, " ")
		w, f = s.lookUp(rest)
	}
	if f&months == 0 {
		return 0
	}
	return s.writtenYear(i, w.end)
}

// monthBefore returns where the name of a month before i starts, or i.
func (s *scan) monthBefore(i int) int {
	end := i
	for end > 0 && i-end < 2 && (s.text[end-1] == ' ' || s.text[end-1] == '.') {
		end--
	}
	start := end
	for start > 0 && end-start < maxWord && s.isLetterEnd(start) {
		start--
	}
	if start == end || end == i || !s.m.months.may(s, start) {
		return i
	}
	if w, f := s.lookUp(start); f&months == 0 || w.end != end {
		return i
	}
	return start
}

// writtenYear looks for the year after a day and a month.
func (s *scan) writtenYear(from, to int) int {
	i := s.skip(to, " ,.-/")
	if w, f := s.lookUp(i); f&(common|particle) != 0 && isOneOf(s.text[i:w.end], "de del of") {
		i = s.skip(w.end, " ")
	}
	end := i
	for end < len(s.text) && isDigit(s.text[end]) {
		end++
	}
	if end-i != 4 || s.text[i:end] < "1900" || s.text[i:end] > "2029" || isWord(s.at(end)) || !s.isBirth(from, end) {
		return 0
	}
	s.add(ruleBirthDate, from, end)
	return end
}

// skip returns the position after at most three of the given bytes.
func (s *scan) skip(i int, bytes string) int {
	for n := 0; n < 3 && i < len(s.text) && !isAlnum(s.text[i]) && strings.IndexByte(bytes, s.text[i]) >= 0; n++ {
		i++
	}
	return i
}

// ideographicDate handles "1990年5月1日" and its Korean form.
func (s *scan) ideographicDate(i, end int) int {
	j := end
	for _, mark := range []string{"年|년", "月|월", "日|일"} {
		first, second, _ := strings.Cut(mark, "|")
		rest := s.text[j:]
		if !strings.HasPrefix(rest, first) && !strings.HasPrefix(rest, second) {
			return 0
		}
		j += len(first)
		if mark[:3] == "日" {
			break
		}
		for j < len(s.text) && (s.text[j] == ' ' || isDigit(s.text[j])) {
			j++
		}
	}
	if end-i != 4 || !s.isBirth(i, j) {
		return 0
	}
	s.add(ruleBirthDate, i, j)
	return j
}
