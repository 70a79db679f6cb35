package ratelimit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// refusals charges each address for what is refused to it.
func refusals(tokens int64) ratelimit.Policy {
	return ratelimit.Policy{
		Limit: perMinute("refused", tokens), Key: ratelimit.ByClientAddr(),
		ChargeWhen: ratelimit.Refused,
	}
}

func TestRefusedTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(t, ratelimit.NewMemory())
		s := newSite(newMiddleware(t, l, refusals(2)), authenticate, newMiddleware(t, l, ratelimit.Policy{Limit: perMinute("", 9), Key: ratelimit.ByIdentity()}))
		const token = "t/a/u"
		good := func() {
			t.Helper()
			w := s.get("/things/1", token)
			if f := field(t, w.Header(), "RateLimit"); w.Code != http.StatusOK || len(f) != 1 || f["refused"] != nil {
				t.Errorf("a good token: %d %v", w.Code, f)
			}
		}
		good()
		for _, left := range []params{{"refused": {"r": 1, "t": 30}}, {"refused": {"r": 0, "t": 60}}} {
			good()
			w := s.get("/things/1", "bad")
			if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			wantFields(t, w, params{"refused": {"q": 2, "w": 60}}, left)
		}
		served := s.served
		for _, some := range []string{"bad", token} {
			w := s.get("/things/1", some)
			if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "30" || s.served != served {
				t.Errorf("token %q after too many: %d %v", some, w.Code, w.Header())
			}
			wantFields(t, w, params{"refused": {"q": 2, "w": 60}}, params{"refused": {"r": 0, "t": 30}})
		}
		if w := s.get("/things/1", token, "Peer", "198.51.100.1:9"); w.Code != http.StatusOK {
			t.Errorf("another address: %d", w.Code)
		}
		time.Sleep(30 * time.Second)
		good()
	})
}

// Refusals of one client lock nobody out who shares its key.
func TestServeWhenEmpty(t *testing.T) {
	t.Parallel()
	policy := refusals(1)
	policy.ServeWhenEmpty = true
	s := newSite(newMiddleware(t, newLimiter(t, ratelimit.NewMemory()), policy), authenticate)
	for i, want := range []int{http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusTooManyRequests} {
		if w := s.get("/things/1", "bad"); w.Code != want || (w.Header().Get("Retry-After") != "") != (i > 0) {
			t.Errorf("refusal %d: %d %v", i, w.Code, w.Header())
		}
		if w := s.get("/things/1", "t/a/u"); w.Code != http.StatusOK {
			t.Errorf("a good token after %d refusals: %d", i+1, w.Code)
		}
	}
}

