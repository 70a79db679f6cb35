package testclients_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// person is somebody with a browser that shows forms and has no scripts.
type person struct {
	*testing.T
	client *http.Client
	fields map[string]string // what the person knows to enter, by the name of the field
}

func newPerson(t *testing.T, fields map[string]string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{T: t, fields: fields, client: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

var (
	tagForm    = regexp.MustCompile(`(?s)<form[^>]*>.*?</form>`)
	tagInput   = regexp.MustCompile(`<(?:input|button)[^>]*>`)
	attribute  = regexp.MustCompile(`([a-z]+)="([^"]*)"`)
	tagRefresh = regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]*)"`)
	tagLink    = regexp.MustCompile(`<a class="button" href="([^"]*)"`)
)

func attributes(tag string) map[string]string {
	list := map[string]string{}
	for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
		list[m[1]] = html.UnescapeString(m[2])
	}
	return list
}

// visit opens an address, follows what leads on, fills in forms and sends them by their
// first button, until the browser is sent to an address that begins with end. It returns
// that address. When a page leads nowhere, and end is "", it returns the page.
func (p *person) visit(address, end string) string {
	p.Helper()
	next, err := http.NewRequestWithContext(p.Context(), http.MethodGet, address, nil)
	for range 20 {
		if err != nil {
			p.Fatal(err)
		}
		if end != "" && strings.HasPrefix(next.URL.String(), end) {
			return next.URL.String()
		}
		var page string
		if next, page, err = p.step(next); err == nil && next == nil {
			if end != "" {
				p.Fatalf("%s leads to\n%s", address, page)
			}
			return page
		}
	}
	p.Fatalf("%s leads on and on", address)
	return ""
}

// step makes a request and returns the one that it leads to, nil for none, and the page.
func (p *person) step(r *http.Request) (next *http.Request, page string, err error) {
	p.Helper()
	res, err := p.client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, "", err
	}
	page = string(body)
	isFine := res.StatusCode == http.StatusOK
	form, link := tagForm.FindString(page), tagLink.FindStringSubmatch(page)
	method, to, values := http.MethodGet, res.Header.Get("Location"), url.Values{}
	if refresh := tagRefresh.FindStringSubmatch(page); refresh != nil {
		to = html.UnescapeString(refresh[1])
	}
	switch {
	case to != "":
	case isFine && form != "":
		method, to, values = http.MethodPost, attributes(form)["action"], p.fill(form)
	case isFine && link != nil:
		to = html.UnescapeString(link[1])
	default:
		return nil, fmt.Sprintf("%s %s %s\n%s", r.Method, r.URL, res.Status, page), nil
	}
	u, err := r.URL.Parse(to)
	if err != nil {
		return nil, "", err
	}
	if next, err = http.NewRequestWithContext(p.Context(), method, u.String(), strings.NewReader(values.Encode())); err != nil {
		return nil, "", err
	}
	next.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		next.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return next, page, nil
}

func (p *person) fill(form string) url.Values {
	values := url.Values{}
	pressed := false
	for _, tag := range tagInput.FindAllString(form, -1) {
		a := attributes(tag)
		isButton := strings.HasPrefix(tag, "<button") || a["type"] == "submit"
		if a["name"] == "" || isButton && pressed {
			continue
		}
		pressed = pressed || isButton
		values.Set(a["name"], a["value"])
		if entered, ok := p.fields[a["name"]]; ok {
			values.Set(a["name"], entered)
		}
	}
	return values
}
