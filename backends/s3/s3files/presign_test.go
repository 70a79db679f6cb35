package s3files_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/s3/s3files"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/files"
)

func send(t *testing.T, method, url, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(content)
}

func TestPresignGet(t *testing.T) {
	t.Parallel()
	s3 := testservice.SharedS3(t)
	d := open(t, urlOf(s3, newBucket(t, s3), ""), s3files.WithPublicEndpoint("http://"+s3.Endpoint))
	const name = "t/apps/a/dir/ü \"page\".html"
	put(t, d, name, "<script>alert(1)</script>", files.PutOptions{ContentType: "text/html"})
	signed, err := d.PresignURL(t.Context(), name, http.MethodGet, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	res, content := send(t, http.MethodGet, signed, "")
	if res.StatusCode != http.StatusOK || content != "<script>alert(1)</script>" {
		t.Errorf("%s %q", res.Status, content)
	}
	disposition := res.Header.Get("Content-Disposition")
	if !strings.HasPrefix(disposition, "attachment; filename*=utf-8''%C3%BC%20") || res.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("a browser would run it: %v", res.Header)
	}
	for what, bent := range map[string]string{
		"another name":           strings.Replace(signed, "/dir/", "/dis/", 1),
		"shown by the browser":   strings.Replace(signed, "attachment", "inline", 1),
		"without a disposition":  without(t, signed, "response-content-disposition"),
		"as HTML":                signed + "&response-content-type=text%2Fhtml",
		"a longer life":          strings.Replace(signed, "X-Amz-Expires=60", "X-Amz-Expires=600", 1),
		"without its signature":  without(t, signed, "X-Amz-Signature"),
		"another one's delivery": strings.Replace(signed, "http://", "http://x@", 1) + "&x-id=GetObject",
	} {
		if res, _ := send(t, http.MethodGet, bent, ""); res.StatusCode < 400 {
			t.Errorf("%s: %s", what, res.Status)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		if res, _ := send(t, method, signed, "x"); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s with a URL for GET: %s", method, res.Status)
		}
	}
	wantContent(t, d, name, "<script>alert(1)</script>")
}

func without(t *testing.T, raw, parameter string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Del(parameter)
	u.RawQuery = query.Encode()
	return u.String()
}

