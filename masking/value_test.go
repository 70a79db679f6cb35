package masking_test

import (
	"reflect"
	"testing"
)

func TestSeed(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	v := map[string]any{"name": "Alice Smith", "email": "alice@example.com", "ssn": "123-45-6789"}
	got := m.Mask(v)
	want := map[string]any{"name": "Alice Smith", "email": "a***@example.com", "ssn": "***-**-****"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if v["ssn"] != "123-45-6789" {
		t.Error("the caller's value has changed")
	}
}
