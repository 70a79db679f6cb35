package storagetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// actor is an identity at work in one tier. It has the scopes of this tier
// alone, so that its own data in another tier is out of its reach too.
type actor struct {
	tenant, app, user string
	tier              storage.Tier
}

func (a actor) String() string {
	return fmt.Sprintf("%s of tenant %q, app %q, user %q", a.tier, a.tenant, a.app, a.user)
}

func (a actor) identity() cpodkit.Identity {
	return cpodkit.Identity{
		TenantID: a.tenant, AppID: a.app, UserID: a.user,
		Scopes: cpodkit.Scopes{a.tier.Scope("*")},
	}
}

// owner stands for all the actors that share a's place.
func (a actor) owner() actor {
	switch a.tier {
	case storage.Private:
		a.user = ""
	case storage.Shared:
		a.app, a.user = "", ""
	case storage.User:
	}
	return a
}

// refusals says why the actor can have no place at all; nothing when it has one. A
// server may answer with any of the codes.
func (a actor) refusals() []cpodkit.Code {
	if a.tenant == "" {
		return []cpodkit.Code{cpodkit.CodeMissingToken}
	}
	var codes []cpodkit.Code
	if a.tier == storage.User && a.user == "" {
		codes = append(codes, cpodkit.CodeUserRequired)
	}
	if a.identity().Validate() != nil {
		codes = append(codes, cpodkit.CodeForbidden)
	}
	return codes
}

func (a actor) hasPlace() bool { return len(a.refusals()) == 0 }

// subject is one primitive as an actor meets it, through its portable type or
// over HTTP. Its errors are those of the contract; anything else is internal.
type subject interface { //nolint:interfacebloat // one method for each thing that an attacker tries
	// able reports whether the actor can be played at all: a server may have no
	// token for an odd id.
	able(a actor) bool

	// valid reports whether the contract takes the key.
	valid(key string) bool

	put(ctx context.Context, a actor, key, value string) error
	remove(ctx context.Context, a actor, key string) error

	// looks are all the ways to learn of what is at key. The first shows it.
	looks(a actor, key string) []look

	// conditionals are writes that change what is there, and nothing else. They
	// are precondition_failed where nothing is.
	conditionals(a actor, key string) []call

	// list returns the keys that begin with prefix, asked for in pages of limit, or
	// errors.ErrUnsupported.
	list(ctx context.Context, a actor, prefix string, limit int) ([]string, error)

	// refusedAs reports whether got is how a refusal with the code want shows.
	refusedAs(want, got cpodkit.Code, key string) bool

	traits() traits

	// plant puts a value beside all places, where only the server itself keeps
	// things, and planted reads it again; errors.ErrUnsupported over HTTP.
	plant(ctx context.Context, space, key, value string) error
	planted(ctx context.Context, space, key string) (string, error)
}

type traits struct {
	folders  bool // a key may be in the way of another: conflict
	crossApp bool // reads in the user tier also find what other apps of the user have
}

// doing names a call in a message.
type doing struct{ what, key string }

func (d doing) String() string { return fmt.Sprintf("%s %.80q", d.what, d.key) }

type call struct {
	name string
	do   func(ctx context.Context) error
}

// look returns the value, or any text when it tells only that one is there.
type look struct {
	name  string
	shows bool
	do    func(ctx context.Context) (string, error)
}

// world is what was stored, as it should be. It is safe for concurrent use.
type world struct {
	testing.TB
	*model
	ctx     context.Context
	subject subject
}

type model struct {
	calls    atomic.Int64
	random   atomic.Int64
	failures atomic.Int64

	known *canaries

	mu     sync.Mutex
	held   map[actor]map[string]string // by owner and key
	actors map[actor]actor             // somebody who reaches the place of an owner
	beside map[[2]string]string        // planted values by space and key
}

// canaries knows of every value whose it is, or was.
type canaries struct {
	mu sync.Mutex
	of map[string]actor
}

func newCanaries() *canaries { return &canaries{of: map[string]actor{}} }

func (c *canaries) owner(canary string) (actor, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	owner, ok := c.of[canary]
	return owner, ok
}

func newWorld(t testing.TB, s subject, known *canaries) *world {
	w := &world{subject: s, model: &model{
		known:  known,
		held:   map[actor]map[string]string{},
		actors: map[actor]actor{},
		beside: map[[2]string]string{},
	}}
	return w.in(t)
}

type worldKey struct{}

