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
		{"cpod_", base64url, "", 43, 43},
		{"cs_live_ cs_test_", alnum, "", 24, 99}, // Stripe
		{"cs_ rt_", base64url, "", 43, 43},
		{"AKIA ASIA ABIA ACCA AGPA AIDA AIPA ANPA ANVA APKA AROA ASCA", upper | digit, "", 16, 16}, // AWS
		{"AIza", base64url, "", 35, 35},            // Google
		{"GOCSPX-", base64url, "", 20, 40},         // Google
		{"ya29.", base64url, ".", 20, 512},         // Google
		{"AC SK", hex, "", 32, 32},                 // Twilio
		{"EAAC EAAG EAAB EAA", alnum, "", 30, 400}, // Facebook, Square
		{"AGE-SECRET-KEY-1", upper | digit, "", 58, 58},
		{"ATATT3 ATCTT3", base64url, "=", 60, 300}, // Atlassian
		{"ATBB", alnum, "", 24, 40},                // Bitbucket
		{"AKCp", alnum, "", 60, 80},                // Artifactory
		{"LTAI", alnum, "", 12, 26},                // Alibaba
		{"APP_USR-", alnum, "-", 40, 90},           // Mercado Pago
		{"CCIPAT_", base64url, "", 40, 80},         // CircleCI
		{"CFPAT- CLOJARS_", base64url, "", 40, 70}, // Contentful, Clojars
		{"EZAK EZTK", alnum, "", 54, 54},           // EasyPost
		{"FLWSECK_TEST- FLWSECK-", alnum, "-", 12, 50},
		{"GR1348941", base64url, "", 20, 20},                                         // GitLab
		{"HRKU-", base64url, "", 30, 70},                                             // Heroku
		{"NRAK- NRII- NRIQ- NRJS- NRSP- NRRA-", base64url, "", 18, 48},               // New Relic
		{"PMAK-", alnum, "-", 50, 70},                                                // Postman
		{"SG.", base64url, ".", 40, 80},                                              // SendGrid
		{"access-sandbox- access-production- access-development-", hex, "-", 36, 36}, // Plaid
		{"aio_", alnum, "", 28, 28},                                                  // Adafruit
		{"api_org_", alnum, "", 34, 34},                                              // Hugging Face
		{"bkua_", hex, "", 40, 40},                                                   // Buildkite
		{"cfat_ cfut_ cfk_", base64url, "", 30, 80},                                  // Cloudflare
		{"dapi", hex, "-", 32, 34},                                                   // Databricks
		{"dop_v1_ doo_v1_ dor_v1_", hex, "", 64, 64},                                 // DigitalOcean
		{"dckr_pat_ dckr_oat_", base64url, "", 20, 40},                               // Docker
		{"dp.pt. dp.ct. dp.sa. dp.st. dp.scim. dp.audit.", base64url, ".", 40, 90},   // Doppler
		{"dt0c01.", upper | digit, ".", 80, 100},                                     // Dynatrace
		{"duffel_test_ duffel_live_", base64url, "=", 40, 50},
		{"figd_ figu_ figo_", base64url, "", 30, 60},     // Figma
		{"fio-u-", base64url, "=", 60, 70},               // Frame.io
		{"fo1_ fm1_ fm2_", base64url, "=+/,", 40, 800},   // Fly
		{"ghp_ gho_ ghu_ ghs_ ghr_", alnum, "", 36, 255}, // GitHub
		{"github_pat_", alnum, "_", 40, 255},             // GitHub
		{"glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glsoat- glimt- glagent- gloas- glffct-", base64url, ".", 20, 70}, // GitLab
		{"glsa_ glc_", base64url, "=+/", 30, 400},  // Grafana
		{"gsk_", alnum, "", 40, 60},                // Groq
		{"hf_", alnum, "", 30, 40},                 // Hugging Face
		{"hvs. hvb. hvr.", base64url, "", 24, 300}, // Vault
		{"ico-", alnum, "", 32, 32},                // Infracost
		{"key- pubkey-", hex, "", 32, 32},          // Mailgun
		{"lin_api_ lin_oauth_", alnum, "", 30, 70}, // Linear
		{"lsv2_pt_ lsv2_sk_", hex, "_", 43, 43},    // LangSmith
		{"nfp_ tfp_", base64url, "", 36, 64},       // Netlify, Typeform
		{"npm_", alnum, "", 36, 36},
		{"ntn_", alnum, "", 40, 60},                                       // Notion
		{"ops_eyJ", base64url, "=", 200, 1200},                            // 1Password
		{"pat-na1- pat-eu1-", hex, "-", 36, 36},                           // HubSpot
		{"pk_live_ pk_test_", alnum, "", 16, 128},                         // Stripe
		{"pnu_ pul- r8_", alnum, "", 36, 41},                              // Prefect, Pulumi, Replicate
		{"pscale_tkn_ pscale_pw_ pscale_oauth_", base64url, ".=", 32, 64}, // PlanetScale
		{"pypi-", base64url, "", 50, 300},
		{"pplx-", alnum, "", 40, 60},
		{"rdme_", alnum, "", 70, 70},              // ReadMe
		{"re_", alnum, "_", 30, 40},               // Resend
		{"rk_live_ rk_test_", alnum, "", 16, 128}, // Stripe
		{"rnd_", alnum, "", 32, 32},               // Render
		{"rubygems_", hex, "", 48, 48},
		{"rzp_live_ rzp_test_", alnum, "", 14, 14}, // Razorpay
		{"secret_", alnum, "", 43, 43},             // Notion
		{"shippo_live_ shippo_test_", hex, "", 40, 40},
		{"shpat_ shpss_ shpca_ shppa_", hex, "", 32, 32},                // Shopify
		{"sk_live_ sk_test_", alnum, "", 16, 128},                       // Stripe
		{"sk-ant-", base64url, "", 30, 150},                             // Anthropic
		{"sk-", base64url, "", 20, 200},                                 // OpenAI
		{"sq0atp- sq0csp- sq0idp-", base64url, "", 22, 43},              // Square
		{"sqp_ squ_ sqa_", hex, "", 40, 40},                             // SonarQube
		{"sbp_", hex, "", 40, 40},                                       // Supabase
		{"sntrys_ sntryu_", base64url, "=+/", 40, 300},                  // Sentry
		{"tskey-auth- tskey-api- tskey-client-", base64url, "", 20, 80}, // Tailscale
		{"tk-us-", base64url, "", 48, 48},                               // Scalingo
		{"vcp_", alnum, "", 24, 64},                                     // Vercel
		{"whsec_", alnum, "+/=", 24, 64},                                // Stripe
		{"xkeysib- xsmtpsib-", alnum, "-", 80, 90},                      // Brevo
		{"xoxe.xoxp- xoxe.xoxb-", alnum, "-", 20, 250},                  // Slack
		{"xoxb- xoxp- xoxa- xoxr- xoxs- xoxe-", alnum, "-", 20, 250},    // Slack
		{"xapp-", alnum, "-", 30, 250},                                  // Slack
		{"xai-", alnum, "", 60, 100},
	}
}

