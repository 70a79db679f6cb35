package ratelimit

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The fields of draft-ietf-httpapi-ratelimit-headers-11, both Lists of RFC 9651,
// and one of our own for what they cannot say. The names are canonical, as
// http.Header keeps them.
const (
	policyField = "Ratelimit-Policy"
	limitField  = "Ratelimit"

	// noticeField lists the policies that did not decide: with the parameter
	// "unavailable" when the limiter could not be asked, with "exceeded" when it is
	// on trial and would have refused.
	noticeField = "Cpod-Ratelimit"
)

const (
	defaultName = "default"
	maxName     = 64
)

// checkName refuses what cannot be a short String of RFC 9651 section 3.3.3.
func checkName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("the name %.20q… has %d bytes; at most %d are allowed", name, len(name), maxName)
	}
	for i := range len(name) {
		if name[i] < ' ' || name[i] > '~' {
			return fmt.Errorf("the name %q must be printable ASCII", name)
		}
	}
	return nil
}

// appendString writes a String of RFC 9651 section 4.1.6. s has passed checkName.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

// policyItem is a quota policy of the draft's section 3.1. A window that is no
// whole number of seconds is left out, for the field has no fractions.
func policyItem(limit Limit) string {
	item := appendString(nil, limit.Name)
	item = append(item, ";q="...)
	item = strconv.AppendInt(item, limit.Tokens, 10)
	if limit.Window%time.Second == 0 {
		item = append(item, ";w="...)
		item = strconv.AppendInt(item, int64(limit.Window/time.Second), 10)
	}
	return string(item)
}

// appendItem adds a member to a List.
func appendItem(dst []byte, item string) []byte {
	if len(dst) > 0 {
		dst = append(dst, ", "...)
	}
	return append(dst, item...)
}

// appendLimitItem adds a service limit of the draft's section 4.1 to a List.
func appendLimitItem(dst []byte, quotedName string, remaining, seconds int64) []byte {
	dst = appendItem(dst, quotedName)
	dst = append(dst, ";r="...)
	dst = strconv.AppendInt(dst, remaining, 10)
	dst = append(dst, ";t="...)
	return strconv.AppendInt(dst, seconds, 10)
}

// effectiveWindow is the "t" of an answer: for a refusal how long to wait, the
// same as Retry-After, else how long until the bucket is full again. It is never
// so short that the tokens that are left, spent within it, exceed the rate of the
// limit: section 6 of the draft wants that ratio capped.
func effectiveWindow(limit Limit, s State) int64 {
	if !s.Allowed {
		return max(1, wholeSeconds(s.RetryAfter))
	}
	remaining := min(max(s.Remaining, 0), limit.Tokens) // whatever the driver says
	evenly := time.Duration(rateOf(limit).Wait(remaining).RoundedUp())
	return wholeSeconds(max(s.Reset, evenly))
}

// addField adds members to a List, on a line of its own if there is one already
// (RFC 9651 section 3.1). It never changes a slice that somebody else may hold.
func addField(h http.Header, name string, lines []string) {
	if there := h[name]; len(there) > 0 {
		lines = append(slices.Clip(there), lines...)
	}
	h[name] = lines
}

// addNotice tells that a policy did not decide, and why.
func addNotice(h http.Header, quotedName, why string) {
	addField(h, noticeField, []string{quotedName + ";" + why})
}
