package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

func ExampleFromEnv() {
	// CPOD_API_KEY, or CPOD_CLIENT_ID and CPOD_CLIENT_SECRET, say who calls.
	c, err := client.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseIdleConnections()
}

func ExampleFiles() {
	c, stop := startFake()
	defer stop()
	ctx := context.Background()
	files := c.Storage.Files

	settings := strings.NewReader(`{"hello":"world"}`)
	result, err := files.Write(ctx, "config/settings.json", settings, client.ContentType("application/json"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Key, result.Tier)

	logo := strings.NewReader("<svg/>")
	if _, err := files.Tier(client.Shared).Write(ctx, "brand/logo.svg", logo, client.ContentType("image/svg+xml")); err != nil {
		log.Fatal(err)
	}

	stream, err := files.Read(ctx, "config/settings.json")
	if err != nil {
		log.Fatal(err)
	}
	defer stream.Close()
	text, err := io.ReadAll(stream)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	// Output:
	// config/settings.json private
	// {"hello":"world"}
}

func ExampleFiles_URL() {
	c, stop := startFake()
	defer stop()

	link, err := c.Storage.Files.URL(context.Background(), "exports/report.pdf", time.Hour)
	if err != nil {
		log.Fatal(err)
	}
	// Send link.URL to the user's browser, which needs no credentials to download.
	fmt.Println(link.Method, link.ExpiresAt.Format(time.TimeOnly))
	// Output: GET 04:04:05
}

func ExampleFiles_List() {
	c, stop := startFake()
	defer stop()
	ctx := context.Background()
	files := c.Storage.Files
	for _, key := range []string{"exports/old-report.pdf", "exports/report.pdf", "other.txt"} {
		if _, err := files.Write(ctx, key, strings.NewReader("content")); err != nil {
			log.Fatal(err)
		}
	}

	listing, err := files.List(ctx, "exports/", client.Limit(50))
	if err != nil {
		log.Fatal(err)
	}
	for _, entry := range listing.Items {
		fmt.Println(entry.Key, entry.Size)
	}
	if err := files.Delete(ctx, "exports/old-report.pdf"); err != nil {
		log.Fatal(err)
	}
	for file, err := range files.All(ctx, "exports/") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("left:", file.Key)
	}
	// Output:
	// exports/old-report.pdf 7
	// exports/report.pdf 7
	// left: exports/report.pdf
}

func ExampleCollection() {
	c, stop := startFake()
	defer stop()
	ctx := context.Background()
	prefs := c.Storage.DB.Collection("preferences")

	type theme struct {
		Mode     string `json:"mode"`
		Accent   string `json:"accent"`
		FontSize int    `json:"fontSize"`
	}
	if _, err := prefs.Set(ctx, "theme", theme{"dark", "purple", 14}); err != nil {
		log.Fatal(err)
	}
	var got theme
	found, err := prefs.Get(ctx, "theme", &got)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found, got)
	if found, err = prefs.Get(ctx, "does-not-exist", &got); err != nil {
		log.Fatal(err)
	}
	fmt.Println(found)

	userPrefs := c.Storage.DB.Collection("preferences").Tier(client.User)
	if _, err := userPrefs.Set(ctx, "layout", map[string]string{"sidebar": "collapsed"}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// true {dark purple 14}
	// false
}

