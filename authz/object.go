package authz

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// value is the JSON text of a value that [scanner] has checked. It is "" for a member
// that is absent.
type value string

// text returns the text of a string; false for any other value.
func (v value) text() (string, bool) {
	if v == "" || v[0] != '"' {
		return "", false
	}
	inner := string(v[1 : len(v)-1])
	if strings.IndexByte(inner, '\\') < 0 {
		return inner, true
	}
	return v.unescaped()
}

func (v value) unescaped() (s string, ok bool) {
	err := json.Unmarshal([]byte(v), &s)
	return s, err == nil
}

// texts returns the strings of an array; false for any other value, and where one of its
// elements is not a string.
func (v value) texts() ([]string, bool) {
	if v == "" || v[0] != '[' {
		return nil, false
	}
	list, all := []string{}, true
	v.elements(func(e value) bool {
		s, ok := e.text()
		list, all = append(list, s), ok
		return ok
	})
	return list, all
}

// oneOrMore returns the texts of a string or of an array of strings.
func (v value) oneOrMore() ([]string, bool) {
	if s, ok := v.text(); ok {
		return []string{s}, true
	}
	return v.texts()
}

// names reports whether an "aud" is or holds audience (RFC 7519 section 4.1.3).
func (v value) names(audience string) bool {
	if s, ok := v.text(); ok {
		return s == audience
	}
	if v == "" || v[0] != '[' {
		return false
	}
	found, all := false, true
	v.elements(func(e value) bool {
		var s string
		s, all = e.text()
		found = found || s == audience
		return all
	})
	return found && all
}

// maxNumericDate is the end of the year 9999.
const maxNumericDate = 253402300799

// date returns a NumericDate (RFC 7519 section 2), which may have a fraction.
func (v value) date() (time.Time, bool) {
	if v == "" || v[0] < '0' || v[0] > '9' {
		return time.Time{}, false
	}
	if len(v) <= 12 { // the common form
		if n, err := strconv.ParseUint(string(v), 10, 64); err == nil && n <= maxNumericDate {
			return time.Unix(int64(n), 0).UTC(), true
		}
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil || f > maxNumericDate {
		return time.Time{}, false
	}
	seconds, fraction := math.Modf(f)
	return time.Unix(int64(seconds), int64(fraction*1e9)).UTC(), true
}

// member is one member of an object. The name has no escapes.
type member struct {
	name  string
	value value
}

// members are those of an object, in their order.
type members []member

// get returns the value of a member, or "".
func (m members) get(name string) value {
	for i := range m {
		if m[i].name == name {
			return m[i].value
		}
	}
	return ""
}

// at returns the value that a path leads to, or "".
func (m members) at(path []string) value {
	v := m.get(path[0])
	for _, step := range path[1:] {
		v = v.child(step)
	}
	return v
}

// child returns a member of an object, or an element of an array (RFC 6901 section 4).
func (v value) child(step string) (found value) {
	if v == "" {
		return ""
	}
	switch v[0] {
	case '{':
		s := scanner{data: string(v)}
		_ = s.object(0, func(name string, each value) bool {
			if name == step {
				found = each
			}
			return true
		})
	case '[':
		if len(step) > 1 && step[0] == '0' || strings.Trim(step, "0123456789") != "" {
			return ""
		}
		want, err := strconv.Atoi(step)
		if err != nil {
			return ""
		}
		at := 0
		v.elements(func(e value) bool {
			if at == want {
				found = e
			}
			at++
			return at <= want
		})
	}
	return found
}

// elements calls each with the elements of an array until it returns false.
func (v value) elements(each func(value) bool) {
	s := scanner{data: string(v)}
	_ = s.array(0, each)
}

// pointer returns the path of a claim: of a JSON pointer (RFC 6901), or of a name without
// a leading slash, which is that of a member of the top.
func pointer(name string) ([]string, bool) {
	if !strings.HasPrefix(name, "/") {
		return []string{name}, name != ""
	}
	path := strings.Split(name[1:], "/")
	for i, step := range path {
		if rest := strings.NewReplacer("~0", "", "~1", "").Replace(step); strings.Contains(rest, "~") {
			return nil, false
		}
		path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return path, true
}
