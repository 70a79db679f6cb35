package rego_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/cpodkit/cpodkit/authz/rego"
)

const allowAll = "package http\n\nallow := true\n"

// writeFiles writes files below a folder.
func writeFiles(t testing.TB, folder string, files map[string]string) string {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(file), 0o700))
		must(t, os.WriteFile(file, []byte(content), 0o600))
	}
	return folder
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fails checks that err says what is wrong; "" for nothing.
func fails(t testing.TB, what string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: the error is %v, want %q", what, err, want)
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	folder := writeFiles(t, t.TempDir(), map[string]string{
		"http.rego": allowAll, "http_test.rego": "package http_test", "roles/roles.rego": "package roles",
		"data.json": `{"limits": {"most": 12345678901234567890}}`, "limits/eu/data.yaml": "days: [mon, tue]",
		".git/x.rego": "no", "README.md": "no",
	})
	dir, err := rego.NewDir(t.Context(), folder)
	must(t, err)
	p := dir.Current()
	if names := slices.Sorted(maps.Keys(p.Modules)); !slices.Equal(names, []string{"http.rego", "roles/roles.rego"}) {
		t.Errorf("the modules are %q", names)
	}
	if got := fmt.Sprint(p.Data); got != "map[limits:map[eu:map[days:[mon tue]] most:12345678901234567890]]" {
		t.Errorf("the data are %s", got)
	}
	for want, files := range map[string]map[string]string{
		"has no .rego file":     {"data.json": "{}"},
		"data.json: 2:8":        {"a.rego": allowAll, "data.json": "{\n\"a\": 1,}"},
		"data.json: 1:5":        {"a.rego": allowAll, "data.json": "{} {}"},
		"not an object":         {"a.rego": allowAll, "data.json": "[1]"},
		"data.yaml: yaml":       {"a.rego": allowAll, "a/data.yaml": "a: [1"},
		"another file has a va": {"a.rego": allowAll, "data.json": `{"a": {"b": 1}}`, "a/data.json": `{"b": 2}`},
	} {
		_, err := rego.NewDir(t.Context(), writeFiles(t, t.TempDir(), files))
		fails(t, want, err, want)
	}
}

func TestSourceOptions(t *testing.T) {
	t.Parallel()
	folder := writeFiles(t, t.TempDir(), map[string]string{"a.rego": allowAll, "b.tar.gz": string(newBundle(t, "1", nil))})
	file, key := filepath.Join(folder, "b.tar.gz"), newKey(t)
	ed := "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
	for name, c := range map[string]struct {
		open func(opts ...rego.SourceOption) (any, error)
		opt  rego.SourceOption
		want string
	}{
		"no interval":      {openDir(t, folder), rego.WithSourceInterval(0), "it must be 1ms"},
		"keys of a folder": {openDir(t, folder), rego.WithBundleKeys(key.public), "is for bundles"},
		"token of a file":  {openFile(t, file), rego.WithBundleToken(nil), ""},
		"CAs of a file":    {openFile(t, file), rego.WithBundleRootCAs(x509.NewCertPool()), "are for NewBundleURL"},
		"no keys":          {openFile(t, file), rego.WithBundleKeys(nil), "0 keys"},
		"not PEM":          {openFile(t, file), rego.WithBundleKeys([]byte("x")), "not PEM"},
		"private key":      {openFile(t, file), rego.WithBundleKeys(key.private), "not PUBLIC KEY"},
		"Ed25519":          {openFile(t, file), rego.WithBundleKeys([]byte(ed)), "neither an RSA key"},
		"a folder":         {openFile(t, folder), rego.WithSourceInterval(time.Second), "a bundle is a file"},
		"plain HTTP":       {openURL(t, "http://example.com/b"), rego.WithSourceInterval(time.Second), "http is for this machine"},
		"no URL":           {openURL(t, "ftp://example.com/b"), rego.WithSourceInterval(time.Second), "not an https URL"},
		"a user":           {openURL(t, "https://a:b@example.com/b"), rego.WithSourceInterval(time.Second), "neither a user"},
	} {
		_, err := c.open(c.opt)
		fails(t, name, err, c.want)
	}
}

func openDir(t *testing.T, folder string) func(...rego.SourceOption) (any, error) {
	t.Helper()
	return func(opts ...rego.SourceOption) (any, error) { return rego.NewDir(t.Context(), folder, opts...) }
}

func openFile(t *testing.T, file string) func(...rego.SourceOption) (any, error) {
	t.Helper()
	return func(opts ...rego.SourceOption) (any, error) { return rego.NewBundleFile(t.Context(), file, opts...) }
}

func openURL(t *testing.T, address string) func(...rego.SourceOption) (any, error) {
	t.Helper()
	return func(opts ...rego.SourceOption) (any, error) { return rego.NewBundleURL(t.Context(), address, opts...) }
}

// keyPair signs bundles.
type keyPair struct{ private, public []byte }

