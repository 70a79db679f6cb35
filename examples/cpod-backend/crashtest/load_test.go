package crashtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// world is what the clients know of the server's stores.
type world struct {
	clock  atomic.Int64
	serial atomic.Int64 // of contents
	total  atomic.Int64 // of acknowledged writes under load
	owner  client.Config

	files, docs map[string]*history

	mu     sync.Mutex
	apps   map[string]*appHistory
	tokens map[string]*history // by token: "revoked", or absent for a token that works
}

type appHistory struct {
	*history
	secret string // "" while only the server knows it
}

const (
	collection = "things"
	registered = "registered"
	revoked    = "revoked"
)

// newWorld has n documents, and twice as many files.
func newWorld(n int) *world {
	w := &world{
		files: map[string]*history{}, docs: map[string]*history{},
		apps: map[string]*appHistory{}, tokens: map[string]*history{},
	}
	for i := range n {
		// Some share a folder, and some make one of their own that goes with them.
		w.files[fmt.Sprintf("flat/%02d.bin", i)] = newHistory(&w.clock)
		w.files[fmt.Sprintf("deep/%d/%d/%d/file", i%3, i%7, i)] = newHistory(&w.clock)
		w.docs[fmt.Sprintf("doc/%02d", i)] = newHistory(&w.clock)
	}
	return w
}

// load is many clients at work on a server that will be killed.
type load struct {
	*world
	client *client.Client
	admin  *client.Client
	url    string
	target int64
	acked  atomic.Int64
	enough chan struct{} // closed when target writes are acknowledged
	killed atomic.Bool
}

// loadAndKill works on the server until so many writes are acknowledged, and
// then kills it in the middle of the next ones.
func (w *world) loadAndKill(t *testing.T, s *server, clients int, target int64) {
	t.Helper()
	l := &load{world: w, client: s.client(t, w.owner), admin: s.admin(t), url: s.url, target: target, enough: make(chan struct{})}
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for l.step(t) {
			}
		})
	}
	select {
	case <-l.enough:
	case <-s.ended:
		t.Errorf("the server ended by itself: %v\n%s", s.err, s.log)
	case <-time.After(watchdog):
		t.Errorf("only %d of %d writes within %v", l.acked.Load(), target, watchdog)
	}
	l.killed.Store(true)
	s.kill()
	wg.Wait()
}

// step does one call, and reports whether the server is still there.
func (l *load) step(t *testing.T) bool {
	var err error
	switch n := rand.IntN(100); {
	case n < 30:
		err = l.putFile(t.Context())
	case n < 38:
		err = l.deleteFile(t.Context())
	case n < 66:
		err = l.setDocument(t.Context())
	case n < 72:
		err = l.deleteDocument(t.Context())
	case n < 80:
		err = l.batch(t.Context())
	case n < 97:
		err = l.read(t.Context())
	case n < 99:
		err = l.changeApps(t.Context())
	default:
		err = l.revokeToken(t.Context())
	}
	if err == nil {
		return true
	}
	if answer, ok := errors.AsType[*client.Error](err); ok {
		t.Errorf("a call is refused: %v", answer)
		return true
	}
	if !l.killed.Load() {
		t.Errorf("a call breaks off before the server is killed: %v", err)
	}
	return false
}

func (l *load) ack(h *history, w *write, tag string) {
	h.acknowledge(w, tag)
	l.total.Add(1)
	if l.acked.Add(1) == l.target {
		close(l.enough)
	}
}

func (w *world) newID(kind string) string { return fmt.Sprintf("%s-%d", kind, w.serial.Add(1)) }

func (l *load) putFile(ctx context.Context) error {
	key, h := pick(l.files)
	sizes := []int{0, 100, 4 << 10, 64<<10 - 100, 64 << 10, 300 << 10, 1 << 20}
	id, size := l.newID("file"), sizes[rand.IntN(len(sizes))]
	if rand.IntN(20) == 0 {
		size = 5 << 20
	}
	w := h.begin(id)
	file, err := l.client.Storage.Files.Write(ctx, key, strings.NewReader(string(fileContent(id, size))))
	if err == nil {
		l.ack(h, w, file.ETag)
	}
	return err
}

func (l *load) deleteFile(ctx context.Context) error {
	key, h := pick(l.files)
	w := h.begin(absent)
	err := l.client.Storage.Files.Delete(ctx, key)
	if err == nil {
		l.ack(h, w, "")
	}
	return err
}

func (l *load) newRecord() record {
	size := rand.IntN(2000)
	if rand.IntN(10) == 0 {
		size = 200 << 10
	}
	return newRecord(l.newID("doc"), size)
}

func (l *load) setDocument(ctx context.Context) error {
	key, h := pick(l.docs)
	value := l.newRecord()
	w := h.begin(value.ID)
	doc, err := l.client.Storage.DB.Collection(collection).Set(ctx, key, value)
	if err == nil {
		l.ack(h, w, doc.Version)
	}
	return err
}

