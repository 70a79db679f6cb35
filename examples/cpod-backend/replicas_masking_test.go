//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// masking makes tokens and hashes on all servers at once. They agree, and each turns back
// what another one has made. Without the database hashes go on. A tenant that is deleted
// leaves nothing.
func (in *installation) masking(t *testing.T) {
	c, _ := maskTenant(t, in.all(), "masked", "app-masked")
	beside, _ := maskTenant(t, in.all(), "maskedx", "app-masked-beside")
	at := func(i int, of *caller) *caller {
		there := newCaller(t, in.replicas[i].url)
		there.tokens = of.tokens
		return there
	}
	const email = "alice.on.replicas@example.com"
	hash := func(i int, of *caller) answer {
		// With a token, which needs no look into the database.
		return at(i, of).do(t, "app", "POST /v1/mask", `{"value":"`+email+`","strategy":"hash"}`)
	}
	var all sync.WaitGroup
	var tokens, hashes [replicaCount]string
	for i := range in.replicas {
		all.Go(func() { tokens[i], hashes[i] = tokenOf(t, at(i, c), email), hash(i, c).body })
	}
	all.Wait()
	for i := range in.replicas {
		if tokens[i] != tokens[0] || hashes[i] != hashes[0] || !strings.Contains(hashes[i], "[EMAIL#") {
			t.Errorf("server %d makes %s and %s, server 0 makes %s and %s", i, tokens[i], hashes[i], tokens[0], hashes[0])
		}
		if got := detokenised(t, at(i, c), tokens[0]); !strings.Contains(got, email) {
			t.Errorf("server %d turns the token back to %s", i, got)
		}
		if got := detokenised(t, at(i, beside), tokens[0]); got != `{"values":{}}` {
			t.Errorf("server %d gives another tenant %s", i, got)
		}
	}
	in.secrets = append(in.secrets, email)
	if text := in.inMongo(t); strings.Contains(text, email) || !strings.Contains(text, tokens[0]) {
		t.Errorf("MongoDB holds the value, or not the token: %d bytes", len(text))
	}

	in.mongo.Freeze()
	for i := range in.replicas {
		if got := hash(i, c); got.body != hashes[0] {
			t.Errorf("without the database, server %d answers %d %s", i, got.status, got.body)
		}
	}
	in.mongo.Thaw()
	eventually(t, "the database takes writes again", func() bool {
		return at(1, c).do(t, "app", "POST /v1/mask", `{"value":"bob@example.com","strategy":"token"}`).status == http.StatusOK
	})

	wantSaid(t, in.all().mustCommand(t, "tenant", "delete", "--yes", "masked"), "tokens of masking 2 ")
	later, _ := maskTenant(t, in.all(), "masked", "app-masked")
	for i := range in.replicas {
		if got := detokenised(t, at(i, later), tokens[0]); got != `{"values":{}}` {
			t.Errorf("server %d gives a later tenant %s", i, got)
		}
		if got := hash(i, later).body; got == hashes[0] || got != hash(0, later).body {
			t.Errorf("server %d hashes for a later tenant as for the one before, or unlike others: %s", i, got)
		}
	}
}

// maskCommand runs the command mask as a shell does, and looks at how it ends.
func (in *installation) maskCommand(t *testing.T) {
	mask := func(stdin io.Reader, args ...string) (*exec.Cmd, *bytes.Buffer) {
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), in.binary, append([]string{"mask"}, args...)...)
		cmd.Env = []string{"CPOD_DATA_DIR=" + t.TempDir()}
		cmd.Stdin, cmd.Stdout = stdin, &out
		return cmd, &out
	}
	for _, c := range []struct {
		args []string
		code int
		out  string
	}{
		{nil, 0, "Call [NAME] at [PHONE]\n"}, {[]string{"-profile", "/none"}, 1, ""}, {[]string{"-x"}, 2, ""},
	} {
		cmd, out := mask(strings.NewReader("Call Alice at 555-867-5309\n"), c.args...)
		err := cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != c.code || out.String() != c.out {
			t.Errorf("mask %q ends with %d, %v, and has written %q", c.args, code, err, out)
		}
	}

	// Who reads no more ends it by SIGPIPE, and so does a signal while it waits for input.
	for _, want := range []syscall.Signal{syscall.SIGPIPE, syscall.SIGTERM} {
		cmd, _ := mask(nil)
		cmd.Stdout = nil
		input, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = input.Write([]byte("x\n"))
		if n, err := out.Read(make([]byte, 9)); n != 2 { // it runs
			t.Errorf("it writes %d bytes, %v", n, err)
		}
		if want == syscall.SIGPIPE {
			_ = out.Close()
			_, _ = input.Write([]byte("x\n"))
		} else {
			_ = cmd.Process.Signal(want)
		}
		failed, _ := errors.AsType[*exec.ExitError](cmd.Wait())
		if failed == nil {
			t.Fatalf("it does not end by %v", want)
		}
		if status, _ := failed.Sys().(syscall.WaitStatus); status.Signal() != want {
			t.Errorf("it ends with %v, not by %v", failed, want)
		}
	}
}
