package remotefile

import "unicode"

// DotSegment finds the first segment that MinIO takes for "." or "..", and so
// refuses: a backslash separates segments for it as a slash does, and blanks around
// them do not count. It returns where the segment ends.
func DotSegment(name string) (end int, found bool) {
	for start := 0; start <= len(name); start = end + 1 {
		end = start
		for end < len(name) && name[end] != '/' && name[end] != '\\' {
			end++
		}
		if s := trim(name[start:end]); s == "." || s == ".." {
			return end, true
		}
	}
	return 0, false
}

// trim cuts bytes that are blanks as runes of their own, as MinIO does, and not
// those of UTF-8.
func trim(s string) string {
	for s != "" && unicode.IsSpace(rune(s[0])) {
		s = s[1:]
	}
	for s != "" && unicode.IsSpace(rune(s[len(s)-1])) {
		s = s[:len(s)-1]
	}
	return s
}
