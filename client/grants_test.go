package client_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

// signInServer answers the calls of a web app as the server does, and notes them.
func signInServer(t *testing.T, calls *[]string) *client.Client {
	t.Helper()
	handler := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Error(err)
		}
		id, secret, basic := r.BasicAuth()
		*calls = append(*calls, r.Method+" "+r.URL.Path+" "+form.Encode())
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/v1/oauth/token":
			if !basic || id != "web" || secret != testSecret {
				t.Errorf("authenticated as %q", r.Header.Get("Authorization"))
			}
			if form.Get("code") == "used" {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"error":"invalid_grant","error_description":"The code was used before."}`)
				return
			}
			_, _ = io.WriteString(w, `{"access_token":"a.b.c","token_type":"Bearer","expires_in":3600,"scope":"x.read y.read","refresh_token":"rt_1"}`)
		case r.Header.Get("Authorization") != "Bearer a.b.c":
			t.Errorf("%s %s as %q", r.Method, r.URL.Path, r.Header.Get("Authorization"))
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		default:
			_, _ = io.WriteString(w, `{"items":[{"clientId":"web","name":"Web","scopes":["x.read"],"createdAt":"2026-01-02T15:04:05.000Z","updatedAt":"2026-01-02T15:04:05.000Z"}]}`)
		}
	}
	return mustNew(t, client.Config{ClientID: "web", ClientSecret: testSecret, HTTPClient: &http.Client{Transport: handlerTransport(handler)}})
}

func TestUserSignIn(t *testing.T) {
	t.Parallel()
	var calls []string
	c, ctx := signInServer(t, &calls), t.Context()
	target, verifier := c.SignInURL("https://app.example/cb", "s 1", "x.read", "y.read")
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	challenge := sha256.Sum256([]byte(verifier))
	for name, want := range map[string]string{
		"client_id": "web", "redirect_uri": "https://app.example/cb", "state": "s 1", "scope": "x.read y.read", "response_type": "code",
		"code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]), "code_challenge_method": "S256",
	} {
		if got := u.Query().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if _, other := c.SignInURL("https://app.example/cb", "s 1"); u.Path != "/oauth/authorize" || len(verifier) != 43 || other == verifier {
		t.Errorf("the URL is %s, the verifiers %q and %q", target, verifier, other)
	}

	tokens, err := c.ExchangeCode(ctx, "code", "https://app.example/cb", verifier)
	if err != nil || tokens.AccessToken != "a.b.c" || tokens.RefreshToken != "rt_1" || len(tokens.Scopes) != 2 || tokens.ExpiresAt.IsZero() {
		t.Errorf("got %+v, %v", tokens, err)
	}
	if _, err := c.RefreshUser(ctx, "rt_0"); err != nil {
		t.Error(err)
	}
	if _, err := c.ExchangeToken(ctx, "foreign", "x.read"); err != nil {
		t.Error(err)
	}
	user, err := c.AsUser(tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	for grant, err := range user.Grants.All(ctx) {
		if err != nil || grant.ClientID != "web" || grant.CreatedAt.IsZero() || len(grant.Scopes) != 1 {
			t.Errorf("got %+v, %v", grant, err)
		}
	}
	if err := user.Grants.Delete(ctx, "web"); err != nil {
		t.Error(err)
	}
	want := []string{
		"POST /v1/oauth/token code=code&code_verifier=" + verifier + "&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.example%2Fcb",
		"POST /v1/oauth/token grant_type=refresh_token&refresh_token=rt_0",
		"POST /v1/oauth/token grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&scope=x.read&subject_token=foreign" +
			"&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token",
		"GET /v1/oauth/me/grants ",
		"DELETE /v1/oauth/me/grants/web ",
	}
	if !slices.Equal(calls, want) {
		t.Errorf("the calls are\n%s\nwant\n%s", strings.Join(calls, "\n"), strings.Join(want, "\n"))
	}

	calls = nil
	if _, err := c.ExchangeCode(ctx, "used", "https://app.example/cb", verifier); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("a code that was used: %v", err)
	}
	if len(calls) != 1 {
		t.Errorf("a code was sent %d times", len(calls))
	}
}

func TestUserCallsThatAreNotSent(t *testing.T) {
	t.Parallel()
	never := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent: %s %s", r.Method, r.URL)
		return nil, errors.New("sent")
	})}
	ctx := t.Context()
	web := mustNew(t, client.Config{ClientID: "web", ClientSecret: testSecret, HTTPClient: never})
	key := mustNew(t, client.Config{APIKey: testKey, HTTPClient: never})
	_, emptyCode := web.ExchangeCode(ctx, "", "https://app.example/cb", "v")
	_, emptyToken := web.RefreshUser(ctx, "")
	_, noClient := key.ExchangeToken(ctx, "t")
	_, noUser := web.AsUser("")
	_, noToken := web.AsUser("a\nb")
	for name, err := range map[string]error{
		"an empty code": emptyCode, "an empty refresh token": emptyToken, "an API key": noClient, "no token of a user": noUser,
		"a token with a line break": noToken, "no client id": key.Grants.Delete(ctx, ""), "dots": key.Grants.Delete(ctx, ".."),
	} {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