func TestPresignPut(t *testing.T) {
	t.Parallel()
	s3 := testservice.SharedS3(t)
	u := urlOf(s3, newBucket(t, s3), "&public-endpoint=http://"+s3.Endpoint)
	if _, err := open(t, u).PresignURL(t.Context(), "a", http.MethodPut, time.Minute); !errors.Is(err, cpodkit.CodeNotSupported) {
		t.Errorf("a PUT without a limit of its size: %v", err)
	}
	d := open(t, u+"&unsafe-presigned-put-without-size-limit=true")
	signed, err := d.PresignURL(t.Context(), "a", http.MethodPut, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if res, text := send(t, http.MethodPut, signed, "content"); res.StatusCode != http.StatusOK {
		t.Errorf("%s %s", res.Status, text)
	}
	wantContent(t, d, "a", "content")
}

// expiring are credentials with an end.
type expiring struct{ value credentials.Value }

func (e expiring) Retrieve() (credentials.Value, error) { return e.value, nil }
func (e expiring) RetrieveWithCredContext(*credentials.CredContext) (credentials.Value, error) {
	return e.value, nil
}
func (e expiring) IsExpired() bool { return false }

// What the driver does not sign, the store signs by itself.
func TestPresignNotSupported(t *testing.T) {
	t.Parallel()
	inAnHour := time.Now().Add(time.Hour)
	static := credentials.Value{AccessKeyID: "key", SecretAccessKey: "hunter2", SignerType: credentials.SignatureV4}
	temporary, unknown := static, static
	temporary.SessionToken, temporary.Expiration = "token", inAnHour
	unknown.SessionToken = "token"
	const public = "&public-endpoint=https://files.example.com"
	for _, c := range []struct {
		name       string
		parameters string
		keys       credentials.Value
		method     string
		ttl        time.Duration
		want       string // the beginning of the URL; "" for CodeNotSupported
	}{
		{"at the public endpoint", public, static, http.MethodGet, time.Hour, "https://files.example.com/bucket/a/b?"},
		{"in the host", public + "&path-style=false", static, http.MethodGet, time.Hour, "https://bucket.files.example.com/a/b?"},
		{"for a week", public, static, http.MethodGet, 7 * 24 * time.Hour, "https://files.example.com/"},
		{"within the credentials' life", public, temporary, http.MethodGet, 50 * time.Minute, "https://files.example.com/"},
		{"beyond it", public, temporary, http.MethodGet, 61 * time.Minute, ""},
		{"of credentials with an unknown life", public, unknown, http.MethodGet, time.Second, ""},
		{"without credentials", public, credentials.Value{SignerType: credentials.SignatureAnonymous}, http.MethodGet, time.Hour, ""},
		{"for more than a week", public, static, http.MethodGet, 7*24*time.Hour + time.Second, ""},
		{"for no second", public, static, http.MethodGet, time.Millisecond, ""},
		{"for PUT", public, static, http.MethodPut, time.Hour, ""},
		{"for DELETE", public + "&unsafe-presigned-put-without-size-limit=true", static, http.MethodDelete, time.Hour, ""},
		{"without a public endpoint", "", static, http.MethodGet, time.Hour, ""},
	} {
		// Nobody listens there: signing asks nobody.
		d := open(t, "s3://bucket?endpoint=http://127.0.0.1:1"+c.parameters, s3files.WithCredentials(credentials.New(expiring{c.keys})))
		signed, err := d.PresignURL(t.Context(), "a/b", c.method, c.ttl)
		switch {
		case c.want == "" && !errors.Is(err, cpodkit.CodeNotSupported):
			t.Errorf("%s: %q, %v; want not_supported", c.name, signed, err)
		case c.want != "" && (err != nil || !strings.HasPrefix(signed, c.want) || strings.Contains(signed, "hunter2")):
			t.Errorf("%s: %q, %v; want %q…", c.name, signed, err, c.want)
		}
	}
	amazon := open(t, "s3://bucket?region=eu-central-1", s3files.WithCredentials(credentials.New(expiring{static})))
	signed, err := amazon.PresignURL(t.Context(), "a/b", http.MethodGet, time.Hour)
	if u, parseErr := url.Parse(signed); err != nil || parseErr != nil || !strings.HasSuffix(u.Host, "eu-central-1.amazonaws.com") {
		t.Errorf("on Amazon: %q, %v", signed, err)
	}
	if _, err := amazon.PresignURL(t.Context(), "../b", http.MethodGet, time.Hour); err == nil {
		t.Error("it signs for a name that is none")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := amazon.PresignURL(ctx, "a/b", http.MethodGet, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("for a caller who is gone: %v", err)
	}
}

// A Store on the driver gives out the driver's URLs, and its own for PUT.
func TestStoreSigns(t *testing.T) {
	t.Parallel()
	s3 := testservice.SharedS3(t)
	d := open(t, urlOf(s3, newBucket(t, s3), "&public-endpoint=http://"+s3.Endpoint))
	store, err := files.New(d, files.WithPublicURL("https://api.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	h := store.For(cpodkit.Identity{
		TenantID: "t", AppID: "a", Scopes: cpodkit.ParseScopes("storage.private.read storage.private.write"),
	})
	if _, err := h.Write(t.Context(), "x", strings.NewReader("content"), nil); err != nil {
		t.Fatal(err)
	}
	get, err := h.SignURL(t.Context(), "x", files.URLOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, content := send(t, http.MethodGet, get.URL, ""); content != "content" {
		t.Errorf("%q", content)
	}
	put, err := h.SignURL(t.Context(), "x", files.URLOptions{Method: http.MethodPut})
	if err != nil || !strings.HasPrefix(put.URL, "https://api.example.com/") {
		t.Errorf("%+v, %v", put, err)
	}
}