// A token endpoint is charged for answers of 400 and 401, and answers as OAuth
// does.
func TestRefusedGrants(t *testing.T) {
	t.Parallel()
	policy := refusals(2)
	policy.WriteError = cpodkit.WriteOAuthError
	s := newSite(newMiddleware(t, newLimiter(t, ratelimit.NewMemory()), policy), authenticate)
	for _, status := range []string{"200", "404", "400", "429", "503", "400"} {
		if w := s.get("/things/1?status="+status, "t/a/u"); w.Result().Status[:3] != status {
			t.Errorf("%s: %d", status, w.Code)
		}
	}
	w := s.get("/things/1", "t/a/u")
	if w.Code != http.StatusTooManyRequests || !strings.Contains(w.Body.String(), `"error":"temporarily_unavailable"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Of many requests at once no more learn that they are refused than the limit
// allows.
func TestManyRefusalsAtOnce(t *testing.T) {
	t.Parallel()
	const limit, callers = 5, 40
	var waiting sync.WaitGroup
	waiting.Add(callers)
	l := newLimiter(t, ratelimit.NewMemory())
	policy := refusals(limit)
	policy.Limit.Window = ratelimit.MaxWindow
	h := newMiddleware(t, l, policy)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		waiting.Done()
		waiting.Wait() // all have been let in
		w.Header().Set("Www-Authenticate", "Bearer secret")
		cpodkit.WriteError(w, r, cpodkit.CodeInvalidToken)
	}))
	var told, replaced atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			switch w.Code {
			case http.StatusUnauthorized:
				told.Add(1)
			case http.StatusTooManyRequests:
				replaced.Add(1)
				if w.Header().Get("Www-Authenticate") != "" || strings.Contains(w.Body.String(), "invalid_token") {
					t.Errorf("%v %s", w.Header(), w.Body)
				}
			}
		})
	}
	wg.Wait()
	if told.Load() != limit || replaced.Load() != callers-limit {
		t.Errorf("%d told, %d replaced", told.Load(), replaced.Load())
	}
}

// A client that breaks off before the answer pays for it.
func TestAClientThatHasGonePays(t *testing.T) {
	t.Parallel()
	h := newMiddleware(t, newLimiter(t, ratelimit.NewMemory()), refusals(1))(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if cancel, ok := r.Context().Value(cancelKey{}).(context.CancelFunc); ok {
				cancel()
			}
			w.WriteHeader(http.StatusUnauthorized)
		}))
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	h.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithValue(ctx, cancelKey{}, cancel)))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if ctx.Err() == nil || w.Code != http.StatusTooManyRequests {
		t.Errorf("%d", w.Code)
	}
}

type cancelKey struct{}

// What a handler may do with its writer, when every answer is charged.
func TestChargedWriters(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"nothing": func(http.ResponseWriter, *http.Request) {},
		"status":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
		"early hints": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
		},
		"bytes": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "secret") },
		"copy": func(w http.ResponseWriter, _ *http.Request) {
			io.Copy(w, struct{ io.Reader }{strings.NewReader("secret")})
		},
		"flush": func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			io.WriteString(w, "secret")
		},
		"deadline": func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Another request has emptied the bucket by the time the second answers.
			driver := &peeksFull{Driver: ratelimit.NewMemory()}
			policy := refusals(1)
			policy.ChargeWhen = func(int) bool { return true }
			server := httptest.NewServer(newMiddleware(t, newLimiter(t, driver), policy)(answer))
			defer server.Close()
			for _, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
				if err != nil {
					t.Fatal(err)
				}
				answer, err := server.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(answer.Body)
				if answer.StatusCode != want || err != nil || want != http.StatusOK && strings.Contains(string(body), "secret") {
					t.Errorf("%d %s %v", answer.StatusCode, body, err)
				}
				if f := field(t, answer.Header, "RateLimit"); f["refused"] == nil {
					t.Errorf("fields %v", answer.Header)
				}
			}
		})
	}
}

// peeksFull says of every bucket that it has tokens, until they are to be taken.
type peeksFull struct{ ratelimit.Driver }

func (d *peeksFull) Take(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	err := d.Driver.Take(ctx, buckets, cost)
	for i := range buckets {
		buckets[i].Allowed = buckets[i].Allowed || cost == 0
	}
	return err
}

func TestChargesThatFail(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{false, true} {
		driver := &broken{Driver: ratelimit.NewMemory()}
		policy := refusals(9)
		policy.FailClosed = closed
		h := newMiddleware(t, newLimiter(t, driver), policy)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			driver.err = errors.New("boom")
			w.WriteHeader(http.StatusUnauthorized)
		}))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if closed && w.Code != http.StatusServiceUnavailable || !closed && w.Code != http.StatusUnauthorized {
			t.Errorf("closed %v: %d", closed, w.Code)
		}
		if notices := field(t, w.Header(), "Cpod-RateLimit"); notices["refused"]["unavailable"] != 1 {
			t.Errorf("closed %v: %v", closed, notices)
		}
	}
}

func TestChargesOnTrial(t *testing.T) {
	t.Parallel()
	policy := refusals(1)
	policy.Shadow = true
	s := newSite(newMiddleware(t, newLimiter(t, ratelimit.NewMemory()), policy), authenticate)
	for i, want := range []int64{0, 1, 1} {
		w := s.get("/things/1", "bad")
		if got := field(t, w.Header(), "Cpod-RateLimit")["refused"]["exceeded"]; w.Code != http.StatusUnauthorized || got != want {
			t.Errorf("request %d: %d, exceeded %d", i, w.Code, got)
		}
	}
}
