package oauth

import (
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/nearest"
)

// KnownScopes returns the scopes of this API, in byte order. The list is closed: apps
// and keys are not registered with another scope of these families, such as
// "jobs.reed". A family is the first name of a scope. Scopes of other families, such as
// "orders.read", are an app's own.
//
// A wildcard is known when it stands for scopes of the list, which differ from it in
// their last name: "jobs.*" and "storage.private.*", but not "storage.*". There is none
// for [AdminScope] and [PlatformScope].
func KnownScopes() []string {
	scopes := []string{AdminScope, PlatformScope, "masking.detokenise"}
	for _, prefix := range []string{
		"audit", "auth", "flags", "jobs", "masking", "policy", "ratelimit", "secrets",
		"storage.private", "storage.shared", "storage.user",
	} {
		scopes = append(scopes, prefix+".read", prefix+".write")
	}
	slices.Sort(scopes)
	return scopes
}

// scopeFault says why a scope of this API's families is not known; "" when it is
// known, or of another family.
func scopeFault(scope string) string {
	family := slices.DeleteFunc(KnownScopes(), func(known string) bool { return familyOf(known) != familyOf(scope) })
	if len(family) == 0 || slices.Contains(family, scope) {
		return ""
	}
	if !strings.HasSuffix(scope, ".*") {
		return "is not a scope of this API; did you mean " + nearest.Name(scope, family) + "?"
	}
	if grantsPlatform(scope) || !slices.ContainsFunc(family, cpodkit.Scopes{scope}.Covers) {
		return "is not a wildcard of this API: one covers the last name of scopes, such as jobs.* and storage.private.*"
	}
	return ""
}

func familyOf(scope string) string {
	family, _, _ := strings.Cut(scope, ".")
	return family
}

// grantsPlatform reports whether a scope is platform.admin, or covers it.
func grantsPlatform(scope string) bool { return cpodkit.Scopes{scope}.Covers(PlatformScope) }