// keyPrefixes has the prefixes by their first letter, and the first two letters of all.
type keyPrefixes struct {
	forms  [128][]keyForm
	starts [32]uint32
	words  [32]uint32 // by the first letter, the lengths of the words before an underscore
}

func newKeyPrefixes() *keyPrefixes {
	var keys keyPrefixes
	for _, form := range keyForms() {
		for prefix := range strings.FieldsSeq(form.prefixes) {
			one := form
			one.prefixes = prefix
			keys.forms[prefix[0]] = append(keys.forms[prefix[0]], one)
			keys.starts[prefix[0]&31] |= 1 << (prefix[1] & 31)
			if word, _, ok := strings.Cut(prefix, "_"); ok {
				keys.words[prefix[0]&31] |= 1 << len(word)
			}
		}
	}
	return &keys
}

// apiKey looks for a key of a provider at i. It returns where the key ends, or 0.
func (s *scan) apiKey(i int) int {
	if first := s.text[i]; first >= 0x80 || s.m.keys.starts[first&31]>>(s.at(i+1)&31)&1 == 0 || !s.m.on.has(apiKeyID) || isWord(s.before(i)) {
		return 0
	}
	for _, form := range s.m.keys.forms[s.text[i]] {
		if !strings.HasPrefix(s.text[i:], form.prefixes) {
			continue
		}
		from := i + len(form.prefixes)
		to := s.run(from, form.kinds, form.extra, form.max+1)
		for to > from+form.min && (s.text[to-1] == '.' || s.text[to-1] == '-') {
			to--
		}
		if n := to - from; n < form.min || n > form.max || isWord(s.at(to)) || !isRandom(s.text[from:to]) {
			continue
		}
		s.add(ruleAPIKey, i, to)
		return to
	}
	return 0
}

// isRandom reports whether text is no words: it has a digit, or letters of both cases without
// a dash.
func isRandom(text string) bool {
	if hasDigit(text) {
		return true
	}
	return len(text) >= 30 && strings.IndexByte(text, '-') < 0 && strings.ToLower(text) != text && strings.ToUpper(text) != text
}

// discord looks for the token of a bot of Discord at i, of which the first part ends at end: an
// identifier, a time and a code in base64url.
func (s *scan) discord(i int) int {
	first := s.run(i, base64url, "", 40)
	second := s.run(min(first+1, len(s.text)), base64url, "", 12)
	third := s.run(min(second+1, len(s.text)), base64url, "", 60)
	if n := first - i; n < 23 || n > 28 || s.at(first) != '.' || second-first != 7 || s.at(second) != '.' || third-second < 28 || third-second > 45 || isWord(s.at(third)) {
		return 0
	}
	s.add(ruleAPIKey, i, third)
	return third
}

// telegram looks for the token of a bot of Telegram whose identifier has the digits from i to
// end, before a colon.
func (s *scan) telegram(i, end int) int {
	if n := end - i; n < 8 || n > 10 {
		return 0
	}
	to := s.run(end+1, base64url, "", 40)
	if to-end != 36 || s.text[end+1] != 'A' || isWord(s.at(to)) || !s.m.on.has(apiKeyID) {
		return 0
	}
	s.add(ruleAPIKey, i, to)
	return to
}

// terraform looks for a token of Terraform Cloud whose ".atlasv1." starts at i.
func (s *scan) terraform(i int) int {
	const mark = ".atlasv1."
	start, to := i, s.run(i+len(mark), base64url, "", 90)
	for start > 0 && i-start < 15 && isAlnum(s.text[start-1]) {
		start--
	}
	if i-start != 14 || to-i < 60 || !s.m.on.has(apiKeyID) {
		return 0
	}
	s.add(ruleAPIKey, start, to)
	return to
}

func hasDigit(text string) bool { return strings.ContainsAny(text, "0123456789") }
