package masking

import "strings"

const (
	contextWords = 6  // words
	contextBytes = 64 // bytes, up to lookBack
)

// contextBefore returns of which entities the words before i are context, and counter
// when a word that counts things is right before i.
func (s *scan) contextBefore(i int) flags {
	if s.contextAt == i {
		return s.context
	}
	s.contextAt = i
	s.context = s.wordsBefore(i)
	return s.context
}

func (s *scan) wordsBefore(i int) flags {
	found, isEvent, isDirect := flags(0), false, true
	limit := max(0, i-contextBytes)
	for n := 0; n < contextWords && i > limit; {
		end := i
		for end > limit && !s.isLetterEnd(end) {
			end--
		}
		start := end
		for start > limit && s.isLetterEnd(start) {
			start--
		}
		if start == end {
			break
		}
		i = start
		if start > limit || start == 0 {
			w, f := s.lookUp(start)
			if w.end >= end {
				if f&event != 0 && found&birthID.context() == 0 {
					isEvent = true
				}
				found |= f & anyContext
				if f&counter != 0 && isDirect && found == 0 {
					return counter
				}
				isDirect = isDirect && f&filler != 0
			}
		}
		if s.text[end-1] >= 0x80 {
			found |= ideographs(s.text[start:end])
		}
		n++
	}
	if isEvent {
		found &^= birthID.context()
	}
	return found
}

// isLetterEnd reports whether the byte before i belongs to a word.
func (s *scan) isLetterEnd(i int) bool {
	c := s.text[i-1]
	return c|0x20-'a' < 26 || c >= 0x80
}

// contextNear returns the context before the first k groups or, without one, after them.
func (s *scan) contextNear(n *number, k int) flags {
	if before := s.contextBefore(n.from[0]); before != 0 {
		return before
	}
	return s.contextAfter(n.to[k-1])
}

// contextAfter returns of which entities the words after i are context.
func (s *scan) contextAfter(i int) flags {
	found := flags(0)
	limit := min(len(s.text), i+contextBytes/2)
	for n := 0; n < 4 && i < limit; {
		if !s.isLetterEnd(i + 1) {
			i++
			continue
		}
		w, f := s.lookUp(i)
		found |= f & anyContext
		i = max(w.end, i+1)
		n++
	}
	return found
}

// ideographs returns the context of words that no spaces separate.
func ideographs(text string) flags {
	found := flags(0)
	for _, c := range []struct {
		words string
		flags flags
	}{
		{"電話 携帯 电话 手机 联系 連絡先 電話番号 座机 전화 휴대폰 传真 方式", phoneID.context()},
		{"生年月日 出生 生日 誕生日 生まれ 생년월일", birthID.context()},
	} {
		for word := range strings.FieldsSeq(c.words) {
			if strings.Contains(text, word) {
				found |= c.flags
			}
		}
	}
	return found
}
