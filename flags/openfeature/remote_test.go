package openfeature_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/open-feature/go-sdk/openfeature"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/flags/openfeature"
	"github.com/cpodkit/cpodkit/internal/webtest"
)

// server is a flag server, for the token "good" of ann, and what a test does to it.
type server struct {
	*httptest.Server
	source *flags.Memory
	calls  atomic.Int64 // evaluations of one flag
	status atomic.Int64 // that answers everything; 0 for none
	header http.Header  // of these answers
}

func newServer(t *testing.T, opts ...flags.Option) *server {
	t.Helper()
	s := &server{source: flags.NewMemory(), header: http.Header{}}
	if err := s.source.Set("acme", []byte(definition)); err != nil {
		t.Fatal(err)
	}
	all, err := flags.New(s.source, opts...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { all.Run(ctx) })
	t.Cleanup(running.Wait)
	t.Cleanup(stop)
	find := webtest.Find(func(token string) *cpodkit.Identity {
		if token != "good" {
			return nil
		}
		return &cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "ann", Scopes: cpodkit.Scopes{flags.ReadScope}}
	})
	handler := webtest.Handler(all.Routes(), find.Authenticate)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/ofrep/v1/evaluate/flags/") {
			s.calls.Add(1)
		}
		if status := s.status.Load(); status != 0 {
			for name := range s.header {
				w.Header().Set(name, s.header.Get(name))
			}
			w.WriteHeader(int(status))
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func token(token string) openfeature.RemoteOption {
	return openfeature.WithToken(func(context.Context) (string, error) { return token, nil })
}

// connect returns the SDK with a provider on the server.
func (s *server) connect(t *testing.T, opts ...openfeature.RemoteOption) *api {
	t.Helper()
	backend, err := openfeature.Remote(s.URL+"/", append([]openfeature.RemoteOption{token("good")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := openfeature.New(t.Context(), backend, openfeature.WithInterval(5*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	return newAPI(t, p)
}

func TestRemoteTypes(t *testing.T) {
	t.Parallel()
	a := newServer(t).connect(t)
	ctx, bob := t.Context(), sdk.NewEvaluationContext("bob", map[string]any{"plan": "pro", "since": time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)})
	b, err := a.client.BooleanValueDetails(ctx, "boolean", false, bob)
	if err != nil || !b.Value || b.Variant != "on" || b.Reason != sdk.TargetingMatchReason {
		t.Errorf("the boolean is %+v, %v", b, err)
	}
	if team, err := b.FlagMetadata.GetString("team"); team != "web" || err != nil {
		t.Errorf("the metadata is %v, %v", b.FlagMetadata, err)
	}
	if v, err := a.client.StringValue(ctx, "string", "", bob); v != "text" || err != nil {
		t.Errorf("the string is %q, %v", v, err)
	}
	if v, err := a.client.IntValue(ctx, "integer", 0, bob); v != 10 || err != nil {
		t.Errorf("the integer is %d, %v", v, err)
	}
	if v, err := a.client.FloatValue(ctx, "float", 0, bob); v != 0.5 || err != nil {
		t.Errorf("the float is %v, %v", v, err)
	}
	if v, err := a.client.BooleanValue(ctx, "nested", false, bob); !v || err != nil {
		t.Errorf("the time in the context is %t, %v", v, err)
	}
	want := map[string]any{"a": []any{1.0, map[string]any{"b": true}}}
	if v, err := a.client.ObjectValue(ctx, "object", nil, bob); err != nil || !reflect.DeepEqual(v, want) {
		t.Errorf("the object is %v, %v", v, err)
	}
	for key, c := range map[string]sdk.EvaluationContext{"bob": bob, "ann": {}} { // ann is the token's user
		if v, err := a.client.StringValue(ctx, "key", "", c); v != key || err != nil {
			t.Errorf("the targeting key is %q, %v; want %q", v, err, key)
		}
	}
	for key, want := range map[string]struct {
		reason sdk.Reason
		code   sdk.ErrorCode
	}{
		"disabled":     {sdk.DisabledReason, ""},
		"code-default": {sdk.DefaultReason, ""},
		"un/known":     {sdk.ErrorReason, sdk.FlagNotFoundCode},
		"string":       {sdk.ErrorReason, sdk.TypeMismatchCode},
		"wrong":        {sdk.ErrorReason, sdk.GeneralCode},
	} {
		v, err := a.client.BooleanValueDetails(ctx, key, true, sdk.NewEvaluationContext("", map[string]any{"plan": "pro"}))
		if !v.Value || v.Reason != want.reason || v.ErrorCode != want.code || (err == nil) != (want.code == "") {
			t.Errorf("%s is %+v, %v; want %v", key, v, err, want)
		}
	}
	v, err := a.client.BooleanValueDetails(ctx, "boolean", true, sdk.NewEvaluationContext("", map[string]any{"f": func() {}}))
	if err == nil || !v.Value || v.ErrorCode != sdk.InvalidContextCode {
		t.Errorf("a context that is not JSON: %+v, %v", v, err)
	}
}

func TestRemoteEvents(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a := s.connect(t)
	a.next(t, sdk.ProviderReady)
	if err := s.source.Set("acme", []byte(`{"flags":{}}`)); err != nil {
		t.Fatal(err)
	}
	a.next(t, sdk.ProviderConfigChange)
	// The stream breaks, and a change is made meanwhile.
	s.status.Store(http.StatusServiceUnavailable)
	s.CloseClientConnections()
	if e := a.nextState(t); e.kind != sdk.ProviderStale {
		t.Errorf("the event is %+v", e)
	}
	if err := s.source.Set("acme", []byte(definition)); err != nil {
		t.Fatal(err)
	}
	s.status.Store(0)
	if e := a.nextState(t); e.kind != sdk.ProviderReady {
		t.Errorf("the event is %+v", e)
	}
	if v, err := a.client.StringValue(t.Context(), "string", "", sdk.EvaluationContext{}); v != "text" || err != nil {
		t.Errorf("the string is %q, %v", v, err)
	}
}

// A server without a stream is polled.
func TestRemotePolls(t *testing.T) {
	t.Parallel()
	var version atomic.Int64
	polled := make(chan string, 1000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tag := string(rune('a'+version.Load()%26)) + "tag"
		w.Header().Set("ETag", `"`+tag+`"`)
		select {
		case polled <- r.Header.Get("If-None-Match"):
		default:
		}
		if r.Header.Get("If-None-Match") == `"`+tag+`"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte(`{"flags":[]}`))
	}))
	t.Cleanup(s.Close)
	a := (&server{Server: s}).connect(t, openfeature.WithPoll(time.Millisecond))
	a.next(t, sdk.ProviderReady)
	if first, second := <-polled, <-polled; first != "" || second != `"atag"` {
		t.Errorf("polled with %q and %q", first, second)
	}
	version.Add(1)
	a.next(t, sdk.ProviderConfigChange)
}

// No call is sent before a server that is busy wants one.
func TestRemoteKeepsToRetryAfter(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a := s.connect(t)
	s.header.Set("Retry-After", "60")
	s.status.Store(http.StatusTooManyRequests)
	for range 3 {
		v, err := a.client.BooleanValueDetails(t.Context(), "boolean", true, sdk.EvaluationContext{})
		if err == nil || !v.Value || v.ErrorCode != sdk.ProviderNotReadyCode {
			t.Errorf("a busy server: %+v, %v", v, err)
		}
	}
	if n := s.calls.Load(); n != 1 {
		t.Errorf("%d calls were sent", n)
	}
}

func TestRemoteRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	provider := func(url string, opts ...openfeature.RemoteOption) *openfeature.Provider {
		backend, err := openfeature.Remote(url, opts...)
		if err != nil {
			t.Fatal(err)
		}
		p, err := openfeature.New(t.Context(), backend)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, opts := range [][]openfeature.RemoteOption{{token("bad")}, nil} {
		err := provider(s.URL, opts...).InitWithContext(t.Context(), sdk.EvaluationContext{})
		if fatal, ok := errors.AsType[*sdk.ProviderInitError](err); !ok || fatal.ErrorCode != sdk.ProviderFatalCode {
			t.Errorf("a server that refuses the token: %v", err)
		}
	}
	// The token goes to the server alone, and no redirect is followed.
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s is asked", r.URL) }))
	defer other.Close()
	redirecting := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer redirecting.Close()
	if err := provider(redirecting.URL, token("good")).InitWithContext(t.Context(), sdk.EvaluationContext{}); err == nil {
		t.Error("a redirect is taken for an answer")
	}
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	if err := provider(down.URL).InitWithContext(t.Context(), sdk.EvaluationContext{}); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("a server that is down: %v", err)
	}
	for _, url := range []string{"", "localhost:8000", "ftp://host", "http://user:secret@host", "http://host?x=1", "http://host#x"} {
		if _, err := openfeature.Remote(url); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("the URL %q: %v", url, err)
		}
	}
	for i, wrong := range []openfeature.RemoteOption{openfeature.WithHTTPClient(nil), openfeature.WithTimeout(0), openfeature.WithPoll(-1)} {
		if _, err := openfeature.Remote("http://host", wrong); err == nil {
			t.Errorf("wrong option %d is taken", i)
		}
	}
}

// A stream elsewhere is followed without the token.
func TestRemoteStreamElsewhere(t *testing.T) {
	t.Parallel()
	asked := make(chan http.Header, 1000)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case asked <- r.Header:
		default:
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(": hello\n\ndata: {\"type\":\"other\"}\n\nid: 7\ndata: {\"type\":\ndata: \"refetchEvaluation\"}\n\n"))
	}))
	t.Cleanup(elsewhere.Close)
	a := newServer(t, flags.WithPublicURL(elsewhere.URL)).connect(t)
	a.next(t, sdk.ProviderReady)
	a.next(t, sdk.ProviderConfigChange)
	if first := <-asked; first.Get("Authorization") != "" || first.Get("Last-Event-ID") != "" {
		t.Errorf("the stream is asked with %v", first)
	}
	if second := <-asked; second.Get("Last-Event-ID") != "7" {
		t.Errorf("the stream is asked again with %v", second)
	}
}

// transport answers calls for all flags with a stream, or with a poll; other calls hang.
type transport struct{ streams string }

func (tr transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("If-None-Match") == "" && r.Method == http.MethodPost {
		w := httptest.NewRecorder()
		w.Header().Set("ETag", `"a"`)
		_, _ = w.WriteString(`{"flags":[],"eventStreams":[` + tr.streams + `]}`)
		return w.Result(), nil
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// A server that stops answering makes the provider stale.
func TestRemoteHangs(t *testing.T) {
	t.Parallel()
	for name, streams := range map[string]string{"stream": `{"type":"sse","url":"http://host/stream"}`, "poll": ""} {
		synctest.Test(t, func(t *testing.T) {
			backend, err := openfeature.Remote("http://host", openfeature.WithHTTPClient(&http.Client{Transport: transport{streams}}))
			if err != nil {
				t.Fatal(err)
			}
			p, err := openfeature.New(t.Context(), backend)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Shutdown()
			if err := p.InitWithContext(t.Context(), sdk.EvaluationContext{}); err != nil {
				t.Fatal(err)
			}
			select {
			case e := <-p.EventChannel():
				if e.EventType != sdk.ProviderStale {
					t.Errorf("%s: the event is %+v", name, e)
				}
			case <-time.After(5 * time.Minute):
				t.Errorf("%s: no event comes", name)
			}
		})
	}
}

// A server may leave out the variant, and may send numbers that no int64 holds.
func TestRemoteWithoutVariants(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, key, ok := strings.Cut(r.URL.Path, "/flags/"); ok {
			_, _ = w.Write([]byte(`{"key":"f","value":` + key + `,"reason":"STATIC"}`))
			return
		}
		_, _ = w.Write([]byte(`{"flags":[]}`))
	}))
	t.Cleanup(s.Close)
	a := (&server{Server: s}).connect(t)
	if v, err := a.client.IntValue(t.Context(), "10", 0, sdk.EvaluationContext{}); v != 10 || err != nil {
		t.Errorf("the integer is %d, %v", v, err)
	}
	for _, key := range []string{"true", "1e300", "-1e300"} {
		v, err := a.client.IntValueDetails(t.Context(), key, 7, sdk.EvaluationContext{})
		if v.Value != 7 || err == nil || v.ErrorCode != sdk.TypeMismatchCode {
			t.Errorf("%s as an integer is %+v, %v", key, v, err)
		}
	}
}
