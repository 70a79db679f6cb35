package docstore

import (
	"encoding/json"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// Condition holds for some records, by one of their members.
type Condition struct {
	condition documents.Condition
	err       error
}

// Equal holds where the member has the value.
func Equal[T string | int64](member string, value T) Condition {
	key, err := sortKey(value)
	return compare(member, documents.Equal, err, key)
}

// Missing holds where the member is not there.
func Missing(member string) Condition { return compare(member, documents.Missing, nil) }

// AtLeast holds where the member is a number, and not below the bound.
func AtLeast(member string, bound int64) Condition {
	lowest, err := sortKey(bound)
	_, highest := lowest.TypeRange()
	c := compare(member, documents.Range, err, lowest, highest)
	c.condition.OpenHigh = true
	return c
}

// AtMost holds where the member is a number, and not above the bound.
func AtMost(member string, bound int64) Condition {
	highest, err := sortKey(bound)
	lowest, _ := highest.TypeRange()
	return compare(member, documents.Range, err, lowest, highest)
}

// after holds where the member is a text that sorts after the bound.
func after(member, bound string) Condition {
	low, err := sortKey(bound)
	_, high := low.TypeRange()
	c := compare(member, documents.Range, err, low, high)
	c.condition.OpenLow, c.condition.OpenHigh = true, true
	return c
}

func compare(member string, test documents.Test, err error, keys ...documents.SortKey) Condition {
	return Condition{documents.Condition{Path: documents.Path{member}, Test: test, Keys: keys}, err}
}

func sortKey(value any) (documents.SortKey, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	return documents.KeyOf(raw)
}

func filter(where []Condition) ([]documents.Condition, error) {
	conditions := make([]documents.Condition, len(where))
	for i, c := range where {
		if c.err != nil {
			return nil, c.err
		}
		conditions[i] = c.condition
	}
	return conditions, nil
}
