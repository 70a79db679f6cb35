package files_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

func TestSignedURLAcrossApps(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	fill(s)
	sign := func(key, method string) string {
		return s.sign(alice, `{"key":"`+key+`","tier":"user","method":"`+method+`"}`)
	}
	theirs, later := sign("theirs", "GET"), sign("later", "GET")
	if w := s.call("", "GET", theirs, ""); w.Body.String() != "theirs of a2" {
		t.Errorf("GET = %d %s", w.Code, w.Body)
	}
	wantProblem(t, s.call(alice, "POST", "/v1/storage/file-urls", `{"key":"twice","tier":"user"}`), cpodkit.CodeConflict)
	if w := s.call("", "PUT", sign("theirs", "PUT"), "ours"); w.Code != http.StatusOK {
		t.Errorf("PUT = %d %s", w.Code, w.Body)
	}
	s.put(otherApp, fileURL("later", ""), "too late")
	wantProblem(t, s.call("", "GET", later, ""), cpodkit.CodeNotFound) // it was signed for our own
	s.put(alice, fileURL("later", ""), "ours")
	for signed, want := range map[string]string{theirs: "theirs of a2", sign("theirs", "GET"): "ours", later: "ours"} {
		if w := s.call("", "GET", signed, ""); w.Body.String() != want {
			t.Errorf("GET = %d %s; want %s", w.Code, w.Body, want)
		}
	}
}

func TestHandleAcrossApps(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	fill(s)
	ctx := t.Context()
	h := s.store.For(cpodkit.Identity{TenantID: "t1", AppID: "a1", UserID: "alice", Scopes: cpodkit.ParseScopes(allScopes)})
	user := h.Tier(storage.User)
	stat := func(h files.Handle, key string) string {
		file, err := h.Stat(ctx, key)
		if err != nil {
			return string(cpodkit.CodeOf(err))
		}
		r, err := h.Open(ctx, key)
		if err != nil || r.File() != file {
			t.Errorf("Open(%s) = %+v, %v; Stat %+v", key, r, err, file)
		}
		return file.Key + "@" + file.App
	}
	for _, c := range []struct {
		h         files.Handle
		key, want string
	}{
		{user, "mine", "mine@a1"}, {user, "theirs", "theirs@a2"}, {user, "deep", "deep@b/c"}, {user, "twice", "conflict"}, {user, "none", "not_found"},
		{user.App("b/c"), "twice", "twice@"}, {h.App("a2").Tier(storage.User), "both", "both@"}, {user.App("a1"), "theirs", "not_found"},
		{user.App(""), "mine", "bad_request"}, {user.AllApps(), "mine", "bad_request"}, {h.App("a2"), "private", "bad_request"},
		{user.App("*"), "mine", "not_found"}, // a client_id like any other
	} {
		if got := stat(c.h, c.key); got != c.want {
			t.Errorf("%s is %s; want %s", c.key, got, c.want)
		}
	}
	for name, misuse := range map[string]func(files.Handle) error{
		"Write":   func(h files.Handle) error { _, err := h.Write(ctx, "x", strings.NewReader("x"), nil); return err },
		"Delete":  func(h files.Handle) error { return h.Delete(ctx, "theirs") },
		"SignURL": func(h files.Handle) error { _, err := h.SignURL(ctx, "x", files.URLOptions{Method: "PUT"}); return err },
	} {
		for _, h := range []files.Handle{user.App("a2"), user.App("a1"), user.AllApps(), h.App("a2")} {
			if err := misuse(h); cpodkit.CodeOf(err) != cpodkit.CodeBadRequest {
				t.Errorf("%s with an app: %v", name, err)
			}
		}
	}
	for _, h := range []files.Handle{h.AllApps(), h.Tier(storage.Shared).App("a2"), user.App("..")} {
		if _, err := h.List(ctx, files.ListOptions{}); cpodkit.CodeOf(err) != cpodkit.CodeBadRequest {
			t.Errorf("List: %v", err)
		}
	}
	page, err := user.AllApps().List(ctx, files.ListOptions{Prefix: "twice"})
	if err != nil || len(page.Items) != 2 || page.Items[0].App != "a2" || page.Items[1].App != "b/c" {
		t.Errorf("List = %+v, %v", page, err)
	}
	if _, err := user.App("a2").SignURL(ctx, "twice", files.URLOptions{}); err != nil {
		t.Errorf("SignURL: %v", err)
	}
}

