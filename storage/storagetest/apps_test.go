package storagetest

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
)

// appSubject is a primitive whose reads in the user tier may name an app.
type appSubject interface {
	// readOf reads key of one app; listOf lists one app, or all for "*".
	readOf(ctx context.Context, a actor, app, key string) (string, error)
	listOf(ctx context.Context, a actor, app string) (found []inApp, cursor string, err error)

	// continueOf lists on by a cursor of somebody else's list of all apps.
	continueOf(ctx context.Context, a actor, cursor string) error

	writeOf(ctx context.Context, a actor, app, key string) error
}

// inApp is a key with the app that a list says it belongs to.
type inApp struct{ app, key string }

// craftedApps are names of apps, those that exist and those that lead astray.
func craftedApps() []string {
	names := []string{
		"app", "appx", "App", "APP", "ap", "app.", "app ", " app", "app/", "/app", "app/x", "app%2Fx", "app%2fx", "%61pp", "ａpp", "app\x00", "app\n", "app\u200b",
		"..", "../app", "../../u/apps/app", "../../ux/apps/app", "../../../t2/apps/app", "../../../apps/app", "../../../shared", "./app", "app/..", "app/../appx",
		"..%2fappx", "%2e%2e", "..\\appx", "．．", "", ".", "*", "**", "a*", "?", "%", "_", "a%", "a_p", "apps", "users", "shared", "u", "u/apps/app", "x", "$system",
		"\xff", "é", "e\u0301", "app,appx", "app&app=appx", "app;appx", "[app]", "'app'", "app' OR '1'='1", `"`, "null", strings.Repeat("a", 64),
	}
	return append(names, hopelessIDs()...)
}

// attackApps names every crafted app as two users and in every tier.
func attackApps(w *world) int {
	s, ok := w.subject.(appSubject)
	if !ok {
		return 0
	}
	for _, a := range []actor{
		{"t1", "app", "u", storage.User}, {"t1", "app", "ux", storage.User}, {"t1", "raider", "pirate", storage.User},
		{"t1", "app", "u", storage.Private}, {"t1", "app", "u", storage.Shared},
	} {
		for _, name := range craftedApps() {
			w.attackApp(s, a, name)
		}
		if a.tier == storage.User {
			w.attackAllApps(s, a)
		}
	}
	return len(craftedApps()) + 1
}

func (w *world) attackApp(s appSubject, a actor, name string) {
	named := a
	named.app = name
	where := doing{"naming the app", name}
	_, idErr := cpodkit.EncodeID(name)
	refused := a.tier != storage.User || idErr != nil

	for _, key := range []string{target, "dir/" + target, "none"} {
		got, err := s.readOf(w.ctx, a, name, key)
		code := w.judge(a, where, err)
		w.scan(a, where, got)
		want, there := w.have(named, key)
		switch {
		case refused:
			if code != cpodkit.CodeBadRequest {
				w.failf("ESCAPE: %s by the %s reads %q: %q", where, a, got, code)
			}
		case there && got != want, !there && code != cpodkit.CodeNotFound:
			w.failf("ESCAPE: %s by the %s reads %q: %q; want %q", where, a, got, code, want)
		}
	}
	if name != "*" { // to listOf it means all
		w.checkListOf(s, a, named, refused)
	}
	if code := w.judge(a, where, s.writeOf(w.ctx, a, name, target)); code != cpodkit.CodeBadRequest {
		w.failf("ESCAPE: %s by the %s writes: %q", where, a, code)
	}
}

func (w *world) checkListOf(s appSubject, a, named actor, refused bool) {
	where := doing{"listing the app", named.app}
	found, _, err := s.listOf(w.ctx, a, named.app)
	code := w.judge(a, where, err)
	var got []string
	for _, f := range found {
		got = append(got, f.key)
	}
	w.scan(a, where, strings.Join(got, "\n"))
	slices.Sort(got)
	switch {
	case refused:
		if code != cpodkit.CodeBadRequest {
			w.failf("ESCAPE: %s by the %s is %q %.200q", where, a, code, got)
		}
	case code != "" || !slices.Equal(got, w.keys(named, "")):
		w.failf("ESCAPE: %s by the %s is %q %.200q; want %.200q", where, a, code, got, w.keys(named, ""))
	}
}

