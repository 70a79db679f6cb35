package ratelimit_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/ratelimit"
)

func TestTheFields(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(t, ratelimit.NewMemory())
		s := newSite(authenticate, newMiddleware(t, l, ratelimit.Policy{Limit: perMinute("", 4), Key: ratelimit.ByIdentity()}))
		policy := params{"default": {"q": 4, "w": 60}}
		// A token every 15 seconds.
		for _, left := range []params{
			{"default": {"r": 3, "t": 45}}, {"default": {"r": 2, "t": 30}},
			{"default": {"r": 1, "t": 45}}, {"default": {"r": 0, "t": 60}},
		} {
			w := s.get("/things/1", "t/a/u")
			if w.Code != http.StatusOK || w.Header().Get("Retry-After") != "" {
				t.Fatalf("%d %v", w.Code, w.Header())
			}
			wantFields(t, w, policy, left)
		}
		time.Sleep(4500 * time.Millisecond)
		w := s.get("/things/1", "t/a/u")
		wantFields(t, w, policy, params{"default": {"r": 0, "t": 11}})
		var problem struct{ Type, Title, Detail, Code string }
		if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
			t.Fatal(err)
		}
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "11" ||
			w.Header().Get("Content-Type") != "application/problem+json" || problem.Code != "rate_limited" ||
			problem.Detail != `The limit "default" is used up; try again in 11 s.` || s.served != 4 {
			t.Errorf("%d %v %+v, %d served", w.Code, w.Header(), problem, s.served)
		}
		time.Sleep(11 * time.Second)
		if w := s.get("/things/1", "t/a/u"); w.Code != http.StatusOK {
			t.Errorf("after Retry-After: %d", w.Code)
		}
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	type call struct{ path, token, peer string }
	base := call{"/things/1", "t/a/u", "192.0.2.1:1"}
	for _, c := range []struct {
		name   string
		key    ratelimit.Key
		same   call // has the bucket of base
		others []call
	}{
		{"identity", ratelimit.ByIdentity(), call{"/things/2", "t/a/u", "192.0.2.2:1"}, []call{
			{base.path, "t/a/v", base.peer}, {base.path, "t/b/u", base.peer}, {base.path, "x/a/u", base.peer}, {base.path, "t/a/", base.peer},
		}},
		{"app", ratelimit.ByApp(), call{base.path, "t/a/v", base.peer}, []call{
			{base.path, "t/b/u", base.peer}, {base.path, "x/a/u", base.peer},
		}},
		{"tenant", ratelimit.ByTenant(), call{base.path, "t/b/v", base.peer}, []call{{base.path, "x/a/u", base.peer}}},
		{"address", ratelimit.ByClientAddr(), call{"/things/2", "x/y/z", "192.0.2.1:2"}, []call{
			{base.path, base.token, "192.0.2.2:1"}, {base.path, base.token, "[2001:db8::1]:1"}, {base.path, base.token, "@"},
		}},
		{"route", ratelimit.ByRoute(), call{"/things/2", "x/y/z", "192.0.2.2:1"}, []call{{"POST", base.token, base.peer}}},
		{"tenant and route", ratelimit.Combine(ratelimit.ByTenant(), ratelimit.ByRoute()), call{"/things/2", "t/b/c", "192.0.2.2:1"}, []call{
			{"POST", base.token, base.peer}, {base.path, "x/a/u", base.peer},
		}},
		{"parts do not run together", ratelimit.Combine(header("A"), header("B")), base, nil},
		{"nothing", ratelimit.ByFunc(func(key []byte, _ *http.Request) []byte { return key }), call{"POST", "x/y/z", "192.0.2.2:1"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLimiter(t, ratelimit.NewMemory())
			wrap, err := l.Wrap(ratelimit.Policy{Limit: perMinute("", 1), Key: c.key})
			if err != nil {
				t.Fatal(err)
			}
			s := mountSite(cpodkit.WrapProtected(authenticate), wrap)
			send := func(to call) int {
				if to.path == "POST" {
					return s.send(http.MethodPost, "/things", to.token, "Peer", to.peer).Code
				}
				return s.get(to.path, to.token, "Peer", to.peer).Code
			}
			if code := send(base); code != http.StatusOK {
				t.Fatalf("the first: %d", code)
			}
			if code := send(c.same); code != http.StatusTooManyRequests {
				t.Errorf("%+v: %d", c.same, code)
			}
			for _, other := range c.others {
				if code := send(other); code != http.StatusOK {
					t.Errorf("%+v: %d", other, code)
				}
			}
		})
	}
}

