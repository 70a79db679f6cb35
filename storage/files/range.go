package files

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// maxRanges bounds the parts of one answer: a part costs the server far more than
// it costs the client to ask for it.
const maxRanges = 32

// withPlainRange returns r with a Range that [http.ServeContent] reads as RFC 9110
// section 14 says: only the ranges that a file of size bytes has, with numbers
// below size. ServeContent refuses numbers beyond 63 bits, answers bytes=-0 with a
// part, and leaves Content-Range out of some refusals.
//
// A Range that must be ignored is removed: of another unit than bytes, with a space
// after "=", on another method than GET, and of an empty file. Instead of one that is
// malformed, that no byte satisfies, or that has more than maxRanges ranges, r asks
// for the byte after the last one, which ServeContent refuses after it has checked the
// conditions.
func withPlainRange(r *http.Request, size int64) *http.Request {
	given := r.Header.Get("Range")
	if given == "" {
		return r
	}
	c := *r
	c.Header = maps.Clone(r.Header)
	unit, set, _ := strings.Cut(given, "=")
	isBytes := strings.EqualFold(unit, "bytes") && !strings.HasPrefix(set, " ") && !strings.HasPrefix(set, "\t")
	if r.Method != http.MethodGet || size == 0 || !isBytes {
		c.Header.Del("Range")
		return &c
	}
	plain, ok := plainRanges(set, size)
	if !ok || plain == "" {
		plain = fmt.Sprintf("%d-", size)
	}
	c.Header.Set("Range", "bytes="+plain)
	return &c
}

// plainRanges returns the satisfiable ranges of a ranges-specifier, each as
// "first-last". It is not ok when the specifier is malformed or has too many ranges.
func plainRanges(set string, size int64) (string, bool) {
	var plain []string
	specs := 0
	for spec := range strings.SplitSeq(set, ",") {
		if spec = strings.Trim(spec, " \t"); spec == "" { // a list may have empty elements
			continue
		}
		first, last, ok := strings.Cut(spec, "-")
		specs++
		if !ok || specs > maxRanges || first+last == "" || !digits(first) || !digits(last) {
			return "", false
		}
		switch {
		case first == "": // the last bytes
			if n := upTo(last, size); n > 0 {
				plain = append(plain, fmt.Sprintf("%d-%d", size-n, size-1))
			}
		case last != "" && compareDigits(first, last) > 0:
			return "", false
		case upTo(first, size) < size:
			end := size - 1
			if last != "" {
				end = upTo(last, end)
			}
			plain = append(plain, fmt.Sprintf("%d-%d", upTo(first, size), end))
		}
	}
	return strings.Join(plain, ","), specs > 0
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// upTo returns the number that s has in digits, or limit when it is larger.
func upTo(s string, limit int64) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil { // it has more than 63 bits
		return limit
	}
	return min(n, limit)
}

// compareDigits compares numbers of any size.
func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