// hooked calls back before each Open, Stat and List.
type hooked struct {
	files.Driver
	before func(name string) error
}

func (h hooked) Open(ctx context.Context, name string) (files.Object, error) {
	if err := h.before("open " + name); err != nil {
		return nil, err
	}
	return h.Driver.Open(ctx, name)
}

func (h hooked) Stat(ctx context.Context, name string) (files.Attributes, error) {
	if err := h.before("stat " + name); err != nil {
		return files.Attributes{}, err
	}
	return h.Driver.Stat(ctx, name)
}

func (h hooked) List(ctx context.Context, q files.ListQuery) (files.Listing, error) {
	if err := h.before("list " + q.Prefix); err != nil {
		return files.Listing{}, err
	}
	return h.Driver.List(ctx, q)
}

// What goes between the steps of a search is not there; what fails in one step
// fails the read.
func TestSearchStepByStep(t *testing.T) {
	t.Parallel()
	const theirs = "t1/users/alice/apps/a2/k"
	for _, step := range []string{"list t1/users/alice/apps/", "stat " + theirs, "open " + theirs} {
		for name, c := range map[string]struct {
			err  error
			want cpodkit.Code
		}{
			"gone":        {nil, cpodkit.CodeNotFound},
			"unavailable": {fmt.Errorf("disk: %w", cpodkit.CodeUnavailable), cpodkit.CodeUnavailable},
			"broken":      {io.ErrUnexpectedEOF, cpodkit.CodeInternal},
			"too slow":    {context.DeadlineExceeded, cpodkit.CodeTimeout},
		} {
			memory := files.NewMemory()
			s := serve(t, hooked{memory, func(at string) error {
				if at == step && c.err == nil {
					return memory.Delete(t.Context(), theirs)
				}
				if at == step {
					return c.err
				}
				return nil
			}})
			s.put(otherApp, fileURL("k", ""), "x")
			w := s.call(alice, "GET", fileURL("k", ""), "")
			if wantProblem(t, w, c.want); t.Failed() {
				t.Fatalf("%s before %s", name, step)
			}
		}
	}
}

// Files of other apps that come and go never fail a read, a list or a URL.
func TestReadAcrossAppsStorm(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	s.put(as("steady", "alice"), fileURL("steady", ""), "steady")
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for i := range 4 {
		writers.Go(func() {
			token := as("w"+strconv.Itoa(i), "alice")
			for {
				select {
				case <-done:
					return
				default:
					s.call(token, "PUT", fileURL("k", ""), "k of "+token)
					s.call(token, "DELETE", fileURL("k", ""), "")
				}
			}
		})
	}
	for range 3 {
		readers.Go(func() {
			for range 150 {
				switch w := s.call(alice, "GET", fileURL("k", ""), ""); w.Code {
				case http.StatusOK, http.StatusNotFound, http.StatusConflict:
				default:
					t.Errorf("GET = %d %s", w.Code, w.Body)
				}
				if w := s.call(alice, "GET", fileURL("steady", ""), ""); w.Body.String() != "steady" {
					t.Errorf("GET = %d %s", w.Code, w.Body)
				}
				if !slices.Contains(s.list(alice, "tier=user&app=*", 2), "steady@steady") {
					t.Error("a list leaves the steady file out")
				}
				switch w := s.call(alice, "POST", "/v1/storage/file-urls", `{"key":"k","tier":"user"}`); w.Code {
				case http.StatusOK, http.StatusConflict:
				default:
					t.Errorf("file-urls = %d %s", w.Code, w.Body)
				}
			}
		})
	}
	readers.Wait()
	close(done)
	writers.Wait()
}
