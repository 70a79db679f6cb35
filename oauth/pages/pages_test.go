package pages_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/oauth/pages"
)

func write(t *testing.T, page pages.Page) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	pages.Write(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/login", nil), http.StatusOK, page)
	return w
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := write(t, pages.Page{Title: "T"})
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(w.Body.String())
	sum := sha256.Sum256([]byte(style[1]))
	for name, want := range map[string]string{
		"Content-Type":    "text/html; charset=utf-8",
		"Cache-Control":   "no-store",
		"Referrer-Policy": "no-referrer",
		"X-Frame-Options": "DENY",
		"Content-Security-Policy": "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// Text of others never becomes markup, and no link runs a script.
func TestTextIsEscaped(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script>`
	body := write(t, pages.Page{
		Title: evil, Alert: evil, Text: []string{evil}, Facts: []pages.Fact{{evil, evil}}, Continue: "javascript:alert(1)",
		Lists: []pages.List{{evil, []pages.Item{{evil, evil}}}}, Links: []pages.Link{{evil, "javascript:alert(1)"}},
		Forms: []pages.Form{{
			Action: evil, Hidden: []pages.Hidden{{evil, evil}}, Buttons: []pages.Button{{Name: evil, Value: evil, Label: evil}},
			Fields: []pages.Field{{Name: evil, Label: evil, Type: "text", Value: evil, Hint: evil, Autocomplete: evil}},
		}},
	}).Body.String()
	if strings.Contains(body, "<script") || strings.Contains(body, "javascript:") {
		t.Errorf("the page has a script:\n%s", body)
	}
}

// What axe-core looks for, as far as the text of a page shows it.
func TestAccessibility(t *testing.T) {
	t.Parallel()
	body := write(t, pages.Page{
		Title: "Sign in", Alert: "Wrong.", Continue: "/next?a=1&b=2",
		Forms: []pages.Form{{Action: "/login", Buttons: []pages.Button{{Label: "Sign in"}}, Fields: []pages.Field{
			{Name: "email", Label: "E-mail", Type: "email", Required: true, Hint: "Yours", MaxLength: 254},
			{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Invalid: true},
		}}},
	}).Body.String()
	for _, want := range []string{
		`<html lang="en">`, `<title>Error: Sign in</title>`, `<main>`, `<h1>Sign in</h1>`, `role="alert"`,
		`<label for="f0-0">E-mail</label>`, `id="f0-0" name="email" type="email" value="" maxlength="254" required aria-describedby="f0-0-hint"`,
		`<p class="hint" id="f0-0-hint">Yours</p>`, `<label for="f0-1">Password</label>`, `aria-invalid="true"`,
		`name="viewport"`, `content="0; url=/next?a=1&amp;b=2"`, `<a href="/next?a=1&amp;b=2">Continue</a>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s:\n%s", want, body)
		}
	}
	if strings.Count(body, "<h1>") != 1 || strings.Contains(body, "user-scalable") {
		t.Errorf("the page has two headings, or cannot be enlarged:\n%s", body)
	}
}

func TestWriteError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err        error
		status     int
		want, wait string
	}{
		"with a detail": {cpodkit.Errorf(cpodkit.CodeBadRequest, "The link is over."), 400, "The link is over.", ""},
		"to wait": {
			&cpodkit.Error{Code: cpodkit.CodeRateLimited, Detail: "Wait.", RetryAfter: 90 * time.Second}, 429, "Wait.", "90",
		},
		"unauthorised": {cpodkit.Errorf(cpodkit.CodeInvalidToken, "No."), 401, "No.", ""},
		"a secret one": {errors.New("password of the database"), 500, "Internal error", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, record := cpodkit.WithRecord(t.Context(), "req-1", cpodkit.ServerInfo{})
			w := httptest.NewRecorder()
			pages.WriteError(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/login", nil), c.err)
			body := w.Body.String()
			if w.Code != c.status || !strings.Contains(body, c.want) || !strings.Contains(body, "req-1") || w.Header().Get("Retry-After") != c.wait {
				t.Errorf("the answer is %d %v\n%s", w.Code, w.Header(), body)
			}
			if strings.Contains(body, "database") || w.Header().Get("WWW-Authenticate") != "" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
				t.Errorf("the answer is %v\n%s", w.Header(), body)
			}
			if record.Failure() == nil {
				t.Error("the log does not know of the failure")
			}
		})
	}
}
