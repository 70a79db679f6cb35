//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cpodkit/cpodkit/client"
)

// secretsOfReplicas rotates a secret and changes its grant on one server after the other.
// Each change is seen on every server within 2 s. Readers go on through rotations, and
// while the database is gone.
func (in *installation) secretsOfReplicas(t *testing.T) {
	notices := in.notices(t)
	c, _, _ := secretTenant(t, in.all(), "secretive", "app-secrets")
	beside, _, _ := secretTenant(t, in.all(), "secretivex", "app-secrets-beside")
	var callers [replicaCount]*caller
	for i := range callers {
		callers[i] = newCaller(t, in.replicas[i].url)
		callers[i].tokens = c.tokens
	}
	at := func(i int) *caller { return callers[i] }
	const name = "/v1/secrets/db/password"
	everywhere := func(what, who string, seen func(a answer) bool) {
		t.Helper()
		began := time.Now()
		for i := range in.replicas {
			eventually(t, fmt.Sprintf("server %d: %s", i, what), func() bool { return seen(at(i).do(t, who, "GET "+name, "")) })
		}
		took := time.Since(began)
		t.Logf("%s: everywhere after %v", what, took)
		if took > 2*time.Second {
			t.Errorf("%s: everywhere after %v", what, took)
		}
	}
	hasStatus := func(status int) func(answer) bool { return func(a answer) bool { return a.status == status } }
	for i := range in.replicas {
		value := fmt.Sprintf("hunter2-secret-%d", i)
		if a := at(i).do(t, "app", "PUT "+name, `{"value":"`+value+`","apps":["app-secrets"]}`); a.status != http.StatusOK {
			t.Fatalf("PUT: %d %s", a.status, a.body)
		}
		everywhere("the rotation", "app", func(a answer) bool { return strings.Contains(a.body, value) })
		everywhere("no grant", "other", hasStatus(http.StatusNotFound))
		if a := at(i).do(t, "admin", "PUT /v1/secret-grants/db/password", `{"apps":["app-secrets","app-secrets-other"]}`); a.status != http.StatusOK {
			t.Fatalf("PUT: %d %s", a.status, a.body)
		}
		everywhere("the grant", "other", hasStatus(http.StatusOK))
		if a := at(i).do(t, "", "GET "+name, "", "Authorization", "Bearer "+beside.tokens["admin"]); a.status != http.StatusNotFound {
			t.Errorf("another tenant gets %d %s", a.status, a.body)
		}
	}
	in.secrets = append(in.secrets, "hunter2-secret")
	values := canaries{}
	quoted := values.inJSON("a value")
	if a := at(0).do(t, "app", "PUT /v1/secrets/canary", `{"value":`+quoted+`}`); a.status != http.StatusOK {
		t.Fatalf("PUT: %d %s", a.status, a.body)
	}
	eventually(t, "the value is read", func() bool {
		return len(values.in(at(1).do(t, "app", "GET /v1/secrets/canary", "").body)) == 1
	})
	for where, text := range map[string]string{"Redis": in.inRedis(t), "MongoDB": in.inMongo(t), "notices": notices()} {
		if found := values.in(text); len(found) > 0 || len(text) < 100 || strings.Contains(text, "hunter2-secret") {
			t.Errorf("%s, with %d bytes, hold %q", where, len(text), found)
		}
	}

	a := at(0).do(t, "app", "PUT /v1/secrets/k", `{"value":"v0"}`)
	if a.status != http.StatusOK {
		t.Fatalf("PUT: %d %s", a.status, a.body)
	}
	through := func(i int) *client.Secrets { // with a token, which needs no look into the database
		return in.through(in.replicas[i].url).client(t, client.Config{APIKey: c.tokens["app"]}).Secrets
	}
	began := time.Now()
	rotateUnderLoad(t, 10, through(0), []*client.Secrets{through(1), through(2)}, "k")
	t.Logf("rotations under load: %v", time.Since(began))

	in.mongo.Freeze()
	for i := range in.replicas {
		if a := at(i).do(t, "app", "GET "+name, ""); !strings.Contains(a.body, "hunter2-secret-2") {
			t.Errorf("without the database, server %d answers %d %s", i, a.status, a.body)
		}
	}
	t.Logf("reads without the database: until %v", time.Since(began))
	in.mongo.Thaw()
	eventually(t, "the database takes writes again", func() bool {
		return at(2).do(t, "app", "PUT "+name, `{"value":"hunter2-secret-after"}`).status == http.StatusOK
	})
	everywhere("the rotation after an outage", "app", func(a answer) bool { return strings.Contains(a.body, "hunter2-secret-after") })

	srv := in.all()
	if out, err := srv.commandWith(t, "hunter2-secret-set\n", "secret", "set", "--tenant", "secretive", "db/password"); err != nil || strings.Contains(out, "hunter2") {
		t.Errorf("secret set: %q, %v", out, err)
	}
	everywhere("a command's rotation", "app", func(a answer) bool { return strings.Contains(a.body, "hunter2-secret-set") })
	if a := at(0).do(t, "admin", "DELETE /v1/oauth/apps/app-secrets-other", ""); a.status != http.StatusNoContent {
		t.Fatalf("DELETE: %d %s", a.status, a.body)
	}
	grant := at(1).do(t, "admin", "GET /v1/secret-grants/db/password", "")
	if !strings.Contains(grant.body, `"apps":["app-secrets"]`) {
		t.Errorf("after an app was deleted, the grant is %s", grant.body)
	}
	wantSaid(t, srv.mustCommand(t, "tenant", "delete", "--yes", "secretive"), "secrets 6 ")
}

// notices returns what returns all that the servers have told each other since.
func (in *installation) notices(t *testing.T) func() string {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: in.redis.Addr, Password: "hunter2-redis"})
	t.Cleanup(func() { _ = client.Close() })
	all := client.PSubscribe(t.Context(), "*")
	t.Cleanup(func() { _ = all.Close() })
	if _, err := all.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	messages := all.Channel(redis.WithChannelSize(100_000))
	return func() string {
		var text strings.Builder
		for {
			select {
			case m := <-messages:
				fmt.Fprintln(&text, m.Channel, m.Payload)
			default:
				return text.String()
			}
		}
	}
}

// inRedis returns all that Redis holds.
func (in *installation) inRedis(t *testing.T) string {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: in.redis.Addr, Password: "hunter2-redis"})
	defer client.Close()
	var text strings.Builder
	keys := client.Scan(t.Context(), 0, "*", 1000).Iterator()
	for keys.Next(t.Context()) {
		fmt.Fprintln(&text, keys.Val(), client.Dump(t.Context(), keys.Val()).Val())
	}
	if err := keys.Err(); err != nil {
		t.Error(err)
	}
	return text.String()
}

// inMongo returns all that the database holds.
func (in *installation) inMongo(t *testing.T) string {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + in.mongo.Addr))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(t.Context())) }()
	db := client.Database("cpod")
	names, err := db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, name := range names {
		records, err := db.Collection(name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for records.Next(t.Context()) {
			fmt.Fprintln(&text, records.Current.String(), string(records.Current))
		}
		if err := records.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}
