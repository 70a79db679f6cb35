package rego

import "context"

// Source gives the operator's policy. Package rego has some: a folder, a bundle in a file,
// and a bundle by HTTP.
type Source interface {
	// Current returns the last good policy. It does not block.
	Current() *Policy

	// Run keeps it current until ctx ends, and calls changed after each change.
	Run(ctx context.Context, changed func()) error

	// Err says why what is there now is not the current policy, or nil.
	Err() error
}

// Policy is parsed modules with the data that belongs to them. It does not change.
type Policy struct {
	Modules  map[string]string // Rego by name; a name is a path that messages show
	Data     map[string]any    // decoded with json.Number
	Revision string            // the source's own, or ""
}