// attackAllApps compares a list of all apps with all that the user has, and lets
// others continue it.
func (w *world) attackAllApps(s appSubject, a actor) {
	where := doing{"listing", "all apps"}
	found, cursor, err := s.listOf(w.ctx, a, "*")
	if code := w.judge(a, where, err); code != "" {
		w.failf("%s by the %s is %s", where, a, code)
	}
	got := map[inApp]bool{}
	for _, f := range found {
		got[f] = true
		w.scan(a, where, f.key)
		if _, there := w.have(actor{a.tenant, f.app, a.user, storage.User}, f.key); !there {
			w.failf("ESCAPE: %s by the %s shows %q of the app %q", where, a, f.key, f.app)
		}
	}
	w.mu.Lock()
	for owner, held := range w.held {
		for key := range held {
			if owner.tier == storage.User && owner.tenant == a.tenant && owner.user == a.user && !got[inApp{owner.app, key}] {
				defer w.failf("%s by the %s does not show %q of the app %q", where, a, key, owner.app)
			}
		}
	}
	w.mu.Unlock()
	if cursor == "" {
		return
	}
	for _, other := range []actor{
		{a.tenant, a.app, a.user + "x", storage.User}, {"t2", a.app, a.user, storage.User}, {a.tenant, "appx", a.user, storage.User},
	} {
		if code := w.judge(other, where, s.continueOf(w.ctx, other, cursor)); code != cpodkit.CodeInvalidCursor {
			w.failf("ESCAPE: a cursor of all apps of the %s works for the %s: %q", a, other, code)
		}
	}
}

func (s *filesSubject) readOf(ctx context.Context, a actor, app, key string) (string, error) {
	r, err := s.as(a).App(app).Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	return string(content), err
}

func (s *filesSubject) appHandle(a actor, app string) files.Handle {
	if app == "*" {
		return s.as(a).AllApps()
	}
	return s.as(a).App(app)
}

func (s *filesSubject) listOf(ctx context.Context, a actor, app string) (found []inApp, first string, err error) {
	for opts := (files.ListOptions{Limit: 100}); ; {
		page, err := s.appHandle(a, app).List(ctx, opts)
		if err != nil {
			return found, first, err
		}
		for _, file := range page.Items {
			found = append(found, inApp{file.App, file.Key})
		}
		if opts.Cursor = page.NextCursor; opts.Cursor == "" || len(found) > mostKeys {
			return found, first, nil
		}
		first = opts.Cursor
	}
}

func (s *filesSubject) continueOf(ctx context.Context, a actor, cursor string) error {
	_, err := s.as(a).AllApps().List(ctx, files.ListOptions{Cursor: cursor})
	return err
}

func (s *filesSubject) writeOf(ctx context.Context, a actor, app, key string) error {
	_, err := s.appHandle(a, app).Write(ctx, key, strings.NewReader("overwritten"), nil)
	return err
}

func (s *documentsSubject) appHandle(a actor, app string) documents.Collection {
	if app == "*" {
		return s.as(a).AllApps().Collection(collection)
	}
	return s.as(a).App(app).Collection(collection)
}

func (s *documentsSubject) readOf(ctx context.Context, a actor, app, key string) (string, error) {
	d, err := s.as(a).App(app).Collection(collection).Get(ctx, key)
	return valueOf(d.Value), err
}

func (s *documentsSubject) listOf(ctx context.Context, a actor, app string) (found []inApp, first string, err error) {
	for q := (documents.Query{Limit: 100}); ; {
		page, err := s.appHandle(a, app).Query(ctx, q)
		if err != nil {
			return found, first, err
		}
		for _, d := range page.Items {
			found = append(found, inApp{d.App, d.Key})
		}
		if q.Cursor = page.NextCursor; q.Cursor == "" || len(found) > mostKeys {
			return found, first, nil
		}
		first = q.Cursor
	}
}

func (s *documentsSubject) continueOf(ctx context.Context, a actor, cursor string) error {
	_, err := s.as(a).AllApps().Collection(collection).Query(ctx, documents.Query{Cursor: cursor})
	return err
}

func (s *documentsSubject) writeOf(ctx context.Context, a actor, app, key string) error {
	_, err := s.appHandle(a, app).Set(ctx, key, []byte("0"), nil)
	return err
}
