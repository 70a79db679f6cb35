package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/client"
)

func TestErrorMapping(t *testing.T) {
	t.Parallel()
	is := func(err error) string {
		switch {
		case errors.As(err, new(*client.NotFoundError)):
			return "not found"
		case errors.As(err, new(*client.AuthError)):
			return "auth"
		case errors.As(err, new(*client.ValidationError)):
			return "validation"
		case errors.As(err, new(*client.RateLimitError)):
			return "rate limit"
		case errors.As(err, new(*client.ConflictError)):
			return "conflict"
		case errors.As(err, new(*client.PreconditionFailedError)):
			return "precondition"
		case errors.As(err, new(*client.UnavailableError)):
			return "unavailable"
		case errors.As(err, new(*client.QuotaExceededError)):
			return "quota"
		}
		return ""
	}
	for _, tt := range []struct {
		status int
		code   string
		class  string
	}{
		{400, "bad_request", "validation"},
		{400, "invalid_cursor", "validation"},
		{400, "invalid_key", "validation"},
		{401, "missing_token", "auth"},
		{401, "invalid_token", "auth"},
		{401, "token_expired", "auth"},
		{401, "token_revoked", "auth"},
		{403, "invalid_scope", "auth"},
		{403, "policy_denied", "auth"},
		{403, "user_required", "auth"},
		{403, "forbidden", "auth"},
		{404, "not_found", "not found"},
		{405, "method_not_allowed", ""},
		{406, "not_acceptable", ""},
		{409, "conflict", "conflict"},
		{412, "precondition_failed", "precondition"},
		{413, "payload_too_large", ""},
		{415, "unsupported_media_type", ""},
		{422, "validation_failed", "validation"},
		{429, "rate_limited", "rate limit"},
		{500, "internal", ""},
		{501, "not_supported", ""},
		{503, "unavailable", "unavailable"},
		{504, "timeout", "unavailable"},
		{507, "quota_exceeded", "quota"},
	} {
		t.Run(fmt.Sprint(tt.status, " ", tt.code), func(t *testing.T) {
			t.Parallel()
			body := fmt.Sprintf(`{"status":%d,"code":%q,"title":"Title","detail":"What is wrong","requestId":"r1"}`, tt.status, tt.code)
			c := mustNew(t, client.Config{
				APIKey: testKey, MaxAttempts: 1,
				HTTPClient: &http.Client{Transport: reply(tt.status, "application/problem+json", body, "Retry-After", "12")},
			})
			_, err := c.Storage.Files.Read(t.Context(), "k")
			equal(t, "class", is(err), tt.class)
			base := baseError(t, err)
			equal(t, "op", base.Op, "files.read")
			equal(t, "status", base.Status, tt.status)
			equal(t, "code", base.Code, cpodkit.Code(tt.code))
			equal(t, "message", base.Message, "What is wrong")
			equal(t, "request id", base.RequestID, "r1")
			equal(t, "retry after", base.RetryAfter, 12*time.Second)
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		answer handlerTransport
		want   string
	}{
		{
			reply(404, "application/problem+json; charset=utf-8", `{"code":"not_found","detail":"there is no such file","requestId":"r1"}`),
			"cpod: files.read: there is no such file (404 not_found, request r1)",
		},
		{
			reply(422, "application/problem+json", `{"code":"validation_failed","title":"Invalid","errors":[{"pointer":"/ttl","detail":"must be positive"}]}`),
			"cpod: files.read: Invalid; /ttl: must be positive (422 validation_failed)",
		},
		{
			reply(429, "application/problem+json", `{"code":"rate_limited","detail":"slow down"}`, "Retry-After", "60"),
			"cpod: files.read: slow down (429 rate_limited, retry after 1m0s)",
		},
		{reply(500, "text/html", "<html>oops", "X-Request-Id", "r2"), "cpod: files.read: the server answered 500 Internal Server Error (500, request r2)"},
		{reply(500, "application/problem+json", `{"code":`), "cpod: files.read: the server answered 500 Internal Server Error (500)"},
		{reply(418, "application/problem+json", `{"code":"x","detail":"a\nb\u001b[31m"}`), "cpod: files.read: a b [31m (418 x)"},
	} {
		_, err := newClient(t, tt.answer).Storage.Files.Read(t.Context(), "k")
		equal(t, "text", err.Error(), tt.want)
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	t.Parallel()
	answer := func(secret string) handlerTransport {
		return reply(400, "application/problem+json", `{"code":"x","detail":"you sent `+secret+`","error":"`+secret+
			`","error_description":"`+secret+`","errors":[{"pointer":"/`+secret+`","detail":"`+secret+`"}]}`, "X-Request-Id", secret)
	}
	_, keyErr := newClient(t, answer(testKey)).Storage.Files.Read(t.Context(), "k")
	withSecret := mustNew(t, client.Config{ClientID: "a", ClientSecret: testSecret, HTTPClient: &http.Client{Transport: answer(testSecret)}})
	_, fetchErr := withSecret.Storage.Files.Read(t.Context(), "k")
	revoking := mustNew(t, client.Config{ClientID: "a", ClientSecret: testSecret, HTTPClient: &http.Client{Transport: answer("their-token")}})
	revokeErr := revoking.Revoke(t.Context(), "their-token")
	for _, err := range []error{keyErr, fetchErr, revokeErr} {
		shown := fmt.Sprintf("%v %+v %#v", err, baseError(t, err), *baseError(t, err))
		for _, secret := range []string{testKey, testSecret, "their-token"} {
			if strings.Contains(shown, secret) {
				t.Errorf("%q is shown in %s", secret, shown)
			}
		}
	}
}

func TestRetryAfterForms(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"":                              0,
		"soon":                          0,
		"-5":                            0,
		"90":                            90 * time.Second,
		"999999999999":                  24 * time.Hour,
		"99999999999999999999999":       0,
		"Wed, 21 Oct 2015 07:28:00 GMT": 0,
	} {
		c := mustNew(t, client.Config{
			APIKey: testKey, MaxAttempts: 1,
			HTTPClient: &http.Client{Transport: reply(429, "application/problem+json", `{}`, "Retry-After", value)},
		})
		_, err := c.Storage.KV.Incr(t.Context(), "k", 1)
		equal(t, "Retry-After "+value, baseError(t, err).RetryAfter, want)
	}
}

// A page of some other server must never pass for an answer of cpod-backend.
func TestForeignAnswersAreErrors(t *testing.T) {
	t.Parallel()
	page := func(status int) *client.Client {
		return newClient(t, reply(status, "text/html", "<html>welcome"))
	}
	ctx := t.Context()
	if found, err := page(404).Storage.DB.Collection("c").Get(ctx, "k", new(any)); err == nil {
		t.Errorf("db.Get took a foreign 404 for found = %v", found)
	}
	if _, _, err := page(404).Storage.KV.Get(ctx, "k"); err == nil {
		t.Error("kv.Get took a foreign 404 for a missing key")
	}
	if _, err := page(404).Storage.KV.Exists(ctx, "k"); err == nil {
		t.Error("kv.Exists took a foreign 404 for a missing key")
	}
	if err := page(200).Storage.KV.Set(ctx, "k", "v"); err == nil {
		t.Error("kv.Set took a foreign 200 for success")
	}
	if err := page(200).Storage.Files.Delete(ctx, "k"); err == nil {
		t.Error("files.Delete took a foreign 200 for success")
	}
	if _, err := page(200).Storage.Files.Write(ctx, "k", strings.NewReader("x")); err == nil {
		t.Error("files.Write took a foreign 200 for success")
	}
	if _, err := page(200).Storage.Files.List(ctx, ""); err == nil {
		t.Error("files.List took a foreign 200 for a list")
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	huge := `{"value":"` + strings.Repeat("a", 9<<20) + `"}`
	_, _, err := newClient(t, reply(200, "application/json", huge)).Storage.KV.Get(t.Context(), "k")
	if err == nil || !strings.Contains(err.Error(), "larger than 8 MiB") {
		t.Errorf("got %v, want a refusal of the answer", err)
	}
}