func ExampleCollection_Query() {
	c, stop := startFake()
	defer stop()
	ctx := context.Background()
	sessions := c.Storage.DB.Collection("sessions")
	for i, plan := range []string{"pro", "free", "pro", "pro"} {
		session := map[string]any{"status": "active", "plan": plan, "createdAt": fmt.Sprintf("2026-01-0%d", i+1)}
		if _, err := sessions.Set(ctx, fmt.Sprintf("s%d", i+1), session); err != nil {
			log.Fatal(err)
		}
	}

	active, err := sessions.Query(ctx, client.Query{
		Filter: client.Filter{"status": "active", "plan": "pro"},
		Sort:   client.Sort{client.Desc("createdAt")},
		Limit:  2,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range active.Items {
		fmt.Println(item.Key, string(item.Value))
	}
	if active.NextCursor != "" {
		page2, err := sessions.Query(ctx, client.Query{
			Filter: client.Filter{"status": "active", "plan": "pro"},
			Sort:   client.Sort{client.Desc("createdAt")},
			Cursor: active.NextCursor,
			Limit:  2,
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("page 2:", len(page2.Items))
	}
	// Output:
	// s4 {"createdAt":"2026-01-04","plan":"pro","status":"active"}
	// s3 {"createdAt":"2026-01-03","plan":"pro","status":"active"}
	// page 2: 1
}

func ExampleCollection_Batch() {
	c, stop := startFake()
	defer stop()

	result, err := c.Storage.DB.Collection("cache").Batch(context.Background(), []client.Op{
		client.SetOp("user:123", map[string]string{"name": "Alice", "plan": "pro"}),
		client.SetOp("user:456", map[string]string{"name": "Bob", "plan": "free"}),
		client.DeleteOp("user:999"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Succeeded, result.Failed)
	// Output: 3 0
}

func ExampleKV() {
	c, stop := startFake()
	defer stop()
	ctx := context.Background()
	kv := c.Storage.KV

	session := map[string]string{"userId": "usr-xxx", "plan": "pro"}
	if err := kv.Set(ctx, "session:abc123", session, client.TTL(time.Hour)); err != nil {
		log.Fatal(err)
	}
	value, _, err := kv.Get(ctx, "session:abc123")
	if err != nil {
		log.Fatal(err)
	}
	alive, err := kv.Exists(ctx, "session:abc123")
	if err != nil {
		log.Fatal(err)
	}
	remaining, _, err := kv.TTL(ctx, "session:abc123")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(value, alive, remaining)
	if err := kv.Delete(ctx, "session:abc123"); err != nil {
		log.Fatal(err)
	}

	if err := kv.Set(ctx, "counter:api-calls", "0"); err != nil {
		log.Fatal(err)
	}
	for _, by := range []int64{1, 5} {
		count, err := kv.Incr(ctx, "counter:api-calls", by)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(count)
	}
	// Output:
	// {"plan":"pro","userId":"usr-xxx"} true 1h0m0s
	// 1
	// 6
}

// A lock that ends by itself when its holder dies, and that only its holder gives back.
func ExampleKV_DeleteIf() {
	c, stop := startFake()
	defer stop()
	ctx := context.Background()
	locks := c.Storage.KV.Tier(client.Shared)

	if err := locks.Set(ctx, "lock:nightly", "worker-1", client.TTL(time.Minute), client.IfAbsent()); err != nil {
		log.Fatal(err)
	}
	err := locks.Set(ctx, "lock:nightly", "worker-2", client.TTL(time.Minute), client.IfAbsent())
	if _, held := errors.AsType[*client.PreconditionFailedError](err); held {
		fmt.Println("another worker has it")
	}
	stolen, err := locks.DeleteIf(ctx, "lock:nightly", "worker-2")
	if err != nil {
		log.Fatal(err)
	}
	returned, err := locks.DeleteIf(ctx, "lock:nightly", "worker-1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stolen, returned)
	// Output:
	// another worker has it
	// false true
}

func ExampleApps_Register() {
	c, stop := startFake()
	defer stop()

	app, secret, err := c.Apps.Register(context.Background(), client.NewApp{
		ClientID: "app-myservice",
		Name:     "My Service",
		DeclaredScopes: []string{
			"storage.private.read", "storage.private.write", "storage.user.read", "storage.user.write",
		},
		Type: client.ServiceApp,
	})
	if err != nil {
		log.Fatal(err)
	}
	// Keep the secret now: it is shown this once.
	fmt.Println(app.ClientID, len(app.DeclaredScopes), secret != "")
	// Output: app-myservice 4 true
}

func ExampleError() {
	c, stop := startFake()
	defer stop()

	_, err := c.Storage.Files.Read(context.Background(), "does-not-exist")
	if missing, ok := errors.AsType[*client.NotFoundError](err); ok {
		fmt.Println("not found:", missing.Message)
	} else if auth, ok := errors.AsType[*client.AuthError](err); ok {
		fmt.Println("auth error", auth.Status, auth.Message)
	} else if limited, ok := errors.AsType[*client.RateLimitError](err); ok {
		fmt.Println("rate limited, retry in", limited.RetryAfter)
	} else if other, ok := errors.AsType[*client.Error](err); ok {
		fmt.Println("API error", other.Status, other.Code, other.Message)
	}
	// Output: not found: there is no such file
}
