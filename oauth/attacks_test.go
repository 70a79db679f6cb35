package oauth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

// outcome says in a word what an answer comes to.
func outcome(w *webtest.Answer) string {
	location := w.Header().Get("Location")
	if w.Code == http.StatusSeeOther {
		u, err := url.Parse(location)
		switch {
		case err != nil:
			return "redirect to " + location
		case u.Host == "" && u.Path == "/login":
			return "login"
		case u.Query().Get("iss") != issuer:
			return "redirect without iss to " + location
		case u.Query().Has("code"):
			return "code to " + u.Host
		}
		return u.Query().Get("error") + " to " + u.Host
	}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		if strings.Contains(w.Body.String(), `name="decision"`) {
			return "question"
		}
		return fmt.Sprint("page ", w.Code)
	}
	var body struct {
		Error, Code string
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		return fmt.Sprint(w.Code)
	}
	if body.AccessToken != "" {
		return "token"
	}
	return fmt.Sprint(w.Code, " ", body.Error+body.Code)
}

// TestAttacksOnAuthorization asks for codes as ann, who has granted the app "shop" what it
// may ask for. What is not an attack would be answered with a code.
func TestAttacksOnAuthorization(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c := f.appBy(platform, "shop", "web", "storage.user.read", "orders.read", "admin", "platform.admin")
	f.app("machine", "service", "storage.user.read")
	f.registerAs(adminT2, "foreign", "web", "storage.user.read")
	f.call(http.MethodPatch, "/v1/oauth/apps/foreign", adminT2, `{"redirect_uris": ["`+callback+`"]}`).WantStatus(t, http.StatusOK)
	f.code(c)
	const ours, toApp = "code to app.example.com", " to app.example.com"
	redirect := func(uri string) string { return request(c.id, "redirect_uri", uri) }
	for _, row := range []struct{ name, target, session, want string }{
		{"nothing", request(c.id), "ann", ours},

		{"redirect to another host", redirect("https://evil.example/callback?keep=1"), "ann", "page 400"},
		{"redirect to a subdomain", redirect("https://x.app.example.com/callback?keep=1"), "ann", "page 400"},
		{"redirect to a host that begins so", redirect("https://app.example.com.evil.example/callback?keep=1"), "ann", "page 400"},
		{"redirect with a user name", redirect("https://app.example.com@evil.example/callback?keep=1"), "ann", "page 400"},
		{"redirect with a backslash", redirect(`https://app.example.com\@evil.example/callback?keep=1`), "ann", "page 400"},
		{"redirect in capitals", redirect("https://APP.example.com/callback?keep=1"), "ann", "page 400"},
		{"redirect with a dot after the host", redirect("https://app.example.com./callback?keep=1"), "ann", "page 400"},
		{"redirect with the default port", redirect("https://app.example.com:443/callback?keep=1"), "ann", "page 400"},
		{"redirect to another port", redirect("https://app.example.com:8443/callback?keep=1"), "ann", "page 400"},
		{"redirect without its query", redirect("https://app.example.com/callback"), "ann", "page 400"},
		{"redirect with more query", redirect(callback + "&next=https://evil.example"), "ann", "page 400"},
		{"redirect up the path", redirect("https://app.example.com/callback/../evil?keep=1"), "ann", "page 400"},
		{"redirect with an encoded slash", redirect("https://app.example.com%2Fcallback?keep=1"), "ann", "page 400"},
		{"redirect with a fragment", redirect(callback + "#x"), "ann", "page 400"},
		{"redirect over http", redirect("http://app.example.com/callback?keep=1"), "ann", "page 400"},
		{"redirect without a scheme", redirect("//app.example.com/callback?keep=1"), "ann", "page 400"},
		{"redirect to a path", redirect("/callback"), "ann", "page 400"},
		{"redirect to a script", redirect("javascript:alert(1)//https://app.example.com"), "ann", "page 400"},
		{"redirect with a line break", redirect(callback + "\r\nSet-Cookie: a=b"), "ann", "page 400"},
		{"redirect with a NUL", redirect(callback + "\x00"), "ann", "page 400"},
		{"redirect left out", redirect(""), "ann", "page 400"},
		{"redirect twice", request(c.id) + "&redirect_uri=https%3A%2F%2Fevil.example", "ann", "page 400"},
		{"redirect to localhost with a port", redirect("http://localhost:8080/cb"), "ann", "page 400"},
		{"redirect to a loopback path", redirect("http://127.0.0.1:8080/other"), "ann", "page 400"},
		{"redirect to loopback with a user", redirect("http://127.0.0.1:80@evil.example/cb"), "ann", "page 400"},
		{"redirect to loopback with port 0", redirect("http://127.0.0.1:0/cb"), "ann", "page 400"},
		{"redirect to loopback with port 65536", redirect("http://127.0.0.1:65536/cb"), "ann", "page 400"},
		{"redirect to loopback, begins so", redirect("http://127.0.0.1.evil.example/cb"), "ann", "page 400"},
		{"redirect to loopback, as a number", redirect("http://2130706433/cb"), "ann", "page 400"},
		{"redirect to another loopback address", redirect("http://127.0.0.2:8080/cb"), "ann", "page 400"},
		{"redirect to loopback over https", redirect("https://127.0.0.1:8080/cb"), "ann", "page 400"},
		{"no silent code for a program of the machine", redirect("http://127.0.0.1:8080/cb"), "ann", "question"},
		{"no silent code for a program of the machine, IPv6", redirect("http://[::1]:8080/cb"), "ann", "question"},

		{"an app that is not known", request("nobody"), "ann", "page 400"},
		{"an app id that is none", request("../shop"), "ann", "page 400"},
		{"no app", request(""), "ann", "page 400"},
		{"an app twice", request(c.id) + "&client_id=foreign", "ann", "page 400"},
		{"an app of another tenant", request("foreign"), "ann", "access_denied" + toApp},
		{"an app without users", request("machine"), "ann", "unauthorized_client" + toApp},

		{"PKCE left out", request(c.id, "code_challenge", "", "code_challenge_method", ""), "ann", "invalid_request" + toApp},
		{"PKCE plain", request(c.id, "code_challenge", verifier, "code_challenge_method", "plain"), "ann", "invalid_request" + toApp},
		{"PKCE plain by default", request(c.id, "code_challenge_method", ""), "ann", "invalid_request" + toApp},
		{"PKCE method in lower case", request(c.id, "code_challenge_method", "s256"), "ann", "invalid_request" + toApp},
		{"PKCE challenge too short", request(c.id, "code_challenge", "abc"), "ann", "invalid_request" + toApp},
		{"PKCE challenge with padding", request(c.id, "code_challenge", challengeOf(verifier)+"="), "ann", "invalid_request" + toApp},
		{"PKCE challenge twice", request(c.id) + "&code_challenge=x", "ann", "invalid_request" + toApp},

		{"the implicit flow", request(c.id, "response_type", "token"), "ann", "unsupported_response_type" + toApp},
		{"the hybrid flow", request(c.id, "response_type", "code token"), "ann", "unsupported_response_type" + toApp},
		{"no response type", request(c.id, "response_type", ""), "ann", "invalid_request" + toApp},
		{"the code in the fragment", request(c.id, "response_mode", "fragment"), "ann", "invalid_request" + toApp},
		{"the code in a form", request(c.id, "response_mode", "form_post"), "ann", "invalid_request" + toApp},
		{"a request object", request(c.id, "request", "e30.e30."), "ann", "request_not_supported" + toApp},
		{"a request object elsewhere", request(c.id, "request_uri", "https://evil.example"), "ann", "request_uri_not_supported" + toApp},
		{"a long state", request(c.id, "state", strings.Repeat("s", 1025)), "ann", "invalid_request" + toApp},
		{"two states", request(c.id) + "&state=x", "ann", "invalid_request" + toApp},
		{"too many parameters", request(c.id) + strings.Repeat("&x=1", 64), "ann", "page 400"},
		{"a query that is none", request(c.id) + "&x=%zz", "ann", "page 400"},

		{"a scope that is not declared", request(c.id, "scope", "secrets.read"), "ann", "invalid_scope" + toApp},
		{"a wildcard that is not declared", request(c.id, "scope", "storage.user.*"), "ann", "invalid_scope" + toApp},
		{"a scope that is none", request(c.id, "scope", "Orders!"), "ann", "invalid_scope" + toApp},
		{"the scope of administrators", request(c.id, "scope", "orders.read admin"), "ann", "invalid_scope" + toApp},
		{"the scope of the platform", request(c.id, "scope", "platform.admin"), "ann", "invalid_scope" + toApp},

		{"silently, signed out", request(c.id, "prompt", "none"), "", "login_required" + toApp},
		{"silently, and not", request(c.id, "prompt", "none login"), "ann", "invalid_request" + toApp},
		{"an unknown prompt", request(c.id, "prompt", "never"), "ann", "invalid_request" + toApp},
		{"a negative age", request(c.id, "max_age", "-1"), "ann", "invalid_request" + toApp},
		{"signed out", request(c.id), "", "login"},
		{"a session that nobody has", request(c.id), "guess", "login"},
		{"an old sign-in where a new one is wanted", request(c.id, "prompt", "login"), "old", "login"},
		{"an old sign-in where a young one is wanted", request(c.id, "max_age", "60"), "old", "login"},
		{"a made-up stamp of a new sign-in", request(c.id, "prompt", "login", "signed_in_after", "1"), "old", "login"},
		{"a decision in the query", request(c.id, "prompt", "consent") + "&decision=allow&form=x", "ann", "question"},
	} {
		f.door.signIn("old", oauth.User{TenantID: "t1", ID: "ann", AuthTime: time.Now().Add(-time.Hour)})
		t.Run(row.name, func(t *testing.T) {
			w := browser{f, row.session}.get(row.target)
			if got := outcome(w); got != row.want {
				t.Errorf("got %q, want %q: %v\n%s", got, row.want, w.Header(), w.Body)
			}
			if w.Header().Get("Cache-Control") != "no-store" && outcome(w) != "login" {
				t.Errorf("the answer may be cached: %v", w.Header())
			}
		})
	}
}

