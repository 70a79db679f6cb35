package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/internal/testfull"
)

// stuck takes requests, and answers each when its client leaves.
func stuck(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// drips answers a byte now and then.
func drips(w http.ResponseWriter, r *http.Request) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_, _ = w.Write([]byte(" "))
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func redirects(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

// faults are what a key server does wrong.
func (p *provider) faults() map[string]func() {
	p.Helper()
	sets := func(h http.HandlerFunc) func() { return func() { p.answers(h) } }
	serves := func(body string) func() { return func() { p.serves([]byte(body)) } }
	metadata, err := json.Marshal(map[string]string{"issuer": "https://other.example", "jwks_uri": p.URL + "/jwks"})
	if err != nil {
		p.Fatal(err)
	}
	return map[string]func(){
		"down":                             p.Close,
		"it hangs up":                      sets(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		"half-open":                        sets(stuck),
		"slow":                             sets(drips),
		"500":                              sets(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }),
		"10 MiB":                           serves(strings.Repeat(" ", 10<<20) + string(p.jwks())),
		"HTML":                             serves("<html>Sign in</html>"),
		"no key":                           serves(`{"keys":[]}`),
		"the metadata of another issuer":   serves(string(metadata)),
		"a redirect to a private address":  sets(redirects("http://10.0.0.1/jwks")),
		"a redirect to the cloud's secret": sets(redirects("http://169.254.169.254/latest/meta-data/")),
	}
}

// Whatever is wrong with a key source, tokens that are known are served, also new ones of
// a known key. A token whose key is not there is 503, never 401, until the source is well.
func TestFaultsOfKeySources(t *testing.T) {
	t.Parallel()
	for name := range newProvider(t).faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			good := p.jwks()
			p.answers(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/.well-known/") {
					_ = json.NewEncoder(w).Encode(map[string]string{"issuer": p.URL, "jwks_uri": p.URL + "/jwks"})
					return
				}
				_, _ = w.Write(good)
			})
			path := issuersFile(t, p.entry(map[string]any{"keys": map[string]any{"discovery": true}}))
			srv := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": path, "CPOD_OPS_LISTEN": "127.0.0.1:0"})
			c := newCaller(t, srv.url)
			srv.waitForKeys(t, p)
			known, other := p.sign(nil), p.sign(map[string]any{"sub": "bob"})
			p.want(c, "before", known, http.StatusNotFound, "not_found")
			later := newProvider(t)
			later.keyID, later.URL = "later", p.URL // a key that is not published
			stranger := later.sign(nil)

			p.faults()[name]()
			var asked sync.WaitGroup
			asked.Go(func() {
				a := p.reads(c, stranger)
				if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
					t.Errorf("a key that is not there: %d %s", a.status, a.body)
				}
			})
			for range 50 {
				p.want(c, "meanwhile", known, http.StatusNotFound, "not_found")
			}
			p.want(c, "a new token of a known key", other, http.StatusNotFound, "not_found")
			asked.Wait()
			p.want(c, "after it", known, http.StatusNotFound, "not_found")
			eventually(t, "it says so", srv.isReady(t, "degraded", "unavailable"))
		})
		t.Run("at the start: "+name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			good := p.jwks()
			p.faults()[name]()
			srv := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": issuersFile(t, p.entry(nil))})
			c := newCaller(t, srv.url)
			a := p.reads(c, p.sign(nil))
			if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
				t.Errorf("without keys: %d %s", a.status, a.body)
			}
			c.tokens["admin"] = srv.adminKey
			if a := c.do(t, "admin", "GET /v1/oauth/apps", ""); a.status != http.StatusOK {
				t.Errorf("a key of this server: %d %s", a.status, a.body)
			}
			if name == "down" || name == "half-open" || name == "slow" { // which takes 10 s to be noticed
				return
			}
			p.serves(good)
			eventually(t, "the source is well", func() bool { return p.reads(c, p.sign(nil)).status == http.StatusNotFound })
		})
	}
}

// A new key counts at once, and the old one no more.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": issuersFile(t, p.entry(nil)), "CPOD_OPS_LISTEN": "127.0.0.1:0"})
	srv.waitForKeys(t, p)
	c := newCaller(t, srv.url)
	old := p.sign(nil)
	p.want(c, "before", old, http.StatusNotFound, "not_found")
	p.rotate("second")
	p.want(c, "of the new key", p.sign(nil), http.StatusNotFound, "not_found")
	p.want(c, "of the key that is gone", old, http.StatusUnauthorized, "invalid_token")
	if n := p.asked.Load(); n != 2 {
		t.Errorf("the keys were asked for %d times", n)
	}
}

// Known tokens take as long while a source fails: the figures are in docs/authz.md.
func TestKnownTokensDuringFaults(t *testing.T) { //nolint:paralleltest // it measures
	names := []string{"half-open", "slow", "10 MiB"}
	requests := testfull.Pick(300, 10_000)
	p := newProvider(t)
	well := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": issuersFile(t, p.entry(nil))})
	for _, name := range names {
		ill := newProvider(t)
		srv := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": issuersFile(t, ill.entry(nil)), "CPOD_OPS_LISTEN": "127.0.0.1:0"})
		srv.waitForKeys(t, ill)
		sides := [2]*measured{
			{c: newCaller(t, well.url), p: p, token: p.sign(nil)}, {c: newCaller(t, srv.url), p: ill, token: ill.sign(nil)},
		}
		for _, s := range sides {
			s.c.client = &http.Client{}
			s.p.want(s.c, "before", s.token, http.StatusNotFound, "not_found")
		}
		ill.faults()[name]()
		ctx, stop := context.WithCancel(t.Context())
		var strangers sync.WaitGroup
		for _, s := range sides {
			strangers.Go(func() { s.strangers(ctx) })
		}
		for n := range requests { // in turns
			sides[n%2].time(t)
			sides[1-n%2].time(t)
		}
		stop()
		strangers.Wait()
		if ill.asked.Load() < 2 {
			t.Errorf("%s: the fault was not met", name)
		}
		a, b := sides[0].p99(), sides[1].p99()
		t.Logf("%s: p99 of %d requests %v without, %v with the fault: %.2f times; medians %v and %v", name, requests, a, b,
			float64(b)/float64(a), sides[0].took[requests/2], sides[1].took[requests/2])
		if b > watchdog/3 {
			t.Errorf("%s: known tokens wait", name)
		}
	}
}

// measured is a server under measurement.
type measured struct {
	c     *caller
	p     *provider
	token string
	took  []time.Duration
}

func (m *measured) time(t *testing.T) {
	t.Helper()
	began := time.Now()
	m.p.want(m.c, "a known token", m.token, http.StatusNotFound, "not_found")
	m.took = append(m.took, time.Since(began))
}

func (m *measured) p99() time.Duration {
	slices.Sort(m.took)
	return m.took[len(m.took)*99/100]
}

// strangers sends tokens whose key is not known until ctx ends.
func (m *measured) strangers(ctx context.Context) {
	token := strings.Replace(m.token, m.token[:strings.Index(m.token, ".")], "eyJhbGciOiJFUzI1NiIsImtpZCI6Im5vbmUiLCJ0eXAiOiJKV1QifQ", 1)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := send(ctx, m.c.base, token, "GET /v1/storage/kv/none", ""); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
