package localusers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth/localusers"
)

var admin = cpodkit.Identity{TenantID: "t1", AppID: "cpod:admin", Scopes: cpodkit.Scopes{"admin"}}

type user struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	Name      string `json:"name"`
	Disabled  bool   `json:"disabled"`
	CreatedAt string `json:"createdAt"`
}

type invitation struct {
	User      user   `json:"user"`
	InviteURL string `json:"inviteUrl"`
	ExpiresAt string `json:"expiresAt"`
}

func (f *fixture) calls(id cpodkit.Identity) func(method, path, body string, header ...string) *webtest.Answer {
	h := webtest.Handler(f.users.Routes(), webtest.As(id))
	return func(method, path, body string, header ...string) *webtest.Answer {
		f.Helper()
		if body != "" {
			header = append([]string{"Content-Type", "application/json"}, header...)
		}
		return webtest.Call(f, h, method, path, "", body, header...)
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	call := f.calls(admin)
	w := call(http.MethodPost, "/v1/users", `{"email": "Ann@Example.com", "name": "Ann"}`)
	w.WantStatus(t, http.StatusCreated)
	made := webtest.Decode[invitation](t, w)
	if made.User.Email != "ann@example.com" || made.User.Name != "Ann" || made.User.Disabled || !strings.HasPrefix(made.InviteURL, site+"/invite/") ||
		w.Header().Get("Location") != "/v1/users/"+made.User.ID || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%+v %v", made, w.Header())
	}
	at := "/v1/users/" + made.User.ID
	w = call(http.MethodGet, at, "")
	w.WantStatus(t, http.StatusOK)
	if got := webtest.Decode[user](t, w); got != made.User {
		t.Errorf("GET answers %+v, want %+v", got, made.User)
	}
	call(http.MethodPost, "/v1/users", `{"email": "ann@example.com"}`).WantProblem(t, cpodkit.CodeConflict)
	_, err := f.users.UseLink(t.Context(), strings.TrimPrefix(made.InviteURL, site+"/invite/"), password)
	f.must(err)

	for _, c := range []struct {
		body string
		want user
	}{
		{`{}`, user{Name: "Ann"}},
		{`{"name": "Bea"}`, user{Name: "Bea"}},
		{`{"disabled": true}`, user{Name: "Bea", Disabled: true}},
		{`{"name": null}`, user{Disabled: true}},
		{`{"disabled": false, "name": "Ann"}`, user{Name: "Ann"}},
	} {
		w = call(http.MethodPatch, at, c.body, "Content-Type", "application/merge-patch+json")
		w.WantStatus(t, http.StatusOK)
		got := webtest.Decode[user](t, w)
		if got.Name != c.want.Name || got.Disabled != c.want.Disabled {
			t.Errorf("after %s the user is %+v", c.body, got)
		}
	}
	w = call(http.MethodPost, at+"/reset", "")
	w.WantStatus(t, http.StatusOK)
	reset := webtest.Decode[invitation](t, w)
	if reset.InviteURL == made.InviteURL || reset.User.ID != made.User.ID || strings.Contains(w.Body.String(), "argon2") {
		t.Errorf("%+v", reset)
	}
	call(http.MethodDelete, at, "").WantStatus(t, http.StatusNoContent)
	call(http.MethodGet, at, "").WantProblem(t, cpodkit.CodeNotFound)
	call(http.MethodDelete, at, "").WantProblem(t, cpodkit.CodeNotFound)
}

