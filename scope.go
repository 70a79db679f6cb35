package cpodkit

import (
	"net/http"
	"slices"
	"strings"
)

// Scopes is a set of granted scopes such as "storage.private.read", in the
// order in which they were granted. Treat it as read-only once it is shared.
type Scopes []string

// ParseScopes splits a list at U+0020 and at nothing else (RFC 6749 section 3.3),
// and drops repetitions.
func ParseScopes(list string) Scopes {
	if strings.Trim(list, " ") == "" {
		return nil
	}
	out := make(Scopes, 0, min(1+strings.Count(list, " "), 16))
	for s := range strings.SplitSeq(list, " ") {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// String returns the scopes as a space-separated list.
func (s Scopes) String() string { return strings.Join(s, " ") }

// Covers reports whether scope is granted. A granted "jobs.*" covers
// "jobs.read" and "jobs.write"; nothing else is a wildcard.
func (s Scopes) Covers(scope string) bool {
	for _, granted := range s {
		if granted == scope {
			return true
		}
		family, wildcard := strings.CutSuffix(granted, ".*")
		if !wildcard || family == "" {
			continue
		}
		if action, ok := strings.CutPrefix(scope, family+"."); ok && action != "" && !strings.Contains(action, ".") {
			return true
		}
	}
	return false
}

// ValidScope reports whether s has the form of a scope: dotted names of
// [a-z0-9_-], at most 128 bytes, the last of which may be "*" when another
// stands before it.
func ValidScope(s string) bool {
	if len(s) == 0 || len(s) > 128 {
		return false
	}
	names := strings.Split(s, ".")
	if last := len(names) - 1; last > 0 && names[last] == "*" {
		names = names[:last]
	}
	for _, name := range names {
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			return false
		}
	}
	return true
}

// RequireScope is middleware that lets a request through when its identity has
// scope. Without an identity the answer is 401 missing_token; without the scope,
// 403 invalid_scope. [Mount] does the same for the routes that it registers.
func RequireScope(scope string) Middleware {
	return func(next http.Handler) http.Handler { return protect([]string{scope}, next) }
}

// Require returns nil when the identity has scope, else an [Error] with
// [CodeInvalidScope].
func (id Identity) Require(scope string) error { return id.RequireAny(scope) }

// RequireAny returns nil when the identity has one of the scopes, else an
// [Error] with [CodeInvalidScope] that names the first.
func (id Identity) RequireAny(scopes ...string) error {
	if slices.ContainsFunc(scopes, id.Scopes.Covers) {
		return nil
	}
	return &Error{
		Code:   CodeInvalidScope,
		Detail: "The token lacks the scope " + scopes[0] + ".",
		Scope:  scopes[0],
	}
}
