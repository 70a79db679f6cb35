package documents_test

import (
	"context"
	"fmt"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func Example() {
	store, err := documents.New(documents.NewMemory())
	if err != nil {
		panic(err)
	}
	defer store.Close()

	ctx := context.Background()
	sessions := store.For(cpodkit.Identity{
		TenantID: "acme",
		AppID:    "shop",
		Scopes:   cpodkit.ParseScopes("storage.private.read storage.private.write"),
	}).Collection("sessions")

	for key, value := range map[string]string{
		"s1": `{"status": "active", "visits": 3}`,
		"s2": `{"status": "active", "visits": 12}`,
		"s3": `{"status": "ended",  "visits": 40}`,
	} {
		if _, err := sessions.Set(ctx, key, []byte(value), nil); err != nil {
			panic(err)
		}
	}

	page, err := sessions.Query(ctx, documents.Query{
		Filter: map[string]any{"status": "active", "visits": map[string]any{"gte": 2}},
		Sort:   []documents.Order{{Path: documents.Path{"visits"}, Descending: true}},
		Limit:  20,
	})
	if err != nil {
		panic(err)
	}
	for _, item := range page.Items {
		fmt.Println(item.Key, string(item.Value))
	}
	// Output:
	// s2 {"status":"active","visits":12}
	// s1 {"status":"active","visits":3}
}
