package testclients_test

import (
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
// that address.
func (p *person) visit(address, end string) string {
	p.Helper()
	next, err := http.NewRequestWithContext(p.Context(), http.MethodGet, address, nil)
	for range 20 {
		if err != nil {
			p.Fatal(err)
		}
		if strings.HasPrefix(next.URL.String(), end) {
			return next.URL.String()
		}
		next, err = p.step(next)
	}
	p.Fatalf("%s leads on and on", address)
	return ""
}

// step makes a request and returns the one that it leads to.
func (p *person) step(r *http.Request) (*http.Request, error) {
	p.Helper()
	res, err := p.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	follow := func(method, to string, form io.Reader) (*http.Request, error) {
		u, err := r.URL.Parse(to)
		if err != nil {
			return nil, err
		}
		next, err := http.NewRequestWithContext(p.Context(), method, u.String(), form)
		if err == nil && form != nil {
			next.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			next.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		return next, err
	}
	page := string(body)
	if to := res.Header.Get("Location"); to != "" {
		return follow(http.MethodGet, to, nil)
	}
	if refresh := tagRefresh.FindStringSubmatch(page); refresh != nil {
		return follow(http.MethodGet, html.UnescapeString(refresh[1]), nil)
	}
	if form := tagForm.FindString(page); form != "" && res.StatusCode == http.StatusOK {
		return follow(http.MethodPost, attributes(form)["action"], strings.NewReader(p.fill(form).Encode()))
	}
	if link := tagLink.FindStringSubmatch(page); link != nil && res.StatusCode == http.StatusOK {
		return follow(http.MethodGet, html.UnescapeString(link[1]), nil)
	}
	p.Fatalf("%s %s leads nowhere: %s\n%s", r.Method, r.URL, res.Status, page)
	return nil, nil
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
