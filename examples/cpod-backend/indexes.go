package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore/authzstore"
	"github.com/cpodkit/cpodkit/backends/docstore/flagstore"
	"github.com/cpodkit/cpodkit/backends/docstore/oauthstore"
	"github.com/cpodkit/cpodkit/backends/docstore/policystore"
	"github.com/cpodkit/cpodkit/backends/docstore/secretstore"
	"github.com/cpodkit/cpodkit/backends/docstore/userstore"
	"github.com/cpodkit/cpodkit/internal/watch"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// indexDeclaration is which indexes the documents have: those of a variable, or
// those of a file, which a running server watches.
type indexDeclaration struct {
	indexes []documents.Index
	file    string // "" for none
}

func readIndexes(s *settings) indexDeclaration {
	const variable, fileVariable = "CPOD_INDEXES", "CPOD_INDEXES_FILE"
	text := s.optional(variable, "", "indexes of documents: `sessions:status,-createdAt; orders:customer`")
	d := indexDeclaration{file: s.optional(fileVariable, "", "a file with these, watched while the server runs; not together with `CPOD_INDEXES`")}
	if text != "" && d.file != "" {
		s.fail(variable, "%s is set, too; keep one", fileVariable)
	}
	var err error
	if d.indexes, err = parseIndexes(text); err != nil {
		s.fail(variable, "%w", err)
	}
	return d
}

// open reads the file, if there is one. follow declares its indexes anew when it
// changes; it is nil without one.
func (d *indexDeclaration) open(ctx context.Context, h *house) (follow func(context.Context), err error) {
	if d.file == "" {
		return nil, nil //nolint:nilnil // nothing to follow, and no error
	}
	file, err := watch.Open(ctx, d.file, func(files watch.Files) ([]documents.Index, error) {
		var text bytes.Buffer
		for _, content := range files { // one, unless it is a folder
			text.Write(append(content, '\n'))
		}
		return parseIndexFile(text.String())
	}, watch.WithLog(h.log))
	if err != nil {
		return nil, fmt.Errorf("CPOD_INDEXES_FILE: %w", err)
	}
	d.indexes = file.Current()
	h.ready = append(h.ready, dependency{"indexes", pingFunc(func(context.Context) error { return file.Err() }), true})
	return func(ctx context.Context) {
		file.Run(ctx, func(ctx context.Context, indexes []documents.Index) error {
			err := h.declareIndexes(ctx, indexes)
			if err == nil {
				h.log.Info("the indexes of documents are declared anew", "indexes", len(indexes))
			}
			return err
		})
	}, nil
}

func (h *house) declareIndexes(ctx context.Context, indexes []documents.Index) error {
	declarer, ok := h.documents.(documents.IndexDeclarer)
	if !ok {
		return cpodkit.Errorf(cpodkit.CodeNotSupported, "The database takes other indexes only when the server starts.")
	}
	return declarer.DeclareIndexes(ctx, allIndexes(indexes, h.isShared)...)
}

// allIndexes are those of the operator, those by which users are found, and, where the
// database is shared, those by which servers see the changes of others.
func allIndexes(declared []documents.Index, isShared bool) []documents.Index {
	indexes := slices.Clone(declared)
	own := slices.Concat(oauthstore.Indexes(), userstore.Indexes())
	if isShared {
		own = slices.Concat(own, authzstore.Indexes(), flagstore.Indexes(), policystore.Indexes(), secretstore.Indexes())
	}
	for _, index := range own {
		same := func(other documents.Index) bool { return other.String() == index.String() }
		if !slices.ContainsFunc(indexes, same) {
			indexes = append(indexes, index)
		}
	}
	return indexes
}

// parseIndexFile reads the file of CPOD_INDEXES_FILE: the same, where the end of a
// line ends an entry too. A "#" that begins a line, or follows a space, begins a
// comment.
func parseIndexFile(text string) ([]documents.Index, error) {
	var entries []string
	for line := range strings.Lines(text) {
		before, _, _ := strings.Cut(" "+strings.ReplaceAll(line, "\t", " "), " #")
		entries = append(entries, before)
	}
	return parseIndexes(strings.Join(entries, ";"))
}

// parseIndexes reads CPOD_INDEXES: "sessions:status,-createdAt; orders:customer",
// where "-" is for descending.
func parseIndexes(text string) ([]documents.Index, error) {
	var indexes []documents.Index
	for entry := range strings.SplitSeq(text, ";") {
		collection, members, _ := strings.Cut(strings.TrimSpace(entry), ":")
		if collection == "" && members == "" {
			continue
		}
		index := documents.Index{Collection: strings.TrimSpace(collection)}
		for member := range strings.SplitSeq(members, ",") {
			name, descending := strings.CutPrefix(strings.TrimSpace(member), "-")
			path, err := documents.ParsePath(name)
			if name == "" { // a comma too many, rather than the member with the empty name
				err = errors.New("there is an empty name")
			}
			if err != nil {
				return nil, fmt.Errorf("%q: want collection:path,-path;…: %w", strings.TrimSpace(entry), err)
			}
			index.Members = append(index.Members, documents.Order{Path: path, Descending: descending})
		}
		indexes = append(indexes, index)
	}
	return indexes, documents.CheckIndexes(indexes)
}
