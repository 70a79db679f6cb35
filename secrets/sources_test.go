package secrets_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/secrets/secretstest"
)

// environ is variables that change.
type environ struct {
	mu  sync.Mutex
	all map[string]string
}

func (e *environ) list() (all []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for name, value := range e.all {
		all = append(all, name+"="+value)
	}
	return all
}

func (e *environ) set(name, value string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.all == nil {
		e.all = map[string]string{"PATH": "/bin", "CPOD_MASTER_KEY": "k", "S_": "no name", "S_a.b": "no name", "S_EMPTY": ""}
	}
	delete(e.all, name)
	if value != "" {
		e.all[name] = value
	}
}

func newEnv(t testing.TB) (*secrets.Env, *environ) {
	t.Helper()
	e := &environ{}
	e.set("", "")
	env, err := secrets.NewEnv("S_", tenant, e.list)
	if err != nil {
		t.Fatal(err)
	}
	return env, e
}

// write replaces a file by a rename; "" removes it.
func write(t testing.TB, file, content string) {
	t.Helper()
	if content == "" {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		return
	}
	hidden := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".new")
	err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(hidden, []byte(content), 0o600), os.Rename(hidden, file))
	if err != nil {
		t.Fatal(err)
	}
}

func openFiles(t testing.TB, dir string, opts ...secrets.FilesOption) *secrets.Files {
	t.Helper()
	files, err := secrets.NewFiles(t.Context(), dir, tenant, append(opts, secrets.WithFilesInterval(2*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestProviders(t *testing.T) {
	t.Parallel()
	files := func(t testing.TB) secretstest.Store {
		t.Helper()
		dir := t.TempDir()
		return secretstest.Store{
			Provider: openFiles(t, dir), Tenant: tenant,
			Put:    func(t testing.TB, name, value string) { t.Helper(); write(t, filepath.Join(dir, name), value) },
			Delete: func(t testing.TB, name string) { t.Helper(); write(t, filepath.Join(dir, name), "") },
		}
	}
	env := func(t testing.TB) secretstest.Store {
		t.Helper()
		p, e := newEnv(t)
		return secretstest.Store{
			Provider: p, Tenant: tenant, Flat: true,
			Put:    func(_ testing.TB, name, value string) { e.set("S_"+name, value) },
			Delete: func(_ testing.TB, name string) { e.set("S_"+name, "") },
		}
	}
	for name, open := range map[string]func(testing.TB) secretstest.Store{
		"memory": func(testing.TB) secretstest.Store { return secretstest.Store{Provider: secrets.NewMemory()} },
		"files":  files,
		"env":    env,
		"chain of an empty folder and memory": func(t testing.TB) secretstest.Store {
			t.Helper()
			e, _ := newEnv(t)
			return secretstest.Store{Provider: secrets.NewChain(e, files(t).Provider, secrets.NewMemory(), secrets.NewMemory())}
		},
		"chain of files and variables": func(t testing.TB) secretstest.Store {
			t.Helper()
			s := files(t)
			s.Provider = secrets.NewChain(env(t).Provider, s.Provider)
			return readOnly(s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secretstest.Run(t, open)
		})
	}
}

// readOnly hides that a chain is an Editor.
func readOnly(s secretstest.Store) secretstest.Store {
	s.Provider = struct {
		secrets.Provider
		secrets.Lister
		secrets.Watcher
	}{s.Provider, s.Provider.(secrets.Lister), s.Provider.(secrets.Watcher)}
	return s
}

func TestEnvRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"", tenant}, {"C", tenant}, {"CP", tenant}, {"CPOD", tenant}, {"CPOD_", tenant}, {"CPOD_SECRET_", tenant}, {"cpod_", tenant},
		{"CORE", tenant}, {"CORESDK_", tenant}, {"A=B", tenant}, {"A B", tenant}, {"1", tenant}, {"A_", ""}, {"A_", ".."},
	} {
		if _, err := secrets.NewEnv(c[0], c[1], os.Environ); err == nil {
			t.Errorf("the prefix %q for the tenant %q is taken", c[0], c[1])
		}
	}
	for _, prefix := range []string{"A", "CPODS_", "D_", "_"} {
		if _, err := secrets.NewEnv(prefix, tenant, os.Environ); err != nil {
			t.Error(err)
		}
	}
}

// A read-only provider behind the portable type: grants decide, and writes are not_supported.
func TestFilesWithGrants(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "db", "password"), "1\n")
	s := over(t, openFiles(t, dir), secrets.NewMemory())
	a, admin := app(s, "a"), s.Trusted(tenant)
	wantValue(t, a, "db/password", "")
	wantValue(t, admin, "db/password", "1")
	if _, err := admin.SetGrant(t.Context(), "db/password", []string{"a"}, secrets.Match{}); err != nil {
		t.Fatal(err)
	}
	wantValue(t, a, "db/password", "1")
	_, err := a.Get(t.Context(), "db/password", secrets.Version(1))
	wantCode(t, err, cpodkit.CodeNotSupported)
	_, err = admin.Put(t.Context(), "db/password", secrets.NewValue("2"))
	wantCode(t, err, cpodkit.CodeNotSupported)
	wantValue(t, s.Trusted("other"), "db/password", "")
}

