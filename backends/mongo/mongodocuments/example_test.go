package mongodocuments_test

import (
	"context"
	"fmt"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/mongo/mongoclient"
	"github.com/cpodkit/cpodkit/backends/mongo/mongodocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func Example() {
	ctx := context.Background()
	db, err := mongoclient.Open("mongodb://localhost/cpodkit")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Client().Disconnect(ctx)

	driver, err := mongodocuments.New(db, mongodocuments.WithIndexes(documents.Index{
		Collection: "sessions",
		Members:    []documents.Order{{Path: documents.Path{"status"}}, {Path: documents.Path{"createdAt"}, Descending: true}},
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := documents.New(driver)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	id := cpodkit.Identity{TenantID: "acme", AppID: "shop", Scopes: cpodkit.Scopes{"storage.private.*"}}
	d, err := store.For(id).Collection("sessions").Set(ctx, "s1", []byte(`{"status":"active"}`), nil)
	fmt.Println(d.Version, err)
}
