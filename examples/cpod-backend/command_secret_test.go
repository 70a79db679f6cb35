package main

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// commandWith runs a subcommand that reads standard input.
func (s *instance) commandWith(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	env := map[string]string{"CPOD_DATA_DIR": s.dir, "CPOD_PUBLIC_URL": s.url}
	maps.Copy(env, s.env)
	var out strings.Builder
	err := run(t.Context(), args, environ(env), strings.NewReader(stdin), &out, &out)
	return out.String(), err
}

func TestSecretCommands(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	c, _, _ := secretTenant(t, srv, "acme", "app-a")
	wantOut := func(want, stdin string, args ...string) {
		t.Helper()
		if out, err := srv.commandWith(t, stdin, args...); err != nil || strings.TrimSpace(out) != want || strings.Contains(out, "hunter") {
			t.Errorf("%v: %q, %v; want %q", args, out, err, want)
		}
	}
	read := func(value string) func() bool {
		return func() bool {
			got := c.do(t, "app", "GET /v1/secrets/db/password", "")
			return got.status == http.StatusOK && strings.Contains(got.body, `"value":"`+value+`"`)
		}
	}
	wantOut("The secret db/password has version 1. No app may read it: name some with --app.", "hunter1\n", "secret", "set", "--tenant", "acme", "db/password")
	wantOut("The secret db/password has version 2. It may be read by: app-a", "hunter2\r\n", "secret", "set", "db/password", "--tenant=acme", "--app", "app-a")
	eventually(t, "the app reads it", read("hunter2"))
	wantOut("The secret db/password has version 3. It may be read by: app-a", "hunter\n3\n\n", "secret", "set", "--tenant=acme", "db/password")
	eventually(t, "one line end is cut", read(`hunter\n3\n`))
	wantOut("The secret db/password is granted. It may be read by: app-a, app-b", "", "secret", "grant", "--tenant=acme", "--app", "app-b", "--app", "app-a", "db/password")
	wantOut("The secret vault/key is granted. It may be read by: app-a", "", "secret", "grant", "--tenant=acme", "--app", "app-a", "vault/key")
	wantOut("db/password  3  app-a app-b", "", "secret", "list", "--tenant", "acme")
	wantOut("The secret db/password is granted. No app may read it: name some with --app.", "", "secret", "grant", "--tenant=acme", "db/password")
	eventually(t, "the app reads it no more", func() bool {
		return c.do(t, "app", "GET /v1/secrets/db/password", "").status == http.StatusNotFound
	})
	for _, tt := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{"", []string{"secret", "set", "k"}, "standard input is empty"},
		{"\n", []string{"secret", "set", "k"}, "standard input is empty"},
		{strings.Repeat("x", 64<<10+1), []string{"secret", "set", "k"}, "at most 65536"},
		{strings.Repeat("x", 1<<20), []string{"secret", "set", "k"}, "at most 65536"},
		{"v", []string{"secret", "set", "--tenant", "globex", "k"}, "there is no tenant"},
	} {
		if out, err := srv.commandWith(t, tt.stdin, tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) || out != "" {
			t.Errorf("%v: %q, %v", tt.args, out, err)
		}
	}
	for _, args := range [][]string{{"secret", "set"}, {"secret", "set", "../k"}, {"secret", "set", "k", "hunter2"}, {"secret", "set", "--app", "..", "k"}} {
		if out, err := srv.commandWith(t, "v", args...); !errors.Is(err, errUsage) || strings.Contains(out, "hunter") {
			t.Errorf("%v: %q, %v", args, out, err)
		}
	}
	if out, err := srv.commandWith(t, strings.Repeat("x", 64<<10)+"\n", "secret", "set", "k"); err != nil {
		t.Errorf("the largest value: %q, %v", out, err)
	}
}
