package documents

import (
	"context"
	"errors"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// in returns where the collection is in a segment.
func (c Collection) in(segment storage.Segment) CollectionID {
	return CollectionID{Space: segment.Space.Root(), Name: c.name}
}

// authorizeQuery returns where a query looks.
func (c Collection) authorizeQuery() (storage.Reach, error) {
	reach, err := c.handle.caller.AuthorizeList()
	if err != nil {
		return storage.Reach{}, err
	}
	return reach, storage.CheckCollection(c.name)
}

// segments returns the one or the many that a query goes over.
func (c Collection) segments(ctx context.Context, reach storage.Reach) ([]storage.Segment, error) {
	if !reach.Wide {
		return []storage.Segment{reach.First}, nil
	}
	return c.allSegments(ctx, reach)
}

// allSegments returns those of every app that has documents of the user in this
// collection.
func (c Collection) allSegments(ctx context.Context, reach storage.Reach) ([]storage.Segment, error) {
	notSupported := cpodkit.Errorf(cpodkit.CodeNotSupported, "This document store cannot look across apps: name one (app=).")
	finder, ok := c.handle.store.driver.(SpaceFinder)
	if !ok {
		return nil, notSupported
	}
	ctx, call := c.handle.store.calls.spaces.Start(ctx)
	spaces, err := finder.Spaces(ctx, reach.Prefix(), c.name, storage.MaxApps+1)
	err = call.End(ctx, err)
	if errors.Is(err, cpodkit.CodeNotSupported) {
		return nil, notSupported.WithCause(err)
	}
	if err != nil {
		return nil, err
	}
	return reach.Segments(spaces)
}