// A broken edit leaves the files from before it, and says so until it is mended.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]string{"b": "\n", "large": strings.Repeat("v", secrets.MaxValue+1), "a\nb": "v"} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "a"), "1\n\n")
		write(t, filepath.Join(dir, ".hidden", "c"), "v")
		var log bytes.Buffer
		files := openFiles(t, dir, secrets.WithFilesLog(slog.New(slog.NewTextHandler(&log, nil))))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = files.Watch(ctx, func(string, string) {}) }()
		value := func(name string) string {
			secret, err := files.Get(t.Context(), tenant, name, 0)
			if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
				t.Error(err)
			}
			return secret.Value.Reveal()
		}
		write(t, filepath.Join(dir, name), broken)
		write(t, filepath.Join(dir, "a"), "2")
		eventually(t, "Ping fails", func() bool { return files.Ping(t.Context()) != nil })
		if a := value("a"); a != "1\n" {
			t.Errorf("%q: after the broken edit a is %q", name, a)
		}
		if _, err := secrets.NewFiles(t.Context(), dir, tenant); err == nil {
			t.Errorf("%q: the broken folder is taken", name)
		}
		write(t, filepath.Join(dir, name), "")
		eventually(t, "a is 2", func() bool { return value("a") == "2" && files.Ping(t.Context()) == nil })
		stop()
		<-ended
		if n := strings.Count(log.String(), "level=WARN"); n != 1 {
			t.Errorf("%q: the log is %s", name, log.String())
		}
	}
	for _, dir := range []string{filepath.Join(t.TempDir(), "none"), ""} {
		if _, err := secrets.NewFiles(t.Context(), dir, tenant); err == nil {
			t.Error("a folder that is not there is no error")
		}
	}
}

// Kubernetes swaps a symlink to a folder.
func TestMountOfKubernetes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "..one", "password"), "1")
	write(t, filepath.Join(dir, "..two", "password"), "2")
	link := func(version string) {
		t.Helper()
		next := filepath.Join(dir, "..next")
		if err := errors.Join(os.Symlink(version, next), os.Rename(next, filepath.Join(dir, "..data"))); err != nil {
			t.Fatal(err)
		}
	}
	link("..one")
	if err := os.Symlink(filepath.Join("..data", "password"), filepath.Join(dir, "password")); err != nil {
		t.Fatal(err)
	}
	s := over(t, openFiles(t, dir), secrets.NewMemory())
	go s.Run(t.Context())
	ctx, stop := context.WithTimeout(t.Context(), secretstest.Patience)
	defer stop()
	var values []string
	for secret, err := range s.Trusted(tenant).Watch(ctx, "password") {
		if err != nil {
			t.Fatal(err)
		}
		if values = append(values, secret.Value.Reveal()); len(values) == 2 {
			break
		}
		link("..two")
	}
	if !slices.Equal(values, []string{"1", "2"}) {
		t.Errorf("the values are %q", values)
	}
}