// header takes a key from what the client sends.
func header(name string) ratelimit.Key {
	return ratelimit.ByFunc(func(key []byte, r *http.Request) []byte { return append(key, r.Header.Get(name)...) })
}

// taken is a driver that remembers the keys.
type taken struct {
	ratelimit.Driver

	keys []string
}

func (d *taken) Take(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	for _, b := range buckets {
		d.keys = append(d.keys, b.Key)
	}
	return d.Driver.Take(ctx, buckets, cost)
}

func TestHostileKeys(t *testing.T) {
	t.Parallel()
	driver := &taken{Driver: ratelimit.NewMemory()}
	l := newLimiter(t, driver)
	s := newSite(newMiddleware(t, l,
		ratelimit.Policy{Limit: perMinute("a/b#c", 1), Key: ratelimit.Combine(header("A"), header("B"))},
		ratelimit.Policy{Limit: perMinute(strings.Repeat("~{", 32), 100), Key: header("A")},
	), authenticate)
	long := strings.Repeat("x", 10<<10)
	values := []string{"", "a", "ab", "b", "1:a", "a1:b", "\x00", "\xff\xfe", "{", "}", "#", "/", long, long + "y", long[:900], long[:1000]}
	for _, a := range values {
		for _, b := range values {
			if w := s.get("/things/1", "t/a/u", "A", a, "B", b); w.Code != http.StatusOK {
				t.Errorf("%.20q %.20q: %d: %s", a, b, w.Code, w.Body)
			}
			if w := s.get("/things/1", "t/a/u", "A", a, "B", b); w.Code != http.StatusTooManyRequests {
				t.Errorf("%.20q %.20q: again %d: %s", a, b, w.Code, w.Body)
			}
		}
	}
	for _, key := range driver.keys {
		if len(key) > ratelimit.MaxKey || !strings.HasPrefix(key, "$policy/") {
			t.Errorf("a key of %d bytes: %.40q", len(key), key)
		}
	}
}

// ofMaking is 1 for one route and nothing for the others.
func ofMaking(r *http.Request) int64 {
	if route, _ := cpodkit.RouteFromContext(r.Context()); route.Name != "makeThing" {
		return 0
	}
	return 1
}

