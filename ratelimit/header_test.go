package ratelimit_test

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// fixed is a driver whose buckets all have one state.
type fixed struct {
	ratelimit.Driver

	state ratelimit.State
}

func (d fixed) Take(_ context.Context, buckets []ratelimit.Bucket, _ int64) error {
	for i := range buckets {
		buckets[i].State = d.state
	}
	return nil
}

// Whatever the limit and the state, the fields are Lists that the draft permits.
func FuzzFields(f *testing.F) {
	f.Add("default", int64(100), int64(time.Minute), int64(50), int64(30*time.Second))
	f.Add(`"\`, int64(1), int64(time.Millisecond), int64(0), int64(1))
	f.Add("", int64(ratelimit.MaxTokens), int64(ratelimit.MaxWindow), int64(ratelimit.MaxTokens), int64(0))
	f.Add("é", int64(-1), int64(0), int64(0), int64(0))
	f.Add(" a,b;c=1 ", int64(3), int64(1500*time.Millisecond), int64(2), int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, name string, tokens, window, remaining, wait int64) {
		limit := ratelimit.Limit{Name: name, Tokens: tokens, Window: time.Duration(window)}
		// A driver keeps to the limit.
		remaining = min(max(remaining, 0), max(tokens, 0))
		left := time.Duration(min(max(wait, 0), max(window, 0)))
		for _, state := range []ratelimit.State{
			{Allowed: true, Remaining: remaining, Reset: left}, {Remaining: remaining, Reset: left, RetryAfter: left},
		} {
			l := newLimiter(t, fixed{ratelimit.NewMemory(), state})
			m, err := l.Middleware(ratelimit.Policy{Limit: limit, Key: ratelimit.ByIdentity()})
			if err != nil {
				return
			}
			w := httptest.NewRecorder()
			m(http.HandlerFunc(bareHandler)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			checkFields(t, w, limit, state)
		}
	})
}

func checkFields(t *testing.T, w *httptest.ResponseRecorder, limit ratelimit.Limit, state ratelimit.State) {
	t.Helper()
	name := limit.Name
	if name == "" {
		name = "default"
	}
	policy, here := field(t, w.Header(), "RateLimit-Policy")[name], field(t, w.Header(), "RateLimit")[name]
	seconds := int64((limit.Window + time.Second - 1) / time.Second)
	whole := limit.Window%time.Second == 0
	if policy["q"] != limit.Tokens || whole && policy["w"] != seconds || !whole && policy["w"] != 0 {
		t.Errorf("%+v: policy %v", limit, policy)
	}
	if here["r"] != state.Remaining || here["t"] < 0 || here["t"] > seconds {
		t.Errorf("%+v %+v: limit %v", limit, state, here)
	}
	retryAfter := w.Header().Get("Retry-After")
	if state.Allowed {
		// The tokens that are left, over t, are no more than the rate of the limit.
		if rate := float64(limit.Tokens) / limit.Window.Seconds(); float64(here["r"]) > rate*float64(here["t"])*(1+1e-9) || retryAfter != "" {
			t.Errorf("%+v %+v: limit %v", limit, state, here)
		}
	} else if retryAfter != strconv.FormatInt(here["t"], 10) || here["t"] < 1 || w.Code != http.StatusTooManyRequests {
		t.Errorf("%+v %+v: limit %v, Retry-After %s", limit, state, here, retryAfter)
	}
}
