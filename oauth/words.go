package oauth

import "strings"

// scopeInWords says what a scope permits, for the user who is asked for it. A scope of an
// app's own is shown as it is.
func scopeInWords(scope string) string {
	family, action := scope, ""
	if dot := strings.LastIndexByte(scope, '.'); dot >= 0 {
		family, action = scope[:dot], scope[dot+1:]
	}
	objects := map[string]string{
		"storage.private": "what the app itself has stored",
		"storage.user":    "your data that apps have stored for you",
		"storage.shared":  "the data that all apps of your organisation share",
		"audit":           "the audit log of your organisation",
		"auth":            "whether tokens are valid",
		"flags":           "feature flags",
		"jobs":            "jobs that run programs",
		"masking":         "what is masked in texts",
		"policy":          "the policy of your organisation",
		"ratelimit":       "rate limits",
		"secrets":         "secrets of your organisation",
	}
	verbs := map[string]string{"read": "Read ", "write": "Change ", "*": "Read and change "}
	object, verb := objects[family], verbs[action]
	switch {
	case scope == "masking.detokenise":
		return "Read what was masked in texts"
	case scope == "masking.*":
		return "Read what was masked in texts, and change what is masked"
	case object == "" || verb == "":
		return "Use “" + scope + "” of the app"
	}
	return verb + object
}
