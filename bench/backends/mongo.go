package main

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"

	"github.com/cpodkit/cpodkit/backends/mongo/mongoclient"
	"github.com/cpodkit/cpodkit/backends/mongo/mongodocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func mongoPairs(ctx context.Context) ([]pair, func(), error) {
	uri, err := variable("CPODKIT_TEST_MONGO")
	if err != nil {
		return nil, nil, err
	}
	db, err := mongoclient.Open(uri + "/bench_" + strings.ToLower(rand.Text()))
	if err != nil {
		return nil, nil, err
	}
	done := func() {
		ctx := context.WithoutCancel(ctx)
		_ = db.Drop(ctx)
		_ = db.Client().Disconnect(ctx)
	}
	driver, err := mongodocuments.New(db)
	if err != nil {
		return nil, done, err
	}
	store, err := documents.New(driver)
	if err != nil {
		return nil, done, err
	}
	value := []byte(`{"name":"` + strings.Repeat("x", 100) + `","visits":1}`)
	ours := store.For(identity()).Collection("prefs")
	if _, err := ours.Set(ctx, "theme", value, nil); err != nil {
		return nil, done, err
	}
	// What a careful program without cpodkit does: it stores the value as a
	// document, reads what a majority has, and waits for so long and no longer.
	bare := db.Collection("bare", options.Collection().SetReadConcern(readconcern.Majority()))
	if _, err := bare.InsertOne(ctx, bson.M{"_id": "theme", "value": bson.M{"name": strings.Repeat("x", 100), "visits": 1}}); err != nil {
		return nil, done, err
	}
	return []pair{{
		name: "MongoDB find by key",
		bare: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			var found bson.Raw
			return bare.FindOne(ctx, bson.D{{Key: "_id", Value: "theme"}}).Decode(&found)
		},
		ours: func(ctx context.Context) error { _, err := ours.Get(ctx, "theme"); return err },
	}}, done, nil
}