func TestSeveralPolicies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(t, ratelimit.NewMemory())
		s := newSite(authenticate, newMiddleware(t, l,
			ratelimit.Policy{Limit: ratelimit.Limit{Name: "burst", Tokens: 2, Window: time.Second}, Key: ratelimit.ByIdentity()},
			ratelimit.Policy{Limit: ratelimit.Limit{Name: "daily", Tokens: 3, Window: 24 * time.Hour}, Key: ratelimit.ByTenant()},
			ratelimit.Policy{
				Limit: ratelimit.Limit{Name: "writes", Tokens: 1, Window: time.Hour}, Cost: ofMaking, Key: ratelimit.ByIdentity(),
			},
			ratelimit.Policy{
				Limit: ratelimit.Limit{Name: "fine", Tokens: 10, Window: 1500 * time.Millisecond}, Cost: ofMaking, Key: ratelimit.ByIdentity(),
			},
		))
		reads := params{"burst": {"q": 2, "w": 1}, "daily": {"q": 3, "w": 86400}}
		all := maps.Clone(reads)
		all["writes"], all["fine"] = map[string]int64{"q": 1, "w": 3600}, map[string]int64{"q": 10}

		w := s.get("/things/1", "t/a/u")
		wantFields(t, w, reads, params{"burst": {"r": 1, "t": 1}, "daily": {"r": 2, "t": 57600}})
		w = s.send(http.MethodPost, "/things", "t/a/u")
		wantFields(t, w, all, params{
			"burst": {"r": 0, "t": 1}, "daily": {"r": 1, "t": 57600}, "writes": {"r": 0, "t": 3600}, "fine": {"r": 9, "t": 2},
		})
		// Two refuse; the answer names the one that takes longer, and nothing is taken.
		w = s.send(http.MethodPost, "/things", "t/a/u")
		wantFields(t, w, all, params{"burst": {"r": 0, "t": 1}, "writes": {"r": 0, "t": 3600}})
		if w.Header().Get("Retry-After") != "3600" || !strings.Contains(w.Body.String(), `limit \"writes\"`) {
			t.Errorf("%v %s", w.Header(), w.Body)
		}
		w = s.get("/things/1", "t/a/u")
		wantFields(t, w, reads, params{"burst": {"r": 0, "t": 1}})
		time.Sleep(time.Second)
		w = s.get("/things/1", "t/a/u")
		wantFields(t, w, reads, params{"burst": {"r": 1, "t": 1}, "daily": {"r": 0, "t": 86399}})
		w = s.get("/things/1", "t/other/user")
		wantFields(t, w, reads, params{"daily": {"r": 0, "t": 28799}})
	})
}

func TestCost(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.NewMemory())
	byHeader := func(r *http.Request) int64 {
		n, _ := strconv.ParseInt(r.Header.Get("Cost"), 10, 64)
		return n
	}
	s := newSite(authenticate, newMiddleware(t, l,
		ratelimit.Policy{Limit: perMinute("bytes", 10), Cost: byHeader, Key: ratelimit.ByIdentity()},
		ratelimit.Policy{Limit: perMinute("calls", 100), Key: ratelimit.ByIdentity()},
	))
	for _, c := range []struct {
		user, cost string
		code       int
		left       params
	}{
		{"1", "3", 200, params{"bytes": {"r": 7, "t": 42}, "calls": {"r": 99, "t": 60}}},
		{"1", "8", 429, params{"bytes": {"r": 7, "t": 6}}},
		{"1", "0", 200, params{"calls": {"r": 98, "t": 59}}},
		{"2", "-9223372036854775808", 200, params{"calls": {"r": 99, "t": 60}}},
		{"3", "9223372036854775807", 200, params{"bytes": {"r": 0, "t": 60}, "calls": {"r": 99, "t": 60}}},
		{"3", "9223372036854775807", 429, params{"bytes": {"r": 0, "t": 60}}},
	} {
		w := s.get("/things/1", "t/a/"+c.user, "Cost", c.cost)
		if left := field(t, w.Header(), "RateLimit"); w.Code != c.code || len(left) != len(c.left) {
			t.Errorf("cost %s: %d %v, want %v", c.cost, w.Code, left, c.left)
		} else if c.left["bytes"] != nil && left["bytes"]["r"] != c.left["bytes"]["r"] {
			t.Errorf("cost %s: %v, want %v", c.cost, left, c.left)
		}
	}
}

// The fields of two middlewares are one list.
func TestMiddlewareInMiddleware(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.NewMemory())
	s := newSite(authenticate,
		newMiddleware(t, l, ratelimit.Policy{Limit: perMinute("outer", 5), Key: ratelimit.ByIdentity()}),
		newMiddleware(t, l, ratelimit.Policy{Limit: perMinute(`in"n\er`, 2), Key: ratelimit.ByIdentity()}))
	for left := range int64(2) {
		w := s.get("/things/1", "t/a/u")
		policies, limits := field(t, w.Header(), "RateLimit-Policy"), field(t, w.Header(), "RateLimit")
		if len(policies) != 2 || limits["outer"]["r"] != 4-left || limits[`in"n\er`]["r"] != 1-left {
			t.Errorf("%v %v", policies, limits)
		}
	}
	w := s.get("/things/1", "t/a/u")
	if limits := field(t, w.Header(), "RateLimit"); w.Code != http.StatusTooManyRequests || limits["outer"]["r"] != 2 {
		t.Errorf("%d %v", w.Code, limits)
	}
}

