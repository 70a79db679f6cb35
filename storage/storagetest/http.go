package storagetest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// Server is a server under attack, with the routes of all three primitives.
type Server struct {
	// URL is where its /v1 is, such as "http://localhost:8000".
	URL string

	// Token returns a token that stands for exactly this identity and its
	// scopes, or "" when the server can have none. It has eight bytes at least.
	// Calls come one at a time.
	Token func(t testing.TB, id cpodkit.Identity) string

	// Forbidden are texts that no answer may show, such as the path of the data,
	// and that no key of the suite holds.
	Forbidden []string
}

// RunHTTP attacks a server: with all that the portable types are attacked with,
// and with requests that only HTTP can have. The server holds nothing yet of the
// tenants that the suite plays (t1, t2, i, names like them, and random ones
// beginning with r).
func RunHTTP(t *testing.T, server Server, opts ...Option) {
	t.Helper()
	c := newConfig(opts)
	known := newCanaries()
	caller := newCaller(t, server)
	if c.names {
		for _, s := range caller.subjects() {
			t.Run(s.name(), func(t *testing.T) { checkNames(t, s) })
		}
		return
	}
	subjects := caller.subjects()
	worlds := make([]*world, len(subjects))
	attempts := 0
	for i, s := range subjects {
		t.Run(s.name(), func(t *testing.T) {
			worlds[i] = newWorld(t, s, known)
			worlds[i].populate(neighbours())
			stages := commonStages(c)
			if s.name() == "files" {
				stages = append(stages, stage{"prefixes", func(w *world) int { return attackPrefixes(w, c.effort) }})
			}
			if documents, ok := s.(httpDocuments); ok {
				stages = append(stages, stage{"lists", func(w *world) int { return attackLists(w, documents) }})
			}
			for _, stage := range stages {
				t.Run(stage.name, func(t *testing.T) {
					attempts += stage.attack(worlds[i].in(t))
				})
			}
			worlds[i].in(t).sweep()
		})
	}
	t.Run("requests", func(t *testing.T) {
		w := newWorld(t, subjects[0], known)
		worlds = append(worlds, w) //nolint:makezero // one more than there are subjects
		attempts += attackByRequests(w, caller)
		for _, w := range worlds {
			w.in(t).sweep()
		}
	})
	if attempts < 200 {
		t.Errorf("only %d crafted attempts were possible; the server has tokens for too few identities", attempts)
	}
	calls, random := int64(0), int64(0)
	for _, w := range worlds {
		calls, random = calls+w.calls.Load(), random+w.random.Load()
	}
	t.Logf("%d crafted attempts, %d random ones, %d requests", attempts, random, calls)
}

// patience is a watchdog: how long one answer may take.
const patience = 30 * time.Second

// caller sends requests as they are, and looks at every answer.
type caller struct {
	testing.TB
	server Server
	base   *url.URL
	client *http.Client

	mu     sync.Mutex
	tokens map[string]string
}

