package client_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

func TestNewRefusesConfig(t *testing.T) {
	t.Parallel()
	jwt := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"tenantId":"other"}`)) + ".sig"
	for name, tt := range map[string]struct {
		config client.Config
		want   string
	}{
		"no credentials":         {client.Config{}, "CPOD_API_KEY"},
		"two identities":         {client.Config{APIKey: testKey, ClientID: "a", ClientSecret: testSecret}, "both"},
		"id without secret":      {client.Config{ClientID: "a"}, "CPOD_CLIENT_SECRET"},
		"secret without id":      {client.Config{ClientSecret: testSecret}, "CPOD_CLIENT_ID"},
		"key with a line break":  {client.Config{APIKey: testKey + "\n"}, "CPOD_API_KEY"},
		"scope with a space":     {client.Config{APIKey: testKey, Scopes: []string{"a b"}}, "scope"},
		"negative attempts":      {client.Config{APIKey: testKey, MaxAttempts: -1}, "MaxAttempts"},
		"http to another host":   {client.Config{APIKey: testKey, BaseURL: "http://api.example.com"}, "https"},
		"http to a like name":    {client.Config{APIKey: testKey, BaseURL: "http://localhost.example.com"}, "https"},
		"http to a private net":  {client.Config{APIKey: testKey, BaseURL: "http://10.0.0.1:8000"}, "https"},
		"no scheme":              {client.Config{APIKey: testKey, BaseURL: "api.example.com"}, "BaseURL"},
		"another scheme":         {client.Config{APIKey: testKey, BaseURL: "file:///etc"}, "BaseURL"},
		"password in the URL":    {client.Config{APIKey: testKey, BaseURL: "https://u:hunter2@example.com"}, "BaseURL"},
		"query in the URL":       {client.Config{APIKey: testKey, BaseURL: "https://example.com?a=hunter2"}, "BaseURL"},
		"JWT of another tenant":  {client.Config{APIKey: jwt, TenantID: "acme"}, "tenant"},
		"URL with control bytes": {client.Config{APIKey: testKey, BaseURL: "https://example.com/\x00"}, "BaseURL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client.New(tt.config)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want an error that names %q", err, tt.want)
			}
			for _, secret := range []string{testKey, testSecret, "hunter2", jwt} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows a secret: %v", err)
				}
			}
		})
	}
}

func TestNewAcceptsConfig(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]client.Config{
		"default":              {APIKey: testKey},
		"loopback name":        {APIKey: testKey, BaseURL: "http://LOCALHOST:8000/"},
		"loopback IPv4":        {APIKey: testKey, BaseURL: "http://127.8.8.8"},
		"loopback IPv6":        {APIKey: testKey, BaseURL: "http://[::1]:8000"},
		"https with a path":    {APIKey: testKey, BaseURL: "https://example.com/cpod/"},
		"plain http, allowed":  {APIKey: testKey, BaseURL: "http://backend:8000", AllowCredentialsOverPlainHTTP: true},
		"client credentials":   {ClientID: "a", ClientSecret: testSecret, TenantID: "acme"},
		"opaque key, a tenant": {APIKey: testKey, TenantID: "acme"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustNew(t, config)
		})
	}
}

func TestFromEnv(t *testing.T) {
	unset := func(t *testing.T) {
		for _, name := range []string{
			"CPOD_API_KEY", "CPOD_CLIENT_ID", "CPOD_CLIENT_SECRET", "CPOD_API_URL", "CPOD_BASE_URL", "CPOD_TENANT_ID",
		} {
			t.Setenv(name, "")
		}
	}
	for name, tt := range map[string]struct {
		env  map[string]string
		want client.Config
	}{
		"key": {
			map[string]string{"CPOD_API_KEY": testKey},
			client.Config{APIKey: testKey},
		},
		"client credentials": {
			map[string]string{"CPOD_CLIENT_ID": "a", "CPOD_CLIENT_SECRET": testSecret, "CPOD_TENANT_ID": "acme"},
			client.Config{ClientID: "a", ClientSecret: testSecret, TenantID: "acme"},
		},
		"base URL": {
			map[string]string{"CPOD_API_KEY": testKey, "CPOD_BASE_URL": "https://base.example"},
			client.Config{APIKey: testKey, BaseURL: "https://base.example"},
		},
		"API URL wins": {
			map[string]string{"CPOD_API_KEY": testKey, "CPOD_BASE_URL": "https://base.example", "CPOD_API_URL": "https://api.example"},
			client.Config{APIKey: testKey, BaseURL: "https://api.example"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			unset(t)
			for key, value := range tt.env {
				t.Setenv(key, value)
			}
			got := client.ConfigFromEnv()
			equal(t, "BaseURL", got.BaseURL, tt.want.BaseURL)
			equal(t, "APIKey", got.APIKey, tt.want.APIKey)
			equal(t, "ClientID", got.ClientID, tt.want.ClientID)
			equal(t, "ClientSecret", got.ClientSecret, tt.want.ClientSecret)
			equal(t, "TenantID", got.TenantID, tt.want.TenantID)
			if _, err := client.FromEnv(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("nothing set", func(t *testing.T) {
		unset(t)
		if _, err := client.FromEnv(); err == nil {
			t.Error("a client without credentials")
		}
	})
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	config := client.Config{ClientID: "app", ClientSecret: testSecret}
	keyConfig := client.Config{APIKey: testKey, BaseURL: "https://u:hunter2@example.com"}
	c := mustNew(t, config)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&out, strings.Repeat(verb, 8), config, &config, keyConfig, []client.Config{config}, c, *c,
			c.Storage, mustNew(t, client.Config{APIKey: testKey}).Storage.Files)
	}
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(handler).Info("made", "config", config, "pointer", &keyConfig, "group", struct{ C client.Config }{config}, "client", c)
	}
	asJSON, err := json.Marshal([]client.Config{config, {APIKey: testKey}})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(asJSON)
	out.WriteString(config.GoString())
	for _, secret := range []string{testSecret, testKey, "hunter2", fmt.Sprintf("%x", testSecret)} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is shown in:\n%s", secret, out.String())
		}
	}
	if !strings.Contains(config.String(), `"app"`) || !strings.Contains(config.String(), "redacted") {
		t.Errorf("the description says too little: %s", config)
	}
}

func TestBasePathIsKept(t *testing.T) {
	t.Parallel()
	var target string
	c := mustNew(t, client.Config{
		APIKey: testKey, BaseURL: "https://example.com/cpod/",
		HTTPClient: &http.Client{Transport: handlerTransport(func(w http.ResponseWriter, r *http.Request) {
			target = r.URL.String()
			respond(w, http.StatusNoContent, "", "")
		})},
	})
	if err := c.Storage.Files.Delete(t.Context(), "a b/c"); err != nil {
		t.Fatal(err)
	}
	equal(t, "target", target, "https://example.com/cpod/v1/storage/files/a%20b/c")
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			var followed counter
			elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.next() }))
			t.Cleanup(elsewhere.Close)
			server := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/stolen", status))
			t.Cleanup(server.Close)
			c := mustNew(t, client.Config{BaseURL: server.URL, APIKey: testKey, HTTPClient: server.Client()})
			_, getErr := c.Storage.Files.Read(t.Context(), "a")
			_, putErr := c.Storage.Files.Write(t.Context(), "a", strings.NewReader("content"))
			for _, err := range []error{getErr, putErr} {
				equal(t, "status", baseError(t, err).Status, status)
				if strings.Contains(err.Error(), elsewhere.URL) {
					t.Errorf("the error shows where the redirect leads: %v", err)
				}
			}
			equal(t, "requests elsewhere", followed.get(), 0)
		})
	}
}

func TestHTTPClientIsCopied(t *testing.T) {
	t.Parallel()
	given := &http.Client{Transport: reply(http.StatusNoContent, "", "")}
	c := mustNew(t, client.Config{APIKey: testKey, HTTPClient: given})
	if given.CheckRedirect != nil {
		t.Error("the caller's http.Client was changed")
	}
	c.CloseIdleConnections()
}