// in returns the same world for a subtest. Its context leads back to it, for
// subjects that see more than they return.
func (w *world) in(t testing.TB) *world {
	in := &world{TB: t, subject: w.subject, model: w.model}
	in.ctx = context.WithValue(t.Context(), worldKey{}, in)
	return in
}

// mostFailures are enough to see what is wrong. The others are not shown.
const mostFailures = 25

func (w *world) failedEnough() bool { return w.failures.Load() >= mostFailures }

func (w *world) failf(format string, args ...any) {
	w.Helper()
	if w.failures.Add(1) <= mostFailures {
		w.Errorf(format, args...)
	}
}

var canaryForm = regexp.MustCompile(`canary-[A-Z2-7]{26}`)

// canary returns a value that tells whose it is.
func (w *world) canary(owner actor) string {
	value := "canary-" + rand.Text()
	w.known.mu.Lock()
	defer w.known.mu.Unlock()
	w.known.of[value] = owner
	return value
}

// scan fails when text shows a canary that a may not see.
func (w *world) scan(a actor, where doing, text string) {
	if !strings.Contains(text, "canary-") {
		return
	}
	for _, canary := range canaryForm.FindAllString(text, -1) {
		if owner, known := w.known.owner(canary); known && !w.mayRead(a, owner) {
			w.failf("ESCAPE: %s by the %s shows a canary of the %s", where, a, owner)
		}
	}
}

func (w *world) mayRead(a, owner actor) bool {
	mine := a.owner()
	if w.subject.traits().crossApp && a.tier == storage.User {
		mine.app = owner.app
	}
	return mine == owner
}

// judge fails when err is none that the contract has for a caller's mistake,
// and returns its code.
func (w *world) judge(a actor, where doing, err error) cpodkit.Code {
	w.calls.Add(1)
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*cpodkit.Error](err)
	if !ok || e.Code.Status() >= 500 {
		w.failf("%s by the %s fails the server: %v", where, a, err)
		return cpodkit.CodeInternal
	}
	w.scan(a, where, fmt.Sprint(e.Detail, e.Fields))
	return e.Code
}

// refusals are the codes with which the contract refuses the key to the actor;
// none when it does not.
func (w *world) refusals(a actor, key string) []cpodkit.Code {
	codes := a.refusals()
	if !w.subject.valid(key) {
		codes = append(codes, cpodkit.CodeInvalidKey)
	}
	return codes
}

// wantRefusal reports whether the call was to be refused, and fails when it was
// not, or otherwise than it should be.
func (w *world) wantRefusal(a actor, where doing, key string, got cpodkit.Code) bool {
	wants := w.refusals(a, key)
	if len(wants) == 0 {
		return false
	}
	if !slices.ContainsFunc(wants, func(want cpodkit.Code) bool { return w.subject.refusedAs(want, got, key) }) {
		w.failf("%s by the %s is %q; want one of %q", where, a, got, wants)
	}
	return true
}

func (w *world) have(a actor, key string) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	value, ok := w.held[a.owner()][key]
	return value, ok
}

func (w *world) keep(a actor, key, value string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	owner := a.owner()
	if w.held[owner] == nil {
		w.held[owner], w.actors[owner] = map[string]string{}, a
	}
	w.held[owner][key] = value
}

func (w *world) drop(a actor, key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	owner := a.owner()
	if delete(w.held[owner], key); len(w.held[owner]) == 0 {
		delete(w.held, owner)
		delete(w.actors, owner)
	}
}

// put stores a new canary, and reports whether it is stored.
func (w *world) put(a actor, key string) bool {
	value := w.canary(a.owner())
	where := doing{"writing", key}
	code := w.judge(a, where, w.subject.put(w.ctx, a, key, value))
	switch {
	case w.wantRefusal(a, where, key, code):
		return false
	case code == "":
		w.keep(a, key, value)
		return true
	case code != cpodkit.CodeConflict || !w.subject.traits().folders:
		w.failf("%s by the %s is %s; it should be stored", where, a, code)
	}
	return false
}

func (w *world) remove(a actor, key string) {
	where := doing{"deleting", key}
	code := w.judge(a, where, w.subject.remove(w.ctx, a, key))
	switch {
	case w.wantRefusal(a, where, key, code):
	case code == "":
		w.drop(a, key)
	default:
		w.failf("%s by the %s is %s; it should succeed", where, a, code)
	}
}

// look reads in every way, and compares with what should be there.
func (w *world) look(a actor, key string) { w.lookBy(a, key, w.subject.looks(a, key)) }

