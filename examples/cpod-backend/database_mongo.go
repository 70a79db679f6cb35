package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cpodkit/cpodkit/backends/mongo/mongoclient"
	"github.com/cpodkit/cpodkit/backends/mongo/mongodocuments"
)

// disconnectGrace bounds how long the end of the process waits for a database.
const disconnectGrace = 5 * time.Second

// openMongo opens a database of MongoDB, which may be down.
func (d database) openMongo(ctx context.Context, h *house, by purpose) (build func(context.Context) error, err error) {
	var connections uint64
	db, err := mongoclient.Open(d.url, func(o *options.ClientOptions) { connections = *o.MaxPoolSize })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", databaseVariable, err)
	}
	h.onClose(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), disconnectGrace)
		defer cancel()
		return db.Client().Disconnect(ctx)
	})
	var opts []mongodocuments.Option
	if connections != 0 { // which is without a limit
		opts = append(opts, mongodocuments.WithPoolSize(int(min(connections, math.MaxInt32))))
	}
	if by == forServer {
		opts = append(opts, mongodocuments.WithIndexes(allIndexes(d.indexes, true)...))
	}
	driver, err := mongodocuments.New(db, opts...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", databaseVariable, err)
	}
	h.documents = driver
	h.onClose(driver.Close)
	return driver.BuildIndexes, nil
}