func (l *load) deleteDocument(ctx context.Context) error {
	key, h := pick(l.docs)
	w := h.begin(absent)
	err := l.client.Storage.DB.Collection(collection).Delete(ctx, key)
	if err == nil {
		l.ack(h, w, "")
	}
	return err
}

// batch writes several keys in one call, whose answer tells no versions.
func (l *load) batch(ctx context.Context) error {
	type change struct {
		h *history
		w *write
	}
	var ops []client.Op
	var changes []change
	used := map[string]bool{}
	for range 1 + rand.IntN(12) {
		key, h := pick(l.docs)
		if used[key] {
			continue
		}
		used[key] = true
		value := newRecord(l.newID("batch"), rand.IntN(2000))
		if rand.IntN(4) == 0 {
			ops, value.ID = append(ops, client.DeleteOp(key)), absent
		} else {
			ops = append(ops, client.SetOp(key, value))
		}
		changes = append(changes, change{h, h.begin(value.ID)})
	}
	result, err := l.client.Storage.DB.Collection(collection).Batch(ctx, ops)
	if err != nil {
		return err
	}
	if result.Failed > 0 || result.Succeeded != len(ops) {
		return &client.Error{Op: "db.batch", Message: fmt.Sprintf("%+v", result)}
	}
	for _, c := range changes {
		l.ack(c.h, c.w, anyTag)
	}
	return nil
}

// read looks whether what is there is whole.
func (l *load) read(ctx context.Context) error {
	if rand.IntN(2) == 0 {
		key, _ := pick(l.docs)
		_, _, err := readDocument(ctx, l.client, key)
		return err
	}
	key, _ := pick(l.files)
	_, _, err := readFile(ctx, l.client, key)
	return err
}

// changeApps registers an app, or deletes one.
func (l *load) changeApps(ctx context.Context) error {
	if id, a, ok := l.someApp(); ok && rand.IntN(2) == 0 {
		w := a.begin(absent)
		err := l.admin.Apps.Delete(ctx, id)
		if _, gone := errors.AsType[*client.NotFoundError](err); err == nil || gone {
			l.ack(a.history, w, "") // another client may have deleted it first
			return nil
		}
		return err
	}
	id := l.newID("app")
	a := &appHistory{history: newHistory(&l.clock)}
	w := a.begin(registered)
	l.mu.Lock()
	l.apps[id] = a
	l.mu.Unlock()
	_, secret, err := l.admin.Apps.Register(ctx, newApp(id))
	if err == nil {
		l.mu.Lock()
		a.secret = secret
		l.mu.Unlock()
		l.ack(a.history, w, "")
	}
	return err
}

// someApp returns an app whose registration is acknowledged.
func (l *load) someApp() (string, *appHistory, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, a := range l.apps {
		if a.secret != "" {
			return id, a, true
		}
	}
	return "", nil, false
}

// revokeToken gets a token and takes it back.
func (l *load) revokeToken(ctx context.Context) error {
	token, err := fetchToken(ctx, l.url, l.owner)
	if err != nil {
		return err
	}
	h := newHistory(&l.clock)
	w := h.begin(revoked)
	l.mu.Lock()
	l.tokens[token] = h
	l.mu.Unlock()
	if err := l.client.Revoke(ctx, token); err != nil {
		return err
	}
	l.ack(h, w, "")
	return nil
}

// pick returns some key of a map, each about as likely as another.
func pick(of map[string]*history) (string, *history) {
	n := rand.IntN(len(of))
	for key, h := range of {
		if n--; n < 0 {
			return key, h
		}
	}
	return "", nil
}

// readFile returns id and ETag of a file that must be whole, absent for none.
func readFile(ctx context.Context, c *client.Client, key string) (id, etag string, err error) {
	r, err := c.Storage.Files.Read(ctx, key)
	if _, missing := errors.AsType[*client.NotFoundError](err); missing {
		return absent, "", nil
	}
	if err != nil {
		return "", "", err
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		return "", "", err
	}
	if int64(len(content)) != r.Size {
		return "", "", broken("%s has %d bytes, and says %d", key, len(content), r.Size)
	}
	id, err = fileID(content)
	if err != nil {
		return "", "", broken("%s is broken: %v", key, err)
	}
	return id, r.ETag, nil
}

func readDocument(ctx context.Context, c *client.Client, key string) (id, version string, err error) {
	doc, found, err := c.Storage.DB.Collection(collection).Document(ctx, key)
	if err != nil || !found {
		return absent, "", err
	}
	if id, err = recordID(doc.Value); err != nil {
		return "", "", broken("%s is broken: %v", key, err)
	}
	return id, doc.Version, nil
}

// broken is an answer that is wrong, not missing.
func broken(format string, args ...any) error {
	return &client.Error{Message: fmt.Sprintf(format, args...)}
}

// fetchToken gets an access token, which the client keeps for itself.
func fetchToken(ctx context.Context, base string, c client.Config) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(c.ClientID, c.ClientSecret)
	res, err := oneShot().Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", err
	}
	if answer.Token == "" {
		return "", broken("a token is refused: %s", res.Status)
	}
	return answer.Token, nil
}