func TestRefusedCalls(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.join("ann@example.com")
	at := "/v1/users/" + ann.ID
	for name, c := range map[string]struct {
		method, path, body string
		want               cpodkit.Code
		pointers           []string
	}{
		"no e-mail":         {"POST", "/v1/users", `{"name": "x"}`, cpodkit.CodeValidationFailed, []string{"/email"}},
		"two signs":         {"POST", "/v1/users", `{"email": "a@b@c"}`, cpodkit.CodeValidationFailed, []string{"/email"}},
		"a letter like k":   {"POST", "/v1/users", `{"email": "\u212a@example.com"}`, cpodkit.CodeValidationFailed, []string{"/email"}},
		"a line break":      {"POST", "/v1/users", `{"email": "a@example.com\nbcc: x"}`, cpodkit.CodeValidationFailed, []string{"/email"}},
		"a long name":       {"POST", "/v1/users", fmt.Sprintf(`{"email": "b@c", "name": %q}`, strings.Repeat("x", 201)), cpodkit.CodeValidationFailed, []string{"/name"}},
		"a password":        {"POST", "/v1/users", `{"email": "b@c", "password": "x"}`, cpodkit.CodeValidationFailed, []string{"/password"}},
		"an unknown member": {"PATCH", at, `{"email": "x@y"}`, cpodkit.CodeValidationFailed, []string{"/email"}},
		"disabled is null":  {"PATCH", at, `{"disabled": null}`, cpodkit.CodeValidationFailed, []string{"/disabled"}},
		"a name of spaces":  {"PATCH", at, `{"name": " "}`, cpodkit.CodeValidationFailed, []string{"/name"}},
		"nobody":            {"PATCH", "/v1/users/x", `{}`, cpodkit.CodeNotFound, nil},
		"a reset of nobody": {"POST", "/v1/users/x/reset", "", cpodkit.CodeNotFound, nil},
		"a parameter":       {"GET", "/v1/users?tenant=t2", "", cpodkit.CodeBadRequest, nil},
		"a forged cursor":   {"GET", "/v1/users?cursor=AAAA", "", cpodkit.CodeInvalidCursor, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.calls(admin)(c.method, c.path, c.body).WantProblem(t, c.want, c.pointers...)
		})
	}
	f.calls(admin)("PATCH", at, `{}`, "If-Match", `"x"`).WantProblem(t, cpodkit.CodeBadRequest)
	webtest.Call(t, webtest.Handler(f.users.Routes(), webtest.As(admin)), "PATCH", at, "", "x", "Content-Type", "text/plain").
		WantProblem(t, cpodkit.CodeUnsupportedMediaType)
}

// An administrator reaches the users of the own tenant alone, and nobody else any.
func TestTenants(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.join("ann@example.com")
	other, app := admin, admin
	other.TenantID = "t2"
	app.Scopes = cpodkit.Scopes{"storage.private.read"}
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/v1/users/" + ann.ID, ""}, {"PATCH", "/v1/users/" + ann.ID, `{"disabled": true}`}, {"DELETE", "/v1/users/" + ann.ID, ""},
		{"POST", "/v1/users/" + ann.ID + "/reset", ""}, {"GET", "/v1/users", ""}, {"POST", "/v1/users", `{"email": "x@example.com"}`},
	} {
		w := f.calls(other)(c.method, c.path, c.body)
		switch {
		case strings.Contains(c.path, ann.ID):
			w.WantProblem(t, cpodkit.CodeNotFound)
		case strings.Contains(w.Body.String(), ann.ID):
			t.Errorf("%s", w)
		}
		f.calls(app)(c.method, c.path, c.body).WantProblem(t, cpodkit.CodeInvalidScope)
		webtest.Call(t, webtest.Handler(f.users.Routes()), c.method, c.path, "", c.body).WantProblem(t, cpodkit.CodeMissingToken)
	}
	f.wantSignIn("ann@example.com", password, true)
	// The same address in another tenant is another user.
	link, err := f.users.Invite(t.Context(), localusers.NewUser{TenantID: "t2", Email: "ann@example.com"})
	f.must(err)
	if link.User.ID == ann.ID {
		t.Error("two users have one id")
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 7 {
		f.invite(fmt.Sprintf("u%d@example.com", i))
	}
	type page struct {
		Items      []user `json:"items"`
		NextCursor string `json:"nextCursor"`
	}
	seen := map[string]bool{}
	for cursor := ""; ; {
		w := f.calls(admin)(http.MethodGet, "/v1/users?limit=3&cursor="+cursor, "")
		if cursor == "" {
			w = f.calls(admin)(http.MethodGet, "/v1/users?limit=3", "")
		}
		w.WantStatus(t, http.StatusOK)
		p := webtest.Decode[page](t, w)
		for _, u := range p.Items {
			seen[u.Email] = true
		}
		if cursor = p.NextCursor; cursor == "" {
			break
		}
		other := admin
		other.TenantID = "t2"
		f.calls(other)(http.MethodGet, "/v1/users?cursor="+cursor, "").WantProblem(t, cpodkit.CodeInvalidCursor)
	}
	if len(seen) != 7 {
		t.Errorf("the list has %v", seen)
	}
}