func newKey(t testing.TB) keyPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	private, err := x509.MarshalECPrivateKey(key)
	must(t, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	must(t, err)
	return keyPair{
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}),
		pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
	}
}

// newBundle returns a bundle with the rule http.allow, signed unless key is nil.
func newBundle(t testing.TB, revision string, key *keyPair) []byte {
	t.Helper()
	module, err := ast.ParseModule("http.rego", allowAll)
	must(t, err)
	b := bundle.Bundle{
		Manifest: bundle.Manifest{Revision: revision},
		Data:     map[string]any{"roles": map[string]any{"ann": "admin"}},
		Modules: []bundle.ModuleFile{
			{URL: "http.rego", Path: "http.rego", RelativePath: "http.rego", Raw: []byte(allowAll), Parsed: module},
		},
	}
	b.Manifest.Init()
	if key != nil {
		must(t, b.GenerateSignature(bundle.NewSigningConfig(string(key.private), "ES256", ""), "any", false))
	}
	var out bytes.Buffer
	must(t, bundle.NewWriter(&out).Write(b))
	return out.Bytes()
}

// archive returns an archive of one file, which is as large as told.
func archive(t *testing.T, name string, content []byte, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(size), Typeflag: tar.TypeReg}))
	_, err := w.Write(append(content, make([]byte, size-len(content))...))
	must(t, err)
	must(t, w.Close())
	must(t, zipped.Close())
	return out.Bytes()
}

func TestBundleFile(t *testing.T) {
	t.Parallel()
	key, other := newKey(t), newKey(t)
	both := append(bytes.Clone(other.public), key.public...)
	signed := newBundle(t, "7", &key)
	for name, c := range map[string]struct {
		content []byte
		keys    []byte
		want    string
	}{
		"unsigned":           {newBundle(t, "7", nil), nil, ""},
		"signed":             {signed, key.public, ""},
		"one of two keys":    {signed, both, ""},
		"another key":        {signed, other.public, "signature"},
		"signed, unverified": {signed, nil, ""},
		"unsigned, no":       {newBundle(t, "7", nil), key.public, "missing .signatures.json"},
		"no bundle":          {[]byte("hello"), nil, "it is not a bundle"},
		"nothing":            {nil, nil, "it is not a bundle"},
		"a bomb":             {archive(t, "data.json", nil, 33<<20), nil, "more than 33554432 bytes"},
		"no module":          {archive(t, "data.json", []byte("{}"), 2), nil, "has no .rego file"},
		"does not parse":     {archive(t, "a.rego", []byte("package a\np if"), 14), nil, "a.rego:2"},
	} {
		file := filepath.Join(t.TempDir(), "bundle.tar.gz")
		must(t, os.WriteFile(file, c.content, 0o600))
		var opts []rego.SourceOption
		if c.keys != nil {
			opts = append(opts, rego.WithBundleKeys(c.keys))
		}
		source, err := rego.NewBundleFile(t.Context(), file, opts...)
		if fails(t, name, err, c.want); err != nil {
			continue
		}
		if p := source.Current(); p.Revision != "7" || p.Modules["http.rego"] != allowAll || fmt.Sprint(p.Data) != "map[roles:map[ann:admin]]" {
			t.Errorf("%s: the policy is %+v", name, p)
		}
	}
}

// A bundle that was altered after it was signed is refused, whatever was altered.
func TestAlteredBundle(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	signed := newBundle(t, "7", &key)
	unzipped, err := gzip.NewReader(bytes.NewReader(signed))
	must(t, err)
	var plain bytes.Buffer
	_, err = plain.ReadFrom(unzipped)
	must(t, err)
	for _, alter := range [][2]string{{"allow := true", "allow := trux"}, {`"admin"`, `"owner"`}, {"http.rego", "httq.rego"}} {
		var out bytes.Buffer
		zipped := gzip.NewWriter(&out)
		w := tar.NewWriter(zipped)
		for r := tar.NewReader(bytes.NewReader(plain.Bytes())); ; {
			h, err := r.Next()
			if err != nil {
				break
			}
			var content bytes.Buffer
			_, err = content.ReadFrom(r)
			must(t, err)
			altered := strings.ReplaceAll(content.String(), alter[0], alter[1])
			h.Name = strings.ReplaceAll(h.Name, alter[0], alter[1])
			must(t, w.WriteHeader(h))
			_, err = w.Write([]byte(altered))
			must(t, err)
		}
		must(t, w.Close())
		must(t, zipped.Close())
		file := filepath.Join(t.TempDir(), "bundle.tar.gz")
		must(t, os.WriteFile(file, out.Bytes(), 0o600))
		if _, err := rego.NewBundleFile(t.Context(), file, rego.WithBundleKeys(key.public)); err == nil {
			t.Errorf("the bundle with %s is accepted", alter[1])
		}
	}
}

