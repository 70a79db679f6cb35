package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// indexesFromEnv returns the indexes of CPOD_INDEXES, or the file that holds them.
func indexesFromEnv(getenv func(string) string) (indexes []documents.Index, file string, err error) {
	text, file := getenv("CPOD_INDEXES"), getenv("CPOD_INDEXES_FILE")
	if text != "" && file != "" {
		return nil, "", errors.New("CPOD_INDEXES and CPOD_INDEXES_FILE are both set; keep one")
	}
	indexes, err = parseIndexes(text)
	return indexes, file, err
}

// parseIndexes reads CPOD_INDEXES: "sessions:status,-createdAt; orders:customer",
// where "-" is for descending.
func parseIndexes(text string) ([]documents.Index, error) {
	indexes, err := readIndexes(text)
	if err != nil {
		return nil, fmt.Errorf("CPOD_INDEXES: %w", err)
	}
	return indexes, nil
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
	return readIndexes(strings.Join(entries, ";"))
}

func readIndexes(text string) ([]documents.Index, error) {
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
				return nil, fmt.Errorf("%q: want collection:path,-path;…: %w", strings.TrimSpace(entry), err)
			}
			index.Members = append(index.Members, documents.Order{Path: path, Descending: descending})
		}
		indexes = append(indexes, index)
	}
	return indexes, documents.CheckIndexes(indexes)
}
