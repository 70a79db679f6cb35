package main

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
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
	// And what cpodkit stores, with the fields that it reads.
	same := db.Collection("documents", options.Collection().SetReadConcern(readconcern.Majority()))
	var stored struct {
		ID string `bson:"_id"`
	}
	if err := same.FindOne(ctx, bson.D{}).Decode(&stored); err != nil {
		return nil, done, err
	}
	find := func(in *mongo.Collection, id string, opts ...options.Lister[options.FindOneOptions]) func(context.Context) error {
		return func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			var found bson.Raw
			return in.FindOne(ctx, bson.D{{Key: "_id", Value: id}}, opts...).Decode(&found)
		}
	}
	get := func(ctx context.Context) error { _, err := ours.Get(ctx, "theme"); return err }
	fields := options.FindOne().SetProjection(bson.D{{Key: "v", Value: 1}, {Key: "t", Value: 1}, {Key: "j", Value: 1}})
	return []pair{
		{name: "MongoDB find by key, of the same document", bare: find(same, stored.ID, fields), ours: get},
		{name: "MongoDB find by key, of the value as a document", bare: find(bare, "theme"), ours: get},
	}, done, nil
}
