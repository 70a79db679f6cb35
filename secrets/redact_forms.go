package secrets

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxPercentEncoded is the most bytes of a value that is looked for percent-encoded:
// what is longer does not fit into a URL.
const maxPercentEncoded = 8 << 10

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// addForms adds the forms of a value except for base64 and hexadecimal, which the scan
// decodes. Most values have one form.
func addForms(a *automaton, value string) {
	a.add(value)
	if utf8.ValidString(value) {
		for _, form := range jsonForms(value) {
			a.add(form)
		}
	}
	if len(value) <= maxPercentEncoded {
		for _, form := range percentForms(value) {
			a.add(form)
			a.add(percent.ReplaceAllStringFunc(form, strings.ToLower))
		}
		a.add(unquote(strconv.Quote(value)))
		a.add(unquote(strconv.QuoteToASCII(value)))
	}
}

// jsonForms returns a value as programs put it between the quotes of a JSON string.
func jsonForms(value string) []string {
	plain, html := jsonString(value, false), jsonString(value, true)
	// JavaScript and most others escape only what JSON (RFC 8259 section 7) asks for. A
	// pair of backslashes is matched first, so that none of a pair begins an escape.
	least := strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(plain)
	ascii := asciiOnly(least)
	return []string{plain, html, least, ascii, strings.ReplaceAll(ascii, "/", `\/`), strings.ReplaceAll(least, "/", `\/`)}
}

// jsonString returns a value as Go escapes it.
func jsonString(value string, escapeHTML bool) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	if err := encoder.Encode(value); err != nil { // no string fails
		return value
	}
	return unquote(strings.TrimSuffix(b.String(), "\n"))
}

// asciiOnly escapes what is not ASCII, as Python and PHP do.
func asciiOnly(text string) string {
	var b strings.Builder
	for _, c := range text {
		if c < utf8.RuneSelf {
			b.WriteRune(c)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c}) {
			b.WriteString(`\u` + strconv.FormatInt(0x10000+int64(unit), 16)[1:])
		}
	}
	return b.String()
}

// percentForms returns a value percent-encoded (RFC 3986 section 2.1) with capital
// letters: for a query, as a form does, and for a path, as Go, JavaScript and Python do.
func percentForms(value string) []string {
	query := url.QueryEscape(value)
	strict := strings.ReplaceAll(query, "+", "%20")
	component := strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(strict)
	form := strings.ReplaceAll(strings.ReplaceAll(query, "%2A", "*"), "~", "%7E") // WHATWG URL
	return []string{query, strict, component, form, url.PathEscape(value), strings.ReplaceAll(strict, "%2F", "/"), (&url.URL{Path: "/" + value}).EscapedPath()[1:]}
}

func unquote(quoted string) string { return quoted[1 : len(quoted)-1] }