// Attack: the path to come back to after sign-in leads elsewhere. Whoever signs in comes back to
// this server, and to nothing else.
func TestReturnIsAPathOfThisServer(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c := f.app("shop", "web", "orders.read")
	r := browser{f, ""}.fixture.form("http://evil.example" + request(c.id, "login_hint", "//evil.example"))
	r.Method = http.MethodGet
	w := browser{f, ""}.send(r)
	target, err := url.Parse(w.Header().Get("Location"))
	f.must(err)
	if returnTo := target.Query().Get("return_to"); !strings.HasPrefix(returnTo, "/oauth/authorize?") || strings.Contains(target.Host, "evil") {
		t.Errorf("the browser comes back to %q", returnTo)
	}
}

// TestAttacksOnConsent answers the question whether "shop" may read orders.
func TestAttacksOnConsent(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		// attack gets the form that ann sees, and returns the answer to another one.
		attack func(b browser, action, form string) *webtest.Answer
		want   string
	}{
		{"nothing", func(b browser, action, form string) *webtest.Answer {
			return b.send(b.post(action, form, "allow"))
		}, "code to app.example.com"},
		{"denied", func(b browser, action, form string) *webtest.Answer {
			return b.send(b.post(action, form, "deny"))
		}, "access_denied to app.example.com"},
		{"no form token", func(b browser, action, _ string) *webtest.Answer {
			return b.send(b.post(action, "", "allow"))
		}, "page 403"},
		{"another form token", func(b browser, action, form string) *webtest.Answer {
			return b.send(b.post(action, form[:len(form)-2]+"AA", "allow"))
		}, "page 403"},
		{"the form of another user", func(b browser, action, form string) *webtest.Answer {
			return browser{b.flow, "bob"}.send(b.post(action, form, "allow"))
		}, "page 403"},
		{"the form of another session", func(b browser, action, form string) *webtest.Answer {
			return browser{b.flow, "ann's phone"}.send(b.post(action, form, "allow"))
		}, "page 403"},
		{"signed out", func(b browser, action, form string) *webtest.Answer {
			return browser{b.flow, ""}.send(b.post(action, form, "allow"))
		}, "login"},
		{"more scopes than were shown", func(b browser, action, form string) *webtest.Answer {
			return b.send(b.post(strings.Replace(action, "orders.read", "orders.read+storage.user.read", 1), form, "allow"))
		}, "page 403"},
		{"scopes that were declared meanwhile", func(b browser, _, _ string) *webtest.Answer {
			page := b.get(request("shop"))
			b.call(http.MethodPatch, "/v1/oauth/apps/shop", adminT1, `{"declared_scopes": ["orders.read", "storage.user.read", "jobs.write"]}`)
			return b.decide(page, "allow")
		}, "page 403"},
		{"another state", func(b browser, action, form string) *webtest.Answer {
			return b.send(b.post(strings.Replace(action, "state=s", "state=x", 1), form, "allow"))
		}, "page 403"},
		{"another redirect that is registered", func(b browser, action, form string) *webtest.Answer {
			return b.send(b.post(strings.Replace(action, url.QueryEscape(callback), url.QueryEscape("http://localhost/cb"), 1), form, "allow"))
		}, "page 403"},
		{"another redirect", func(b browser, action, form string) *webtest.Answer {
			return b.send(b.post(strings.Replace(action, "app.example.com", "evil.example", 1), form, "allow"))
		}, "page 400"},
		{"another challenge", func(b browser, action, form string) *webtest.Answer {
			return b.send(b.post(strings.Replace(action, challengeOf(verifier), challengeOf(verifier+"x"), 1), form, "allow"))
		}, "page 403"},
		{"another app", func(b browser, action, form string) *webtest.Answer {
			return b.send(b.post(strings.Replace(action, "client_id=shop", "client_id=other", 1), form, "allow"))
		}, "page 403"},
		{"from another site", func(b browser, action, form string) *webtest.Answer {
			r := b.post(action, form, "allow")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			return b.send(r)
		}, "page 403"},
		{"from a sibling site", func(b browser, action, form string) *webtest.Answer {
			r := b.post(action, form, "allow")
			r.Header.Set("Sec-Fetch-Site", "same-site")
			return b.send(r)
		}, "page 403"},
		{"from another origin", func(b browser, action, form string) *webtest.Answer {
			r := b.post(action, form, "allow")
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "https://evil.example")
			return b.send(r)
		}, "page 403"},
		{"from a sandbox", func(b browser, action, form string) *webtest.Answer {
			r := b.post(action, form, "allow")
			r.Header.Del("Sec-Fetch-Site")
			return b.send(r)
		}, "page 403"},
		{"no decision", func(b browser, action, form string) *webtest.Answer {
			return b.send(b.post(action, form, "maybe"))
		}, "page 400"},
		{"as JSON", func(b browser, action, form string) *webtest.Answer {
			r := b.post(action, form, "allow")
			r.Header.Set("Content-Type", "text/plain")
			return b.send(r)
		}, "page 415"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t)
			f.app("shop", "web", "orders.read", "storage.user.read")
			f.app("other", "web", "orders.read")
			f.door.signIn("bob", oauth.User{TenantID: "t1", ID: "bob", AuthTime: time.Now()})
			f.door.signIn("ann's phone", oauth.User{TenantID: "t1", ID: "ann", AuthTime: time.Now()})
			b := browser{f, "ann"}
			page := b.get(request("shop", "scope", "orders.read"))
			csp := page.Header().Get("Content-Security-Policy")
			if !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") || page.Header().Get("X-Frame-Options") != "DENY" ||
				!strings.Contains(csp, "form-action 'self';") {
				t.Errorf("another site may show the page: %v", page.Header())
			}
			action, form := b.form(page)
			if got := outcome(row.attack(b, action, form)); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			_, err := f.grants.Grant(t.Context(), "t1", "ann", "shop")
			if granted := err == nil; granted != strings.HasPrefix(row.want, "code") {
				t.Errorf("granted: %t", granted)
			}
		})
	}
}