func TestDirFollowsEdits(t *testing.T) {
	t.Parallel()
	folder := writeFiles(t, t.TempDir(), map[string]string{"a.rego": allowAll})
	synctest.Test(t, func(t *testing.T) {
		dir, err := rego.NewDir(t.Context(), folder)
		must(t, err)
		changes := 0
		go func() { _ = dir.Run(t.Context(), func() { changes++ }) }()
		for i, step := range []struct {
			files   map[string]string
			failure string
			changes int
		}{
			{map[string]string{"a.rego": allowAll + "# 2"}, "", 1},
			{map[string]string{"data.json": "{"}, "data.json: 1:2", 1},
			{map[string]string{"data.json": "{}"}, "", 2},
			{map[string]string{"notes.md": "x"}, "", 2},
		} {
			writeFiles(t, folder, step.files)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			fails(t, fmt.Sprint("step ", i), dir.Err(), step.failure)
			if changes != step.changes || dir.Current().Modules["a.rego"] != allowAll+"# 2" {
				t.Errorf("step %d: %d changes, the policy is %v", i, changes, dir.Current())
			}
		}
	})
}

// bundleServer serves a bundle with an ETag.
type bundleServer struct {
	mu      sync.Mutex
	content []byte
	etag    string
	status  int
	whole   int // answers that were not 304
	tokens  []string
}

func (s *bundleServer) set(content []byte, etag string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.content, s.etag, s.status = content, etag, status
}

func (s *bundleServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = append(s.tokens, r.Header.Get("Authorization"))
	switch {
	case s.status != 0:
		w.WriteHeader(s.status)
		return
	case r.URL.Path == "/moved":
		http.Redirect(w, r, "/bundle", http.StatusFound)
		return
	case r.URL.Path == "/circle":
		http.Redirect(w, r, "/circle", http.StatusFound)
		return
	case r.URL.Path == "/away":
		http.Redirect(w, r, "http://example.com/bundle", http.StatusFound)
		return
	}
	w.Header().Set("ETag", s.etag)
	if r.Header.Get("If-None-Match") == s.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.whole++
	_, _ = w.Write(s.content)
}

func TestBundleURL(t *testing.T) {
	t.Parallel()
	s := &bundleServer{content: newBundle(t, "1", nil), etag: `"1"`}
	server := httptest.NewServer(s)
	defer server.Close()
	token := rego.WithBundleToken(func(context.Context) (string, error) { return "secret", nil })
	for path, want := range map[string]string{
		"/bundle": "", "/moved": "", "/circle": "redirects more than 5 times", "/away": "http is for this machine",
	} {
		_, err := rego.NewBundleURL(t.Context(), server.URL+path, token)
		fails(t, path, err, want)
	}
	if !slices.Contains(s.tokens, "Bearer secret") {
		t.Errorf("the tokens are %q", s.tokens)
	}
	for want, content := range map[string][]byte{
		"more than 8388608 bytes": make([]byte, 8<<20+1), "it is not a bundle": []byte("hello"),
	} {
		s.set(content, `"x"`, 0)
		_, err := rego.NewBundleURL(t.Context(), server.URL)
		fails(t, want, err, want)
	}
	s.set(nil, "", http.StatusNotFound)
	_, err := rego.NewBundleURL(t.Context(), server.URL)
	fails(t, "no bundle", err, "answers 404")
}

func TestBundleURLFollowsChanges(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	s := &bundleServer{content: newBundle(t, "1", &key), etag: `"1"`}
	server := httptest.NewServer(s)
	defer server.Close()
	source, err := rego.NewBundleURL(t.Context(), server.URL, rego.WithSourceInterval(time.Millisecond), rego.WithBundleKeys(key.public))
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	changed, done := make(chan struct{}), make(chan error)
	go func() { done <- source.Run(ctx, func() { changed <- struct{}{} }) }()
	s.set(newBundle(t, "2", &key), `"2"`, 0)
	<-changed
	if got := source.Current().Revision; got != "2" || source.Err() != nil {
		t.Errorf("the revision is %s, the failure %v", got, source.Err())
	}
	s.set(newBundle(t, "3", nil), `"3"`, 0) // unsigned: kept out
	waitFor(t, func() bool { return source.Err() != nil })
	fails(t, "unsigned", source.Err(), "missing .signatures.json")
	if got := source.Current().Revision; got != "2" {
		t.Errorf("the revision is %s", got)
	}
	s.set(newBundle(t, "4", &key), `"4"`, 0)
	<-changed
	waitFor(t, func() bool { return source.Err() == nil })
	s.mu.Lock()
	if s.whole != 4 {
		t.Errorf("the bundle was sent %d times", s.whole)
	}
	s.mu.Unlock()
	s.set(nil, "", http.StatusBadGateway)
	waitFor(t, func() bool { return source.Err() != nil })
	stop()
	if err := <-done; err == nil || source.Current().Revision != "4" {
		t.Errorf("it ends with %v, the revision is %s", err, source.Current().Revision)
	}
}

// waitFor waits until a condition holds.
func waitFor(t testing.TB, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("it never holds")
		}
	}
}
