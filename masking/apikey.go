package masking

import "strings"

// keyForm is the form of a provider's keys: a prefix, and what follows it.
type keyForm struct {
	prefixes string // with spaces between
	kinds    kind
	extra    string // bytes besides those kinds
	min, max int    // bytes after the prefix
}

// keyForms returns the forms of the providers' keys. Of two prefixes that begin alike the
// longer one is first.
func keyForms() []keyForm {
	return []keyForm{
		{"AKIA ASIA ABIA ACCA AROA AIDA", upper | digit, "", 16, 16}, // AWS
		{"AIza", base64url, "", 35, 35},                              // Google
		{"AC", hex, "", 32, 32},                                      // Twilio
		{"EAAC EAAG EAAB", alnum, "", 30, 400},                       // Facebook
		{"GOCSPX-", base64url, "", 20, 40},                           // Google
		{"PMAK-", alnum, "-", 50, 70},                                // Postman
		{"HRKU-", base64url, "", 30, 70},                             // Heroku
		{"SG.", base64url, ".", 40, 80},                              // SendGrid
		{"SK", hex, "", 32, 32},                                      // Twilio
		{"NRAK-", alnum, "", 20, 40},                                 // New Relic
		{"cpod_", base64url, "", 43, 43},
		{"cs_live_ cs_test_", alnum, "", 24, 99}, // Stripe
		{"cs_", base64url, "", 43, 43},
		{"dop_v1_", hex, "", 64, 64},                     // DigitalOcean
		{"dckr_pat_", base64url, "", 20, 40},             // Docker
		{"figd_", base64url, "", 30, 60},                 // Figma
		{"fo1_", base64url, "", 40, 50},                  // Fly
		{"ghp_ gho_ ghu_ ghs_ ghr_", alnum, "", 36, 255}, // GitHub
		{"github_pat_", alnum, "_", 40, 255},             // GitHub
		{"glpat- gldt- glrt-", base64url, ".", 20, 64},   // GitLab
		{"gsk_", alnum, "", 40, 60},                      // Groq
		{"glsa_ glc_", base64url, "=+/", 30, 200},        // Grafana
		{"hf_", alnum, "", 30, 40},                       // Hugging Face
		{"hvs.", base64url, "", 24, 200},                 // Vault
		{"key-", hex, "", 32, 32},                        // Mailgun
		{"lin_api_", alnum, "", 30, 50},                  // Linear
		{"npm_", alnum, "", 36, 36},
		{"ntn_", alnum, "", 40, 60},               // Notion
		{"pk_live_ pk_test_", alnum, "", 16, 128}, // Stripe
		{"pypi-", base64url, "", 50, 250},
		{"pplx-", alnum, "", 40, 60},
		{"rk_live_ rk_test_", alnum, "", 16, 128}, // Stripe
		{"rt_", base64url, "", 43, 43},
		{"rubygems_", hex, "", 48, 48},
		{"sk_live_ sk_test_", alnum, "", 16, 128},                    // Stripe
		{"sk-ant-", base64url, "", 30, 150},                          // Anthropic
		{"sk-", base64url, "", 20, 200},                              // OpenAI
		{"shpat_ shpss_ shpca_ shppa_", hex, "", 32, 32},             // Shopify
		{"sq0atp- sq0csp-", base64url, "", 22, 43},                   // Square
		{"sbp_", hex, "", 40, 40},                                    // Supabase
		{"sntrys_ sntryu_", base64url, "=+/", 40, 250},               // Sentry
		{"whsec_", alnum, "+/=", 24, 64},                             // Stripe
		{"xoxb- xoxp- xoxa- xoxr- xoxs- xoxe-", alnum, "-", 20, 250}, // Slack
		{"xapp-", alnum, "-", 30, 250},                               // Slack
		{"xai-", alnum, "", 60, 100},
	}
}

// keyPrefixes has the prefixes by their first letter.
type keyPrefixes [128][]keyForm

func newKeyPrefixes() *keyPrefixes {
	var keys keyPrefixes
	for _, form := range keyForms() {
		for prefix := range strings.FieldsSeq(form.prefixes) {
			one := form
			one.prefixes = prefix
			keys[prefix[0]] = append(keys[prefix[0]], one)
		}
	}
	return &keys
}

// apiKey looks for a key of a provider at i. It returns where the key ends, or 0.
func (s *scan) apiKey(i int) int {
	if !s.m.on.has(apiKeyID) || touches(s.before(i)) || s.text[i] >= 0x80 {
		return 0
	}
	for _, form := range s.m.keys[s.text[i]] {
		if !strings.HasPrefix(s.text[i:], form.prefixes) {
			continue
		}
		from := i + len(form.prefixes)
		to := s.run(from, form.kinds, form.extra, form.max+1)
		for to > from+form.min && (s.text[to-1] == '.' || s.text[to-1] == '-') {
			to--
		}
		if n := to - from; n < form.min || n > form.max || touchesAfter(s.at(to)) || !hasDigit(s.text[from:to]) {
			return 0
		}
		s.add(ruleAPIKey, i, to)
		return to
	}
	return 0
}

func hasDigit(text string) bool { return strings.ContainsAny(text, "0123456789") }