// eventually waits for what another goroutine brings about.
func eventually(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	deadline := time.After(secretstest.Patience)
	for !isSo() {
		select {
		case <-deadline:
			t.Fatalf("it never came that %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	first, second, last := newFaulty(), secrets.NewMemory(), secrets.NewMemory()
	s := over(t, secrets.NewChain(getOnly{first}, second, last), secrets.NewMemory(), secrets.WithTTL(1))
	admin := s.Trusted(tenant)
	store := func(m *secrets.Memory, name string, values ...string) {
		t.Helper()
		for _, value := range values {
			put(t, over(t, m, secrets.NewMemory()).Trusted(tenant), name, value)
		}
	}
	store(last, "x", "of the last", "of the last")
	wantValue(t, admin, "x", "of the last", secrets.Version(2))
	wantCode(t, admin.Delete(t.Context(), "x"), cpodkit.CodeConflict)
	put(t, admin, "x", "of the second")
	wantValue(t, admin, "x", "of the second")
	wantValue(t, admin, "x", "", secrets.Version(2)) // which the last one has
	store(first.Memory, "x", "of the first")
	wantValue(t, admin, "x", "of the first")
	_, err := admin.Put(t.Context(), "x", secrets.NewValue("v"))
	wantCode(t, err, cpodkit.CodeConflict)
	wantCode(t, admin.Delete(t.Context(), "x"), cpodkit.CodeConflict)
	// While the first one cannot be reached, nobody else's value is served.
	first.failWith(cpodkit.CodeUnavailable)
	put(t, over(t, second, secrets.NewMemory()).Trusted(tenant), "y", "v")
	_, err = admin.Get(t.Context(), "y")
	wantCode(t, err, cpodkit.CodeUnavailable)
	_, err = admin.Put(t.Context(), "y", secrets.NewValue("v"))
	wantCode(t, err, cpodkit.CodeUnavailable)
	first.failWith(nil)
	wantCode(t, admin.Delete(t.Context(), "y"), "")
	wantValue(t, admin, "y", "")
	if infos, _, err := admin.List(t.Context(), "", 9); err != nil || len(infos) > 2 { // the grants
		t.Errorf("the list is %+v, %v", infos, err)
	}
	_, err = over(t, secrets.NewChain(getOnly{first}), second).Trusted(tenant).Put(t.Context(), "x", secrets.NewValue("v"))
	wantCode(t, err, cpodkit.CodeNotSupported)
	if err := secrets.NewChain(second, pinger{second, errors.New("down")}).Ping(t.Context()); err == nil {
		t.Error("Ping does not ask all")
	}
}

func TestChainLists(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	one, two := secrets.NewMemory(), secrets.NewMemory()
	for m, names := range map[*secrets.Memory]string{one: "a c e", two: "a b c d f"} {
		for name := range strings.FieldsSeq(names) {
			if _, err := m.Put(ctx, tenant, name, secrets.NewValue("v"), secrets.Condition{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := one.Put(ctx, tenant, "a", secrets.NewValue("v"), secrets.Condition{}); err != nil {
		t.Fatal(err)
	}
	chain := secrets.NewChain(one, shortPages{two}, secrets.NewMemory())
	for limit := 1; limit < 8; limit++ {
		var names string
		for after, more := "", true; more; {
			var infos []secrets.Info
			var err error
			if infos, more, err = chain.List(ctx, tenant, after, limit); err != nil || len(infos) == 0 || len(infos) > limit {
				t.Fatalf("a page of %d: %+v, %v", limit, infos, err)
			}
			for _, info := range infos {
				if after = info.Name; after == "a" && info.Version != 2 {
					t.Errorf("a is not the first provider's: %+v", info)
				}
				names += after
			}
		}
		if names != "abcdef" {
			t.Errorf("in pages of %d the list is %s", limit, names)
		}
	}
}

// shortPages is a list whose pages are shorter than they may be.
type shortPages struct{ *secrets.Memory }

func (s shortPages) List(ctx context.Context, tenantID, after string, limit int) ([]secrets.Info, bool, error) {
	return s.Memory.List(ctx, tenantID, after, min(limit, 2))
}

func TestChainWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := secrets.NewMemory()
		fails := &failingWatch{Memory: secrets.NewMemory(), end: make(chan error)}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		var reports []string
		watch := func(c secrets.Chain) {
			go func() {
				ended <- c.Watch(ctx, func(tenantID, name string) { reports = append(reports, tenantID+"/"+name) })
			}()
			synctest.Wait()
		}
		watch(secrets.NewChain(getOnly{m}, m, fails))
		put(t, over(t, m, secrets.NewMemory()).Trusted(tenant), "x", "1")
		if !slices.Equal(reports, []string{tenant + "/x"}) {
			t.Errorf("the reports are %q", reports)
		}
		fails.end <- cpodkit.CodeInternal
		if err := <-ended; !errors.Is(err, cpodkit.CodeInternal) {
			t.Errorf("Watch has ended with %v", err)
		}
		watch(secrets.NewChain(m, fails))
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Watch has ended with %v", err)
		}
		ctx = t.Context()
		watch(secrets.NewChain(getOnly{m}))
		if err := <-ended; !errors.Is(err, cpodkit.CodeNotSupported) {
			t.Errorf("Watch has ended with %v", err)
		}
	})
}
