package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/testfull"
	"github.com/cpodkit/cpodkit/oauth"
)

// firstUses is how many first uses of another tenant succeed while one floods a room.
const firstUses = 1_000

// roomServer is a server whose rooms are small, so that a test can fill them, with an app
// of two tenants.
type roomServer struct {
	*testing.T
	url    string
	signer *authz.Signer
	client *http.Client
	secret map[string]string // of the app of each tenant
}

func openRooms(t *testing.T, small rooms) *roomServer {
	t.Helper()
	variables := map[string]string{
		"CPOD_DATA_DIR": t.TempDir(), "CPOD_PUBLIC_URL": "http://localhost:8000", "CPOD_OPS_LISTEN": "off",
		"CPOD_MAX_CONNECTIONS": "64", "CPOD_LIMIT_REFUSED_GRANTS": "off",
	}
	d, parts := loadForTest(t, variables)
	h := newHouse(d.base, quiet())
	h.rooms = small
	server, err := openServer(t.Context(), h, parts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	handler, err := server.handler()
	if err != nil {
		t.Fatal(err)
	}
	key := h.ring.SigningKeys()[0]
	signer, err := authz.NewSigner(authz.SigningKey{ID: key.ID, Algorithm: key.Algorithm, Private: key.Private})
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(handler)
	t.Cleanup(listening.Close)
	s := &roomServer{T: t, url: listening.URL, signer: signer, client: listening.Client(), secret: map[string]string{}}
	s.client.Transport.(*http.Transport).MaxIdleConnsPerHost = 16
	for _, tenant := range []string{"a", "b"} {
		if err := ensureTenant(t.Context(), h, tenant); err != nil {
			t.Fatal(err)
		}
		_, admin, err := oauth.MakeAdminKey(t.Context(), h.records.apiKeys, oauth.NewAdminKey{TenantID: tenant, Name: "test"})
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(`{"client_id":%q,"name":"app","declared_scopes":["ratelimit.write"],"app_type":"service"}`, "app-"+tenant)
		status, answer := s.call(t.Context(), "POST", "/v1/oauth/apps", admin, "application/json", strings.NewReader(body))
		if status != http.StatusCreated {
			t.Fatalf("register an app: %d %s", status, answer)
		}
		s.secret[tenant] = member(answer, "client_secret")
	}
	return s
}

func member(answer, name string) string {
	var members map[string]any
	_ = json.Unmarshal([]byte(answer), &members)
	text, _ := members[name].(string)
	return text
}

// call makes a request, without a token when that is "", and returns the answer; 0 and the
// error when there is none.
func (s *roomServer) call(ctx context.Context, method, path, token, contentType string, body io.Reader) (status int, answer string) {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		return 0, err.Error()
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", contentType)
	res, err := s.client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

// token returns a token of a tenant's app, as the server makes them.
func (s *roomServer) token(tenant, id string, scopes ...string) string {
	s.Helper()
	token, err := s.signer.Sign(authz.Claims{
		Issuer: "http://localhost:8000", Audience: "http://localhost:8000", Subject: "app-" + tenant, ClientID: "app-" + tenant,
		TokenID: id, TenantID: tenant, AppID: "app-" + tenant, UserID: "user", Scopes: scopes,
		IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	})
	if err != nil {
		s.Error(err)
	}
	return token
}

// flood makes use by the first tenant so often, from several goroutines, and then by the
// second one [firstUses] times, which must all succeed. It returns how often the first one
// succeeded, and a last answer that refused it.
func (s *roomServer) flood(times int, use func(tenant string, i int) (ok bool, answer string)) (succeeded int, refused string) {
	s.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	const workers = 8
	for w := range workers {
		all.Go(func() {
			for i := w; i < times; i += workers {
				ok, answer := use("a", i)
				mu.Lock()
				if ok {
					succeeded++
				} else {
					refused = answer
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	var took []time.Duration
	for i := range firstUses {
		start := time.Now()
		if ok, answer := use("b", i); !ok {
			s.Fatalf("use %d of another tenant: %s", i, answer)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	s.Logf("%d of %d uses of the tenant that floods succeeded; p99 of another one's: %v", succeeded, times, took[len(took)*99/100])
	return succeeded, refused
}

// refusedFor fails the test unless the answer says whose share is full, and names no
// other tenant.
func (s *roomServer) refusedFor(answer, want string) {
	s.Helper()
	if !strings.Contains(answer, want) || strings.Contains(answer, "app-b") {
		s.Errorf("the answer of a full share is %s; want %q in it", answer, want)
	}
}

func TestRoomOfRevokedTokens(t *testing.T) {
	t.Parallel()
	const room = 16_384
	s := openRooms(t, rooms{revocations: room})
	revoke := func(tenant string, i int) (bool, string) {
		form := url.Values{
			"token": {s.token(tenant, fmt.Sprint(tenant, ".", i))}, "client_id": {"app-" + tenant}, "client_secret": {s.secret[tenant]},
		}
		status, answer := s.call(t.Context(), "POST", "/v1/oauth/revoke", "", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
		return status == http.StatusOK, fmt.Sprint(status, " ", answer)
	}
	succeeded, refused := s.flood(room/8+100, revoke)
	if succeeded != room/8 {
		t.Errorf("the tenant that floods has %d of %d tokens revoked", succeeded, room)
	}
	s.refusedFor(refused, `503 {"error":"temporarily_unavailable","error_description":"Your tenant has 2048 tokens and apps revoked, which is its share; `)
}

func TestRoomOfRateLimits(t *testing.T) {
	t.Parallel()
	const room = 20_000 // in 32 parts, of which each gets a few keys more or less
	s := openRooms(t, rooms{limitKeys: room})
	tokens := map[string]string{"a": s.token("a", "a.1", "ratelimit.write"), "b": s.token("b", "b.1", "ratelimit.write")}
	check := func(tenant string, i int) (bool, string) {
		body := fmt.Sprintf(`{"key":"k%d","limit":1,"windowSeconds":3600}`, i)
		status, answer := s.call(t.Context(), "POST", "/v1/ratelimit/check", tokens[tenant], "application/json", strings.NewReader(body))
		return status == http.StatusOK && strings.HasPrefix(answer, `{"allowed":true,`), fmt.Sprint(status, " ", answer)
	}
	_, refused := s.flood(testfull.Pick(room*9/8, 10*room), check)
	s.refusedFor(refused, `200 {"allowed":false,`)
	for i := range firstUses {
		if ok, answer := check("b", i); ok {
			t.Fatalf("key %d of another tenant has its token again: %s", i, answer)
		}
	}
}

func TestRoomOfKV(t *testing.T) {
	t.Parallel()
	const room, size = 8 << 20, 16 << 10
	s := openRooms(t, rooms{kvBytes: room})
	scopes := []string{"storage.private.read", "storage.private.write"}
	tokens := map[string]string{"a": s.token("a", "a.1", scopes...), "b": s.token("b", "b.1", scopes...)}
	values := map[string]string{"a": strings.Repeat("x", size), "b": "small"}
	put := func(tenant string, i int) (bool, string) {
		body := fmt.Sprintf(`{"value":%q}`, values[tenant])
		status, answer := s.call(t.Context(), "PUT", fmt.Sprint("/v1/storage/kv/k", i), tokens[tenant], "application/json", strings.NewReader(body))
		return status == http.StatusNoContent, fmt.Sprint(status, " ", answer)
	}
	succeeded, refused := s.flood(2*room/size, put)
	if succeeded > room/8/size {
		t.Errorf("the tenant that floods holds %d of %d bytes", succeeded*size, room)
	}
	s.refusedFor(refused, "Your tenant's entries take ")
}

// A tenant that holds requests open, here by uploads that do not end, leaves connections
// to others. Requests by a signed URL count for its tenant.
func TestRoomOfRequests(t *testing.T) {
	t.Parallel()
	s := openRooms(t, rooms{})
	scopes := []string{"storage.private.read", "storage.private.write"}
	a, b := s.token("a", "a.1", scopes...), s.token("b", "b.1", scopes...)
	sign := func(method string) string {
		body := fmt.Sprintf(`{"key":"k","method":%q}`, method)
		status, answer := s.call(t.Context(), "POST", "/v1/storage/file-urls", a, "application/json", strings.NewReader(body))
		if status != http.StatusOK {
			t.Fatalf("sign a URL: %d %s", status, answer)
		}
		return strings.TrimPrefix(member(answer, "url"), "http://localhost:8000")
	}
	read := sign("GET")
	s.holdRequests("/v1/storage/files/k", read, a, b)
	s.holdRequests(sign("PUT"), read, a, b)
}

// holdRequests has a tenant hold uploads to a path open, and looks at what its requests
// meet, by token and by signed URL, and what those of another tenant meet.
func (s *roomServer) holdRequests(path, signed, a, b string) {
	t := s.T
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var uploads sync.WaitGroup
	const share = 8 // of 64 connections
	for range share {
		uploads.Go(func() {
			for ctx.Err() == nil { // a request below may have taken the last place
				body, rest := io.Pipe()
				stop := context.AfterFunc(ctx, func() { _ = rest.CloseWithError(context.Canceled) })
				s.call(ctx, "PUT", path, a, "text/plain", body)
				stop()
			}
		})
	}
	var status int
	var answer string
	eventually(t, "the tenant has its share of requests", func() bool {
		status, answer = s.call(t.Context(), "GET", "/v1/storage/files", a, "", nil)
		return status == http.StatusTooManyRequests
	})
	const refused = "Your tenant has 8 requests under way, which is its share"
	s.refusedFor(answer, refused)
	status, answer = s.call(t.Context(), "GET", signed, "", "", nil)
	if s.refusedFor(answer, refused); status != http.StatusTooManyRequests {
		t.Errorf("a request by a signed URL is answered %d", status)
	}
	body, rest := io.Pipe()
	defer rest.Close()
	if status, answer := s.call(t.Context(), "PUT", path, a, "text/plain", body); status != http.StatusTooManyRequests {
		t.Errorf("one more upload is answered, before its body ends, %d %s", status, answer)
	}
	for i := range firstUses {
		if status, answer := s.call(t.Context(), "GET", "/v1/storage/files", b, "", nil); status != http.StatusOK {
			t.Fatalf("request %d of another tenant: %d %s", i, status, answer)
		}
	}
	end()
	uploads.Wait()
	eventually(t, "the tenant has requests again", func() bool {
		status, _ := s.call(t.Context(), "GET", "/v1/storage/files", a, "", nil)
		return status == http.StatusOK
	})
}
