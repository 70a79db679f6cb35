// Package pages writes the HTML pages of sign-in and consent. They have no script, work by
// keyboard alone, and load nothing: the one stylesheet is in the page.
package pages

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// Page is what a page shows, in this order. Only Title is needed.
type Page struct {
	Title string   // of the window, and the one heading of the first level
	Alert string   // what went wrong; screen readers read it first
	Text  []string // paragraphs
	Facts []Fact
	Lists []List
	Forms []Form
	Links []Link

	// Continue is where the browser goes at once, a path of this server. A redirect cannot
	// take its place after a form: browsers hold each redirect after a form against the
	// form-action of the page that had it. Another text is left out.
	Continue string

	// RequestID is shown last, so that a user can name the request to an administrator.
	RequestID string
}

// Fact is a name and a value.
type Fact struct{ Name, Value string }

// List is items under a heading.
type List struct {
	Title string
	Items []Item
}

// Item is one line of a list. Note stands after it, such as "new".
type Item struct{ Text, Note string }

// Form is sent with POST, as application/x-www-form-urlencoded.
type Form struct {
	Action  string // a path of this server
	Hidden  []Hidden
	Fields  []Field
	Buttons []Button // at least one
}

// Hidden is a value that a form sends and nobody sees.
type Hidden struct{ Name, Value string }

// Field is an input with its label.
type Field struct {
	Name, Label  string
	Type         string // such as "text", "email" or "password"
	Value        string
	Hint         string // read out with the label
	Autocomplete string // a token of HTML section 4.10.18.7, such as "current-password"
	MaxLength    int    // in characters; 0 for none
	Required     bool
	ReadOnly     bool
	Invalid      bool // the Alert is about this field
}

// Button sends its form, with Name and Value when they are there.
type Button struct {
	Name, Value, Label string
	Second             bool // not what most users want
}

// Link leads to another page.
type Link struct{ Label, To string }

var (
	//go:embed page.html
	source string
	//go:embed style.css
	style string

	layout    = template.Must(template.New("page").Parse(source)) //nolint:gochecknoglobals // made once, never changed
	styleHash = hashOf(style)                                     //nolint:gochecknoglobals // made once, never changed
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Write answers with a page. No frame shows it, no cache keeps it, and links from it send
// no referrer.
func Write(w http.ResponseWriter, r *http.Request, status int, page Page) {
	if !strings.HasPrefix(page.Continue, "/") || strings.HasPrefix(page.Continue, "//") {
		page.Continue = ""
	}
	var body bytes.Buffer
	err := layout.Execute(&body, struct {
		Page

		Style template.CSS
	}{page, template.CSS(style)}) //nolint:gosec // the stylesheet is ours
	if err != nil {
		cpodkit.WriteError(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+styleHash+"; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	// A write that fails means that the client has gone.
	_, _ = body.WriteTo(w)
}

// WriteError answers with err as a page. The status, Retry-After and what the request's
// record keeps are those of [cpodkit.WriteError].
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	WriteErrorOn(w, r, err, Page{RequestID: cpodkit.RequestID(r.Context())})
}

// WriteErrorOn is WriteError with err as the Alert of a page that offers to try again. The
// page needs no Title.
func WriteErrorOn(w http.ResponseWriter, r *http.Request, err error, page Page) {
	ctx := r.Context()
	if cpodkit.RecordFromContext(ctx) == nil { // of a server without one
		ctx, _ = cpodkit.WithRecord(ctx, "", cpodkit.ServerInfo{})
		r = r.WithContext(ctx)
	}
	caught := &withoutBody{ResponseWriter: w}
	cpodkit.WriteError(caught, r, err)
	w.Header().Del("WWW-Authenticate") // browsers do not send tokens
	failure := cpodkit.RecordFromContext(ctx).Failure()
	page.Title = cmp.Or(page.Title, failure.Title, failure.Code.Title())
	page.Alert = cmp.Or(failure.Detail, page.Title+".")
	Write(w, r, caught.status, page)
}

// withoutBody keeps the status and drops the body of an answer.
type withoutBody struct {
	http.ResponseWriter

	status int
}

func (w *withoutBody) WriteHeader(status int)      { w.status = status }
func (w *withoutBody) Write(p []byte) (int, error) { return len(p), nil }
