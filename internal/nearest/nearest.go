// Package nearest finds what a misspelled name may have meant.
package nearest

import (
	"cmp"
	"slices"
)

// Name returns the known name with the fewest edits from name: bytes that are added,
// removed or replaced. Of several such names it returns the first one. There must be a
// known name.
func Name(name string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int { return cmp.Compare(distance(name, a), distance(name, b)) })
}

// distance is the Levenshtein distance of two texts, by bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
