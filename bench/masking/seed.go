package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/masking"
)

// seed is the object of the seeds, as Go has it.
func seed() map[string]any {
	return map[string]any{"name": "Alice Smith", "email": "alice@example.com", "ssn": "123-45-6789"}
}

const seedJSON = `{"name":"Alice Smith","email":"alice@example.com","ssn":"123-45-6789"}`

// measureSeed prints what the object costs.
func measureSeed(m *masking.Masker, rounds int) error {
	object, src, dst := any(seed()), []byte(seedJSON), make([]byte, 0, 1<<10)
	var err error
	calls := []struct {
		name string
		call func()
		took time.Duration
	}{
		{name: "Mask", call: func() { _ = m.Mask(object) }},
		{name: "MaskJSON", call: func() {
			if dst, err = m.MaskJSON(dst[:0], src); err != nil {
				return
			}
		}},
	}
	for range rounds {
		for i := range calls {
			calls[i].took = best(calls[i].took, calls[i].call)
		}
	}
	fmt.Println("\n| the seed's object | ns | bar | allocations | bar |")
	fmt.Println("|---|---:|---:|---:|---:|")
	for _, c := range calls {
		fmt.Printf("| %s | %d | 1000 | %.0f | 8 |\n", c.name, c.took.Nanoseconds(), testing.AllocsPerRun(100, c.call))
	}
	return err
}
