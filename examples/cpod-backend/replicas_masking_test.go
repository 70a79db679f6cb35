//go:build unix

package main

import (
	"net/http"
	"strings"
	"sync"
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
		return at(i, of).do(t, "reader", "POST /v1/mask", `{"value":"`+email+`","strategy":"hash"}`)
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
