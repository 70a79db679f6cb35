package main

import (
	"fmt"
	"strings"

	"github.com/cpodkit/cpodkit/storage/documents"
)

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
			if err != nil {
				return nil, fmt.Errorf("CPOD_INDEXES: %q: want collection:path,-path;…: %w", entry, err)
			}
			index.Members = append(index.Members, documents.Order{Path: path, Descending: descending})
		}
		indexes = append(indexes, index)
	}
	if err := documents.CheckIndexes(indexes); err != nil {
		return nil, fmt.Errorf("CPOD_INDEXES: %w", err)
	}
	return indexes, nil
}