func TestPoliciesThatAreRefused(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.NewMemory())
	good := perMinute("", 1)
	many := make([]ratelimit.Policy, ratelimit.MaxBuckets+1)
	for i := range many {
		many[i] = ratelimit.Policy{Limit: perMinute("p"+strconv.Itoa(i), 1), Key: ratelimit.ByIdentity()}
	}
	for name, policies := range map[string][]ratelimit.Policy{
		"none":             nil,
		"too many":         many,
		"no limit":         {{}},
		"zero":             {{Limit: ratelimit.Limit{Window: time.Minute}, Key: ratelimit.ByIdentity()}},
		"negative":         {{Limit: perMinute("", -1), Key: ratelimit.ByIdentity()}},
		"overflow":         {{Limit: perMinute("", 1<<62), Key: ratelimit.ByIdentity()}},
		"no window":        {{Limit: ratelimit.Limit{Tokens: 1}, Key: ratelimit.ByIdentity()}},
		"negative window":  {{Limit: ratelimit.Limit{Tokens: 1, Window: -time.Minute}, Key: ratelimit.ByIdentity()}},
		"same name":        {{Limit: good, Key: ratelimit.ByIdentity()}, {Limit: perMinute("default", 2), Key: ratelimit.ByIdentity()}},
		"name not ASCII":   {{Limit: perMinute("é", 1), Key: ratelimit.ByIdentity()}},
		"name with a line": {{Limit: perMinute("a\r\nSet-Cookie: x", 1), Key: ratelimit.ByIdentity()}},
		"long name":        {{Limit: perMinute(strings.Repeat("n", 65), 1), Key: ratelimit.ByIdentity()}},
		"no key":           {{Limit: good}},
		"nil function":     {{Limit: good, Key: ratelimit.ByFunc(nil)}},
		"no parts":         {{Limit: good, Key: ratelimit.Combine()}},
		"part of no key":   {{Limit: good, Key: ratelimit.Combine(ratelimit.ByTenant(), ratelimit.Key{})}},
		"never charged":    {{Limit: good, ServeWhenEmpty: true, Key: ratelimit.ByIdentity()}},
	} {
		if _, err := l.Middleware(policies...); err == nil {
			t.Errorf("%s is accepted", name)
		}
		if _, err := l.Wrap(policies...); err == nil {
			t.Errorf("%s is accepted by Wrap", name)
		}
	}
	if _, err := l.Middleware(many[1:]...); err != nil {
		t.Error(err)
	}
}

// Policies of one name but of different limits do not refill each other's buckets.
func TestOneNameTwoLimits(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.NewMemory())
	wide := newSite(authenticate, newMiddleware(t, l, ratelimit.Policy{Limit: perMinute("", 1000), Key: ratelimit.ByIdentity()}))
	long := newSite(authenticate, newMiddleware(t, l, ratelimit.Policy{
		Limit: ratelimit.Limit{Tokens: 3, Window: time.Hour}, Key: ratelimit.ByIdentity(),
	}))
	strict := newSite(authenticate, newMiddleware(t, l, ratelimit.Policy{Limit: perMinute("", 3), Key: ratelimit.ByIdentity()}))
	again := newSite(authenticate, newMiddleware(t, l, ratelimit.Policy{Limit: perMinute("default", 3), Key: ratelimit.ByIdentity()}))
	for i := range 9 {
		wide.get("/things/1", "t/a/u")
		long.get("/things/1", "t/a/u")
		want := http.StatusOK
		if i >= 3 {
			want = http.StatusTooManyRequests
		}
		one := strict
		if i%2 == 1 {
			one = again // shares the bucket
		}
		if w := one.get("/things/1", "t/a/u"); w.Code != want {
			t.Errorf("request %d: %d, want %d", i, w.Code, want)
		}
	}
}

