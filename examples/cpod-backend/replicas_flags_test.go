//go:build unix

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// flags changes a flag on one server after the other. Each change is seen on every server
// within 2 s, and comes on its stream. Without the database, evaluation goes on.
func (in *installation) flags(t *testing.T) {
	first, _ := flagTenant(t, in.all(), "flagged", "app-flags")
	beside, _ := flagTenant(t, in.all(), "flaggedx", "app-flags-beside")
	token := first.tokens["app"]
	at := func(i int) *caller {
		c := newCaller(t, in.replicas[i].url)
		c.tokens["app"], c.tokens["beside"] = token, beside.tokens["app"]
		return c
	}
	streams := make([]<-chan string, replicaCount)
	for i, p := range in.replicas {
		streams[i] = flagStream(t, p.url, token)
	}
	flag := func(value int) string {
		return fmt.Sprintf(`{"state":"ENABLED","variants":{"v":%d},"defaultVariant":"v"}`, value)
	}
	evaluate := func(i int) string {
		return at(i).do(t, "app", "POST /v1/flags/shared/evaluate", `{"context":{}}`).body
	}
	seenEverywhere := func(what string) {
		t.Helper()
		began := time.Now()
		for i := range in.replicas {
			eventually(t, fmt.Sprintf("server %d has %s", i, what), func() bool { return strings.Contains(evaluate(i), what) })
		}
		took := time.Since(began)
		t.Logf("%s is seen everywhere after %v", what, took)
		if took > 2*time.Second {
			t.Errorf("%s is seen everywhere after %v", what, took)
		}
		for i, stream := range streams {
			select {
			case data := <-stream:
				if !strings.Contains(data, "refetchEvaluation") {
					t.Errorf("the stream of server %d says %s", i, data)
				}
			case <-time.After(watchdog):
				t.Fatalf("the stream of server %d says nothing", i)
			}
		}
	}
	for i := range in.replicas {
		if a := at(i).do(t, "app", "PUT /v1/flags/shared", flag(100+i)); a.status != http.StatusOK {
			t.Fatalf("PUT: %d %s", a.status, a.body)
		}
		seenEverywhere(fmt.Sprintf(`"value":%d`, 100+i))
		if a := at(i).do(t, "beside", "POST /v1/flags/shared/evaluate", `{}`); !strings.Contains(a.body, "FLAG_NOT_FOUND") {
			t.Errorf("another tenant sees %s", a.body)
		}
	}
	// A write that is conditional on another server's version.
	read := at(1).do(t, "app", "GET /v1/flags/shared", "")
	if a := at(0).do(t, "app", "PUT /v1/flags/shared", flag(200), "If-Match", read.header.Get("ETag")); a.status != http.StatusOK {
		t.Errorf("If-Match across servers: %d %s", a.status, a.body)
	}
	seenEverywhere(`"value":200`)

	in.mongo.Freeze()
	for i := range in.replicas {
		if got := evaluate(i); !strings.Contains(got, `"value":200`) {
			t.Errorf("without the database, server %d answers %s", i, got)
		}
	}
	in.mongo.Thaw()
	eventually(t, "the database takes writes again", func() bool {
		return at(2).do(t, "app", "PUT /v1/flags/shared", flag(300)).status == http.StatusOK
	})
	seenEverywhere(`"value":300`)

	remote := in.through(in.replicas[1].url).client(t, client.Config{APIKey: first.tokens["reader"]}).Flags
	if value, err := remote.Int(t.Context(), "shared", nil); value != 300 || err != nil {
		t.Errorf("the Go client reads %d, %v", value, err)
	}
	wantSaid(t, in.all().mustCommand(t, "tenant", "delete", "--yes", "flagged"), "flags 1 ")
}
