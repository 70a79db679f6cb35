package main

import (
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/cpodkit/cpodkit/bench/pocketbase/workload"
)

// fill makes the collections, and the documents that are there from the start.
func fill(app core.App) error {
	for _, name := range workload.Collections() {
		collection := core.NewBaseCollection(name)
		collection.Fields.Add(
			&core.TextField{Name: "status"},
			&core.TextField{Name: "plan"},
			&core.NumberField{Name: "visits"},
			&core.TextField{Name: "createdAt"},
			&core.JSONField{Name: "user"},
			&core.JSONField{Name: "tags"},
			&core.TextField{Name: "text"},
		)
		if name == workload.Indexed {
			collection.AddIndex("idx_status_visits", false, "status, visits", "")
		}
		if err := app.Save(collection); err != nil {
			return err
		}
		if err := fillCollection(app, collection); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range []string{workload.Files, workload.Uploads} {
		files := core.NewBaseCollection(name)
		files.Id = name // which is the name of their folder
		files.Fields.Add(&core.FileField{Name: "file", MaxSize: 4 << 20, Protected: true})
		if err := app.Save(files); err != nil {
			return err
		}
	}
	return nil
}

func fillCollection(app core.App, collection *core.Collection) error {
	return app.RunInTransaction(func(tx core.App) error {
		for n := range workload.Documents {
			record := core.NewRecord(collection)
			record.Set("id", workload.Key(n))
			record.Load(workload.Members(n))
			if err := tx.SaveNoValidate(record); err != nil {
				return err
			}
		}
		return nil
	})
}