// single is a driver of one bucket a call, which says so when it is bounded.
type single struct{ ratelimit.Driver }

func (d single) Take(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	if len(buckets) > 1 {
		return cpodkit.CodeNotSupported
	}
	return d.Driver.Take(ctx, buckets, cost)
}

type bounded struct{ single }

func (bounded) MaxBuckets() int { return 1 }

func TestBoundedDrivers(t *testing.T) {
	t.Parallel()
	policy := func(name string) ratelimit.Policy {
		return ratelimit.Policy{Limit: perMinute(name, 9), Key: ratelimit.ByIdentity()}
	}
	onTrial, peeks, onAnswer := policy("trial"), policy("peeks"), policy("answer")
	onTrial.Shadow = true
	peeks.ChargeWhen = ratelimit.Refused
	onAnswer.ChargeWhen, onAnswer.ServeWhenEmpty = ratelimit.Refused, true
	alsoPeeks := peeks
	alsoPeeks.Limit.Name = "also peeks"
	for name, l := range map[string]*ratelimit.Limiter{
		"bare":       newLimiter(t, bounded{single{ratelimit.NewMemory()}}),
		"prefetched": newLimiter(t, prefetched(t, bounded{single{ratelimit.NewMemory()}})),
	} {
		for _, together := range [][]ratelimit.Policy{{policy("a"), policy("b")}, {peeks, alsoPeeks}} {
			if _, err := l.Middleware(together...); err == nil || !strings.Contains(err.Error(), "at most 1 bucket") {
				t.Errorf("%s: two policies at once: %v", name, err)
			}
		}
		s := newSite(authenticate, newMiddleware(t, l, policy("a"), onTrial, peeks, onAnswer))
		if w := s.get("/things/1", "t/a/u"); w.Code != http.StatusOK || w.Header().Get("Cpod-RateLimit") != "" {
			t.Errorf("%s: policies one after another: %d %v", name, w.Code, w.Header())
		}
	}
}

// What a driver can never do is no reason to serve without a limit.
func TestNotSupportedIsNotServed(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{false, true} {
		s := newSite(authenticate, newMiddleware(t, newLimiter(t, single{ratelimit.NewMemory()}),
			ratelimit.Policy{Limit: perMinute("a", 9), FailClosed: closed, Key: ratelimit.ByIdentity()}, ratelimit.Policy{Limit: perMinute("b", 9), Key: ratelimit.ByIdentity()}))
		w := s.get("/things/1", "t/a/u")
		if w.Code != http.StatusInternalServerError || s.served != 0 || w.Header().Get("Cpod-RateLimit") != "" {
			t.Errorf("closed %v: %d %v", closed, w.Code, w.Header())
		}
	}
}

// broken is a driver that fails while err is set.
type broken struct {
	ratelimit.Driver

	err error
}

func (d *broken) Take(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	if d.err != nil {
		return d.err
	}
	return d.Driver.Take(ctx, buckets, cost)
}

