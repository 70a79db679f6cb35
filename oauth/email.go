package oauth

import "strings"

// maxEmail is RFC 5321 section 4.5.3.1.3 without the angle brackets.
const maxEmail = 254

// NormalEmail returns an e-mail address in the form in which it names a user: without
// spaces around it, and in lower case. ok is false for what is no address of printable ASCII
// with one @. An internationalised domain is written in its ASCII form (RFC 5890).
func NormalEmail(email string) (normal string, ok bool) {
	email = strings.Trim(email, " ")
	for _, c := range []byte(email) { // before ToLower, which makes some other letters ASCII
		if c <= ' ' || c > '~' || strings.IndexByte("\"(),:;<>[\\]", c) >= 0 {
			return "", false
		}
	}
	local, domain, _ := strings.Cut(email, "@")
	if local == "" || domain == "" || strings.Contains(domain, "@") || len(email) > maxEmail {
		return "", false
	}
	return strings.ToLower(email), true
}