func newCaller(t testing.TB, server Server) *caller {
	t.Helper()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: workers, ResponseHeaderTimeout: patience}
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{
		TB: t, server: server, base: base, tokens: map[string]string{},
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (c *caller) subjects() []httpSubject {
	return []httpSubject{httpFiles{c}, httpDocuments{c}, httpKV{c}}
}

func (c *caller) token(a actor) string {
	id := a.identity()
	key := strings.Join([]string{id.TenantID, id.AppID, id.UserID, id.Scopes.String()}, "\x00")
	c.mu.Lock()
	defer c.mu.Unlock()
	token, ok := c.tokens[key]
	if !ok {
		token = c.server.Token(c.TB, id)
		c.tokens[key] = token
	}
	return token
}

func (c *caller) able(a actor) bool { return c.token(a) != "" }

// refusedAs allows for what comes before the storage: a verifier refuses an
// identity that can own nothing, and a mux has no route for an empty key.
func (c *caller) refusedAs(want, got cpodkit.Code, key string) bool {
	switch {
	case got == want:
		return true
	case want == cpodkit.CodeForbidden, want == cpodkit.CodeMissingToken:
		return got == cpodkit.CodeInvalidToken
	case want == cpodkit.CodeUserRequired:
		return got == cpodkit.CodeForbidden // a HEAD shows only the status
	}
	return key == "" && (got == cpodkit.CodeNotFound || got == cpodkit.CodeMethodNotAllowed)
}

func (c *caller) plant(context.Context, string, string, string) error { return unsupported() }

func (c *caller) planted(context.Context, string, string) (string, error) { return "", unsupported() }

// reply is an answer that was read to its end.
type reply struct {
	method string
	status int
	header http.Header
	body   string
}

// send sends one request as the actor. The target is sent byte for byte.
func (c *caller) send(ctx context.Context, a actor, method, target, body string, header ...string) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.server.URL, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	path, query, _ := strings.Cut(target, "?")
	r.URL.Opaque, r.URL.RawQuery = strings.TrimSuffix(c.base.Path, "/")+path, query
	r.Header.Set("Authorization", "Bearer "+c.token(a))
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	res, err := c.client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	got, err := readReply(res, method)
	if err != nil {
		return got, err
	}
	if w, ok := ctx.Value(worldKey{}).(*world); ok {
		c.inspect(w, a, doing{method, target}, got)
	}
	return got, got.err()
}

func readReply(res *http.Response, method string) (reply, error) {
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	return reply{method, res.StatusCode, res.Header, string(body)}, err
}

// inspect fails when an answer shows what it should not.
func (c *caller) inspect(w *world, a actor, where doing, r reply) {
	w.scan(a, where, r.body)
	for name, values := range r.header {
		w.scan(a, where, name+": "+strings.Join(values, ", "))
	}
	for _, text := range c.server.Forbidden {
		if text != "" && strings.Contains(fmt.Sprint(r.header, r.body), text) {
			w.failf("%s by the %s shows %q: %v %.300s", where, a, text, r.header, r.body)
		}
	}
}

// err returns the error that an answer carries. One that is not in the form of
// the contract is internal.
func (r reply) err() error {
	if r.status < 300 || r.status == http.StatusNotModified {
		return nil
	}
	if r.method == http.MethodHead {
		if code := codeOfHead(r.status); code != "" {
			return cpodkit.Errorf(code, "HEAD")
		}
	}
	var problem struct {
		Code   cpodkit.Code
		Status int
		Type   string
		Title  string
		Detail string
	}
	if json.Unmarshal([]byte(r.body), &problem) != nil ||
		!strings.HasPrefix(r.header.Get("Content-Type"), "application/problem+json") ||
		problem.Status != r.status || problem.Code.Status() != r.status || problem.Code.Title() != problem.Title ||
		problem.Detail == "" || !strings.HasSuffix(problem.Type, ":"+string(problem.Code)) {
		return cpodkit.Errorf(cpodkit.CodeInternal, "an answer that is not in the contract: %d %v %.300s", r.status, r.header, r.body)
	}
	return cpodkit.Errorf(problem.Code, "%.300s", r.body)
}

// codeOfHead guesses the code of an answer without a body.
func codeOfHead(status int) cpodkit.Code {
	for _, code := range []cpodkit.Code{
		cpodkit.CodeNotFound, cpodkit.CodeInvalidKey, cpodkit.CodeForbidden, cpodkit.CodeInvalidToken, cpodkit.CodeConflict,
		cpodkit.CodePreconditionFailed, cpodkit.CodeRangeNotSatisfiable, cpodkit.CodeMethodNotAllowed,
	} {
		if code.Status() == status {
			return code
		}
	}
	return ""
}

// escape percent-encodes everything but letters, digits and "-._~", and what is
// in keep.
func escape(s, keep string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~"+keep, c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

func tierQuery(tier storage.Tier) string { return "?tier=" + string(tier) }