func TestFailure(t *testing.T) {
	t.Parallel()
	gone := cpodkit.Errorf(cpodkit.CodeUnavailable, "The limiter at 10.1.2.3 is not reachable.")
	gone.RetryAfter = 7 * time.Second
	for _, c := range []struct {
		name       string
		err        error
		closed     bool
		code       int
		retryAfter string
	}{
		{"open", gone, false, http.StatusOK, ""},
		{"closed", gone, true, http.StatusServiceUnavailable, "7"},
		{"closed, a bug", errors.New("10.1.2.3: boom"), true, http.StatusServiceUnavailable, "1"},
		{"closed, slow", context.DeadlineExceeded, true, http.StatusServiceUnavailable, "1"},
		{"open, cancelled by the driver", context.Canceled, false, http.StatusOK, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			driver := &broken{Driver: ratelimit.NewMemory()}
			s := newSite(authenticate, newMiddleware(t, newLimiter(t, driver),
				ratelimit.Policy{Limit: perMinute("open", 9), Key: ratelimit.ByIdentity()},
				ratelimit.Policy{Limit: perMinute("maybe", 9), FailClosed: c.closed, Key: ratelimit.ByIdentity()},
				ratelimit.Policy{Limit: perMinute("trial", 9), FailClosed: true, Shadow: true, Key: ratelimit.ByIdentity()}))
			if w := s.get("/things/1", "t/a/u"); w.Code != http.StatusOK || len(w.Header()["Cpod-Ratelimit"]) != 0 {
				t.Fatalf("%d %v", w.Code, w.Header())
			}
			driver.err = c.err
			w := s.get("/things/1", "t/a/u")
			if w.Code != c.code || w.Header().Get("Retry-After") != c.retryAfter || strings.Contains(w.Body.String(), "10.1") {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			wantFields(t, w, params{"open": {"q": 9, "w": 60}, "maybe": {"q": 9, "w": 60}}, params{})
			notices := field(t, w.Header(), "Cpod-RateLimit")
			if notices["open"]["unavailable"] != 1 || notices["maybe"]["unavailable"] != 1 {
				t.Errorf("notices %v", notices)
			}
			driver.err = nil
			if w := s.get("/things/1", "t/a/u"); w.Code != http.StatusOK || len(w.Header()["Cpod-Ratelimit"]) != 0 {
				t.Errorf("when it is back: %d %v", w.Code, w.Header())
			}
		})
	}
}

func TestShadow(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.NewMemory())
	s := newSite(authenticate, newMiddleware(t, l,
		ratelimit.Policy{Limit: perMinute("tried", 2), Shadow: true, Key: ratelimit.ByIdentity()},
		ratelimit.Policy{Limit: perMinute("also tried", 3), Shadow: true, Key: ratelimit.ByIdentity()},
		ratelimit.Policy{Limit: perMinute("real", 4), Key: ratelimit.ByIdentity()},
	))
	for i, want := range []params{
		{},
		{},
		{"tried": {"exceeded": 1}},
		{"tried": {"exceeded": 1}, "also tried": {"exceeded": 1}},
		{}, // refused by the real one, and not counted by the others
	} {
		w := s.get("/things/1", "t/a/u")
		notices := field(t, w.Header(), "Cpod-RateLimit")
		if len(notices) != len(want) || (w.Code == http.StatusOK) != (i < 4) {
			t.Errorf("request %d: %d %v", i, w.Code, notices)
		}
		if p := field(t, w.Header(), "RateLimit-Policy"); len(p) != 1 {
			t.Errorf("a policy on trial is told to clients: %v", p)
		}
	}
}

// boastful says that there are more tokens than the limit has, or fewer than none.
type boastful struct {
	ratelimit.Driver

	remaining int64
}

func (d *boastful) Take(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	err := d.Driver.Take(ctx, buckets, cost)
	for i := range buckets {
		buckets[i].Remaining = d.remaining
	}
	return err
}

func TestDriverOutOfBounds(t *testing.T) {
	t.Parallel()
	for _, remaining := range []int64{-1, 1 << 40, math.MinInt64, math.MaxInt64} {
		driver := &boastful{ratelimit.NewMemory(), remaining}
		s := newSite(authenticate, newMiddleware(t, newLimiter(t, driver), ratelimit.Policy{Limit: perMinute("api", 9), Key: ratelimit.ByIdentity()}))
		if w := s.get("/things/1", "t/a/u"); w.Code != http.StatusOK {
			t.Errorf("%d left: %d %s", remaining, w.Code, w.Body)
		}
	}
}
