//go:build unix

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// policies changes a tenant's policy on one server after the other. Each change is in force
// on every server, and comes on its stream. A decision of one server is readable on the
// others. The log of the test says how long it takes.
func (in *installation) policies(t *testing.T) {
	app := policyApp(t, in.all(), "app-policies", "policy.read", "policy.write")
	at := func(i int) *caller {
		c := newCaller(t, in.replicas[i].url)
		c.tokens["app"] = app.tokens["app"]
		return c
	}
	streams := make([]<-chan string, replicaCount)
	for i, p := range in.replicas {
		streams[i] = eventStream(t, p.url+"/v1/policy/updates", app.tokens["app"])
		<-streams[i] // the current revision
	}
	evaluate := func(i int) string {
		return at(i).do(t, "app", "POST /v1/policy/evaluate", `{"path": "shared/value", "input": {}}`).body
	}
	for i := range in.replicas {
		module := fmt.Sprintf("package shared\n\nvalue := %d\n", 70+i)
		if a := at(i).do(t, "app", "PUT /v1/policy/modules/shared.rego", module, "Content-Type", "text/plain"); a.status >= 300 {
			t.Fatalf("PUT: %d %s", a.status, a.body)
		}
		began := time.Now()
		for j := range in.replicas {
			eventually(t, fmt.Sprintf("server %d decides by the change", j), func() bool {
				return strings.Contains(evaluate(j), fmt.Sprintf(`"result":%d`, 70+i))
			})
		}
		t.Logf("a change is in force everywhere after %v", time.Since(began))
		for j, stream := range streams {
			select {
			case data := <-stream:
				if !strings.Contains(data, "revision") {
					t.Errorf("the stream of server %d says %s", j, data)
				}
			case <-time.After(watchdog):
				t.Fatalf("the stream of server %d says nothing", j)
			}
		}
	}
	_, id, _ := strings.Cut(evaluate(0), `"decisionId":"`)
	id, _, _ = strings.Cut(id, `"`)
	began := time.Now()
	for i := range in.replicas {
		eventually(t, fmt.Sprintf("server %d explains the decision", i), func() bool {
			a := at(i).do(t, "app", "GET /v1/policy/decisions/"+id+"?explain=true", "")
			return a.status == http.StatusOK && strings.Contains(a.body, `"trace"`)
		})
	}
	t.Logf("a decision is readable everywhere after %v", time.Since(began))
}
