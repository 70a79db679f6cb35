package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/client"
)

func TestFileReadAndStat(t *testing.T) {
	t.Parallel()
	modified := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"e1"`)
		w.Header().Set("Content-Type", "text/plain")
		http.ServeContent(w, r, "", modified, strings.NewReader("content"))
	}))
	t.Cleanup(server.Close)
	c := mustNew(t, client.Config{BaseURL: server.URL, APIKey: testKey})
	t.Cleanup(c.CloseIdleConnections)
	files := c.Storage.Files.Tier(client.Shared)
	want := client.File{Key: "a/b", Tier: client.Shared, Size: 7, ETag: "e1", ContentType: "text/plain", LastModified: modified}

	reader, err := files.Read(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err := errors.Join(err, reader.Close()); err != nil {
		t.Fatal(err)
	}
	equal(t, "content", string(content), "content")
	equal(t, "read", reader.File, want)

	stat, err := files.Stat(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "stat", stat, want)
}

func TestTruncatedFileIsAnError(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("only this"))
	}))
	t.Cleanup(server.Close)
	c := mustNew(t, client.Config{BaseURL: server.URL, APIKey: testKey})
	t.Cleanup(c.CloseIdleConnections)
	reader, err := c.Storage.Files.Read(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := io.ReadAll(reader); err == nil {
		t.Error("half a file passed for a whole one")
	}
}

func TestFileWriteBodies(t *testing.T) {
	t.Parallel()
	type request struct {
		body   string
		length int64
		expect string
	}
	got := make(chan request, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- request{string(body), r.ContentLength, r.Header.Get("Expect")}
		respond(w, http.StatusOK, "application/json", `{"key":"k","tier":"private","size":7,"etag":"e1","lastModified":"2026-01-02T03:04:05.000Z"}`)
	}))
	t.Cleanup(server.Close)
	c := mustNew(t, client.Config{BaseURL: server.URL, APIKey: testKey})
	t.Cleanup(c.CloseIdleConnections)
	large := strings.Repeat("x", 2<<20)
	for name, tt := range map[string]struct {
		content io.Reader
		want    request
	}{
		"a reader that seeks": {strings.NewReader("content"), request{"content", 7, ""}},
		"a buffer":            {bytes.NewBufferString("content"), request{"content", 7, ""}},
		"a stream":            {onlyReader{strings.NewReader("content")}, request{"content", -1, "100-continue"}},
		"an empty stream":     {onlyReader{strings.NewReader("")}, request{"", -1, "100-continue"}},
		"nothing":             {nil, request{"", 0, ""}},
		"large":               {strings.NewReader(large), request{large, 2 << 20, "100-continue"}},
	} {
		written, err := c.Storage.Files.Write(t.Context(), "k", tt.content)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		equal(t, name, <-got, tt.want)
		equal(t, "written", written, client.File{
			Key: "k", Tier: client.Private, Size: 7, ETag: "e1", LastModified: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		})
	}
}

func TestMissingIsNoErrorInDBAndKV(t *testing.T) {
	t.Parallel()
	c := newClient(t, reply(404, "application/problem+json", `{"code":"not_found"}`, "X-Request-Id", "r1"))
	ctx := t.Context()
	value := "untouched"
	found, err := c.Storage.DB.Collection("c").Get(ctx, "k", &value)
	equal(t, "db.Get", fmt.Sprint(found, err, " ", value), "false <nil> untouched")
	_, found, err = c.Storage.DB.Collection("c").Document(ctx, "k")
	equal(t, "db.Document", fmt.Sprint(found, err), "false <nil>")
	text, found, err := c.Storage.KV.Get(ctx, "k")
	equal(t, "kv.Get", fmt.Sprint(text, found, err), "false <nil>")
	found, err = c.Storage.KV.Exists(ctx, "k")
	equal(t, "kv.Exists", fmt.Sprint(found, err), "false <nil>")
	_, found, err = c.Storage.KV.TTL(ctx, "k")
	equal(t, "kv.TTL", fmt.Sprint(found, err), "false <nil>")
	found, err = c.Storage.KV.DeleteIf(ctx, "k", "v")
	equal(t, "kv.DeleteIf", fmt.Sprint(found, err), "false <nil>")
	for _, err := range []error{
		func() error { _, err := c.Storage.Files.Read(ctx, "k"); return err }(),
		func() error { _, err := c.Storage.Files.Stat(ctx, "k"); return err }(),
		func() error { _, err := c.Apps.Get(ctx, "k"); return err }(),
		c.Apps.Delete(ctx, "k"),
	} {
		if refused, ok := errors.AsType[*client.NotFoundError](err); !ok || refused.Code != "not_found" {
			t.Errorf("got %v, want a NotFoundError", err)
		}
	}
}

// TestHEAD: an answer to HEAD has no body, so its status and headers must do.
func TestHEAD(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status    int
		challenge string
		want      string
	}{
		{400, "", "bad_request"},
		{401, `Bearer realm="cpod", error="invalid_token"`, "invalid_token"},
		{401, `Bearer realm="cpod"`, "missing_token"},
		{403, `Bearer error="insufficient_scope"`, "forbidden"},
		{404, "", "not_found"},
		{429, "", "rate_limited"},
		{503, "", "unavailable"},
		{500, "", ""},
	} {
		c := mustNew(t, client.Config{
			APIKey: testKey, MaxAttempts: 1,
			HTTPClient: &http.Client{Transport: reply(tt.status, "application/problem+json", "", "X-Request-Id", "r1", "WWW-Authenticate", tt.challenge)},
		})
		_, err := c.Storage.Files.Stat(t.Context(), "k")
		equal(t, "code of "+http.StatusText(tt.status), baseError(t, err).Code, cpodkit.Code(tt.want))
		equal(t, "request id", baseError(t, err).RequestID, "r1")
	}
	exists, err := newClient(t, reply(404, "", "", "X-Request-Id", "r1")).Storage.KV.Exists(t.Context(), "k")
	equal(t, "exists", fmt.Sprint(exists, err), "false <nil>")
}

func TestDocumentValues(t *testing.T) {
	t.Parallel()
	const value = `{"big":123456789012345678901234567890,"text":"<&>"}`
	c := newClient(t, reply(200, "application/json", `{"key":"k","value":`+value+`,"version":"v7","updatedAt":"2026-01-02T03:04:05.000Z"}`, "ETag", `"v7"`))
	col := c.Storage.DB.Collection("c")
	document, found, err := col.Document(t.Context(), "k")
	if err != nil || !found {
		t.Fatal(found, err)
	}
	equal(t, "value", string(document.Value), value)
	equal(t, "version", document.Version, "v7")
	var exact struct{ Big json.Number }
	if err := document.Decode(&exact); err != nil {
		t.Fatal(err)
	}
	equal(t, "number", exact.Big, "123456789012345678901234567890")
	found, err = col.Get(t.Context(), "k", new(int))
	if !found || err == nil {
		t.Errorf("got %v, %v for a value that does not fit, want true and an error", found, err)
	}
	set, err := col.Set(t.Context(), "k", json.RawMessage(value))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "value as set", string(set.Value), value)
	equal(t, "version as set", set.Version, "v7")
}

func TestWalks(t *testing.T) {
	t.Parallel()
	var requests counter
	c := newClient(t, handlerTransport(func(w http.ResponseWriter, r *http.Request) {
		n := requests.next()
		body, _ := io.ReadAll(r.Body)
		if at := r.URL.RawQuery + string(body); n > 1 && !strings.Contains(at, fmt.Sprintf("c%d", n-1)) {
			t.Errorf("request %d does not carry the cursor of the page before: %s", n, at)
		}
		if n < 3 {
			respond(w, 200, "application/json", fmt.Sprintf(`{"items":[{"key":"a%[1]d","client_id":"a%[1]d","name":"a%[1]d"},{"key":"b%[1]d","client_id":"b%[1]d","name":"b%[1]d"}],"nextCursor":"c%[1]d"}`, n))
			return
		}
		requests.n = 0
		respond(w, 200, "application/json", `{"items":[{"key":"a3","client_id":"a3","name":"a3"}]}`)
	}))
	want := []string{"a1", "b1", "a2", "b2", "a3"}
	ctx := t.Context()
	var files, documents, apps, collections []string
	for file, err := range c.Storage.Files.All(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file.Key)
	}
	for document, err := range c.Storage.DB.Collection("c").All(ctx, client.Query{Filter: client.Filter{"a": 1}, Limit: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, document.Key)
	}
	for app, err := range c.Apps.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		apps = append(apps, app.ClientID)
	}
	for collection, err := range c.Storage.DB.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		collections = append(collections, collection.Name)
	}
	for name, got := range map[string][]string{"files": files, "documents": documents, "apps": apps, "collections": collections} {
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	for range c.Storage.Files.All(ctx, "") {
		break
	}
	equal(t, "requests of a walk that was left", requests.get(), 1)
}

func TestWalkEndsAfterError(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]handlerTransport{
		"refusal":      reply(400, "application/problem+json", `{"code":"invalid_cursor"}`),
		"stuck cursor": reply(200, "application/json", `{"items":[],"nextCursor":"same"}`),
	} {
		var failures int
		for _, err := range newClient(t, answer).Storage.DB.Collection("c").All(t.Context(), client.Query{}) {
			if err != nil {
				failures++
			}
		}
		equal(t, name, failures, 1)
	}
}

func TestBatchResult(t *testing.T) {
	t.Parallel()
	c := newClient(t, reply(200, "application/json", `{"succeeded":1,"failed":1,"errors":[{"index":1,"code":"payload_too_large","detail":"too large"}]}`))
	result, err := c.Storage.DB.Collection("c").Batch(t.Context(), []client.Op{client.SetOp("a", 1), client.SetOp("b", 2)})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "result", fmt.Sprint(result), "{1 1 [{1 payload_too_large too large}]}")
}

func TestKVAnswers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	ttl := func(answer string) string {
		left, found, err := newClient(t, reply(200, "application/json", answer)).Storage.KV.TTL(ctx, "k")
		return fmt.Sprint(left, found, err)
	}
	equal(t, "ttl", ttl(`{"ttl":3599}`), "59m59s true <nil>")
	equal(t, "no expiry", ttl(`{"ttl":-1}`), fmt.Sprint(client.NoExpiry, " true <nil>"))
	sum, err := newClient(t, reply(200, "application/json", `{"value":9223372036854775807}`)).Storage.KV.Incr(ctx, "k", 1)
	equal(t, "incr", fmt.Sprint(sum, err), "9223372036854775807 <nil>")
	_, err = newClient(t, reply(409, "application/problem+json", `{"code":"conflict"}`)).Storage.KV.Incr(ctx, "k", 1)
	equal(t, "incr of text", errors.As(err, new(*client.ConflictError)), true)
	deleted, err := newClient(t, reply(412, "application/problem+json", `{"code":"precondition_failed"}`)).Storage.KV.DeleteIf(ctx, "k", "v")
	equal(t, "deleteIf of another", fmt.Sprint(deleted, err), "false <nil>")
	deleted, err = newClient(t, reply(204, "", "")).Storage.KV.DeleteIf(ctx, "k", "v")
	equal(t, "deleteIf", fmt.Sprint(deleted, err), "true <nil>")
	err = newClient(t, reply(412, "application/problem+json", `{"code":"precondition_failed"}`)).Storage.KV.Set(ctx, "k", "v", client.IfAbsent())
	equal(t, "set of one that is there", errors.As(err, new(*client.PreconditionFailedError)), true)
}

func TestAppAnswers(t *testing.T) {
	t.Parallel()
	const app = `{"client_id":"app","client_secret":"cs_new","name":"App","declared_scopes":["a.read"],"app_type":"web","redirect_uris":["https://x"],"created_at":"2026-01-02T03:04:05.000Z"}`
	registered, secret, err := newClient(t, reply(201, "application/json", app)).Apps.Register(t.Context(), client.NewApp{ClientID: "app"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "secret", secret, "cs_new")
	equal(t, "app", fmt.Sprint(registered), "{ app App a.read web [https://x] [] [] 2026-01-02 03:04:05 +0000 UTC }")
	secret, err = newClient(t, reply(200, "application/json", app)).Apps.RotateSecret(t.Context(), "app")
	equal(t, "rotated", fmt.Sprint(secret, " ", err), "cs_new <nil>")
	got, err := newClient(t, reply(200, "application/json", app, "ETag", `"e1"`)).Apps.Get(t.Context(), "app")
	equal(t, "ETag", fmt.Sprint(got.ETag, " ", err), "e1 <nil>")
	got, err = newClient(t, reply(200, "application/json", app, "ETag", `"e2"`)).Apps.Update(t.Context(), "app", client.AppChange{})
	equal(t, "changed", fmt.Sprint(got.Name, " ", got.ETag, " ", err), "App e2 <nil>")
	_, err = newClient(t, reply(412, "application/problem+json", `{"code":"precondition_failed"}`)).
		Apps.Update(t.Context(), "app", client.AppChange{}, client.IfMatch("e1"))
	equal(t, "changed meanwhile", errors.As(err, new(*client.PreconditionFailedError)), true)
}

func TestIntrospection(t *testing.T) {
	t.Parallel()
	ask := func(answer string) client.Introspection {
		c := mustNew(t, client.Config{
			ClientID: "app", ClientSecret: testSecret, HTTPClient: &http.Client{Transport: reply(200, "application/json", answer)},
		})
		got, err := c.Introspect(t.Context(), "token")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := ask(`{"active":true,"scope":"a.read b.write","client_id":"app","sub":"app","iss":"https://i","aud":["x","y"],"jti":"j",
		"tenantId":"acme","appId":"app","userId":"u","iat":1767323045,"exp":1767326645,"token_type":"Bearer"}`)
	equal(t, "introspection", fmt.Sprintf("%+v", got), "{Active:true Scopes:a.read b.write ClientID:app Subject:app Issuer:https://i "+
		"Audience:[x y] TokenID:j TenantID:acme AppID:app UserID:u IssuedAt:2026-01-02 03:04:05 +0000 UTC ExpiresAt:2026-01-02 04:04:05 +0000 UTC}")
	equal(t, "one audience", fmt.Sprint(ask(`{"active":true,"aud":"x"}`).Audience), "[x]")
	equal(t, "inactive", ask(`{"active":false}`).Active, false)
}

func TestListCollections(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		list   func(db *client.DB) (client.Page[client.CollectionInfo], error)
		target string
	}{
		"private": {func(db *client.DB) (client.Page[client.CollectionInfo], error) { return db.List(t.Context()) }, "/v1/storage/db"},
		"a page": {func(db *client.DB) (client.Page[client.CollectionInfo], error) {
			return db.List(t.Context(), client.Limit(2), client.Cursor("c"))
		}, "/v1/storage/db?cursor=c&limit=2"},
		"one app": {func(db *client.DB) (client.Page[client.CollectionInfo], error) {
			return db.Tier(client.User).App("app-a").List(t.Context())
		}, "/v1/storage/db?app=app-a&tier=user"},
		"all apps": {func(db *client.DB) (client.Page[client.CollectionInfo], error) {
			return db.Tier(client.User).AllApps().List(t.Context())
		}, "/v1/storage/db?app=%2A&tier=user"},
	} {
		c := newClient(t, handlerTransport(func(w http.ResponseWriter, r *http.Request) {
			equal(t, name, r.Method+" "+r.URL.RequestURI(), "GET "+tt.target)
			respond(w, 200, "application/json", `{"items":[{"name":"a","app":"app-a"}],"nextCursor":"n"}`)
		}))
		page, err := tt.list(c.Storage.DB)
		if err != nil || page.NextCursor != "n" || !slices.Equal(page.Items, []client.CollectionInfo{{Name: "a", App: "app-a"}}) {
			t.Errorf("%s: %+v, %v", name, page, err)
		}
	}
	db := newClient(t, handlerTransport(func(w http.ResponseWriter, r *http.Request) {
		equal(t, "request", r.URL.RequestURI(), "/v1/storage/db/c/k?tier=shared")
		respond(w, 200, "application/json", `{"key":"k","value":1}`)
	})).Storage.DB.Tier(client.Shared)
	if _, found, err := db.Collection("c").Document(t.Context(), "k"); !found || err != nil {
		t.Errorf("a document of the tier: %t, %v", found, err)
	}
	if _, err := db.App("app-a").List(t.Context()); err == nil {
		t.Error("an app outside of the user tier is no error")
	}
}