// read is look in the first way alone, the one that shows the value.
func (w *world) read(a actor, key string) { w.lookBy(a, key, w.subject.looks(a, key)[:1]) }

func (w *world) lookBy(a actor, key string, looks []look) {
	want, there := w.have(a, key)
	for _, look := range looks {
		where := doing{look.name, key}
		got, err := look.do(w.ctx)
		code := w.judge(a, where, err)
		w.scan(a, where, got)
		switch {
		case w.wantRefusal(a, where, key, code):
		case there && code == "" && look.shows && got != want:
			w.failf("CHANGED: %s by the %s is %.80q; want %q", where, a, got, want)
		case there && code != "":
			w.failf("GONE: %s by the %s is %s; want %q", where, a, code, want)
		case there, code == cpodkit.CodeNotFound, w.othersHave(a, key, code):
		default:
			w.failf("ESCAPE: %s by the %s is %q %.80q; nothing of its own is there", where, a, code, got)
		}
	}
}

// othersHave reports whether code is what a read in the user tier answers by
// what other apps of the user hold at key.
func (w *world) othersHave(a actor, key string, code cpodkit.Code) bool {
	if a.tier != storage.User || !w.subject.traits().crossApp {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for owner, held := range w.held {
		if _, ok := held[key]; ok && owner.tier == storage.User && owner.tenant == a.tenant && owner.user == a.user {
			n++
		}
	}
	return n == 1 && code == "" || n > 1 && code == cpodkit.CodeConflict
}

// conditionals must all find that nothing is there.
func (w *world) conditionals(a actor, key string) {
	if _, there := w.have(a, key); there {
		return
	}
	for _, c := range w.subject.conditionals(a, key) {
		where := doing{c.name, key}
		code := w.judge(a, where, c.do(w.ctx))
		if !w.wantRefusal(a, where, key, code) && code != cpodkit.CodePreconditionFailed {
			w.failf("ESCAPE: %s by the %s is %q; nothing of its own is there", where, a, code)
		}
	}
}

// siege does everything that can be done with one key, and leaves a value there
// that must not show elsewhere.
func (w *world) siege(a actor, key string) {
	w.visit(a, key)
	w.look(a, key)
	w.remove(a, key)
	w.look(a, key)
	w.put(a, key)
}

// visit is the shorter siege, for a subject that takes its time.
func (w *world) visit(a actor, key string) {
	w.look(a, key)
	w.conditionals(a, key)
	w.remove(a, key)
	w.put(a, key)
	w.read(a, key)
}

// sweep looks whether everything is where it should be, and nothing else.
func (w *world) sweep() {
	w.mu.Lock()
	actors := slices.Collect(maps.Values(w.actors))
	beside := maps.Clone(w.beside)
	w.mu.Unlock()
	for _, a := range actors {
		if w.failedEnough() {
			return
		}
		for _, key := range w.keys(a, "") {
			w.read(a, key)
		}
		w.checkList(a, "")
	}
	for at, want := range beside {
		if got, err := w.subject.planted(w.ctx, at[0], at[1]); err != nil || got != want {
			w.failf("CHANGED: the server's own %q in %q is %q, %v", at[1], at[0], got, err)
		}
	}
}

// keys returns what the owner of a place has under prefix, in order.
func (w *world) keys(a actor, prefix string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var keys []string
	for key := range w.held[a.owner()] {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// onePage is the largest page that there is.
const onePage = 500

// checkList compares a list with what it should show.
func (w *world) checkList(a actor, prefix string) { w.checkPages(a, prefix, onePage) }

func (w *world) checkPages(a actor, prefix string, limit int) {
	got, err := w.subject.list(w.ctx, a, prefix, limit)
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	where := doing{"listing", prefix}
	code := w.judge(a, where, err)
	w.scan(a, where, strings.Join(got, "\n"))
	switch want := w.keys(a, prefix); {
	case code != "":
		w.failf("%s by the %s is %s", where, a, code)
	case slices.Equal(got, want):
	case slices.Equal(slices.Sorted(slices.Values(got)), want):
		w.failf("ORDER: %s by the %s shows\n%.500q; want\n%.500q", where, a, got, want)
	default:
		w.failf("ESCAPE: %s by the %s shows too much, %.500q, or too little, %.500q", where, a, without(got, want), without(want, got))
	}
}

// without returns what is in some and not in others.
func without(some, others []string) []string {
	return slices.DeleteFunc(slices.Clone(some), func(s string) bool { return slices.Contains(others, s) })
}
