package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/cpodkit/cpodkit/bench/pocketbase/workload"
)

const (
	pageSize    = 20  // documents that a query asks for
	storedFiles = 200 // of each size that the gets read
)

// row is one line of the comparison.
type row struct {
	name string
	bar  float64 // the ratio to reach; 0 for none
	ours side
	peer side
}

// servers are the four processes.
type servers struct {
	ours, relaxed *ours // as it comes, and without waiting for the disk
	full, normal  *peer
}

func (s servers) rows(ctx context.Context) ([]row, error) {
	rows := []row{
		{"documents set, FULL", 3, s.ours.setDocument(), s.full.setDocument()},
		{"documents get, FULL", 1.5, s.ours.getDocument(), s.full.getDocument()},
		{"documents query, FULL", 1.5, s.ours.query(workload.Plain), s.full.query(workload.Plain)},
		{"documents query by index, FULL", 1.5, s.ours.query(workload.Indexed), s.full.query(workload.Indexed)},
		{"documents set, NORMAL", 1.5, s.relaxed.setDocument(), s.normal.setDocument()},
		{"documents get, NORMAL", 1.5, s.relaxed.getDocument(), s.normal.getDocument()},
		{"documents query, NORMAL", 1.5, s.relaxed.query(workload.Plain), s.normal.query(workload.Plain)},
		{"documents query by index, NORMAL", 1.5, s.relaxed.query(workload.Indexed), s.normal.query(workload.Indexed)},
	}
	for _, size := range []struct {
		name  string
		bytes int
		bar   float64
	}{{"4 KiB", 4 << 10, 1.5}, {"1 MiB", 1 << 20, 1}} {
		content := bytes.Repeat([]byte("0123456789abcdef"), size.bytes/16)
		oursGet, err := s.relaxed.getFile(ctx, content)
		if err != nil {
			return nil, err
		}
		peerGet, err := s.normal.getFile(ctx, content)
		if err != nil {
			return nil, err
		}
		peerPut := s.normal.putFile(content)
		rows = append(rows,
			row{"files put " + size.name, size.bar, s.relaxed.putFile(content), peerPut},
			row{"files get " + size.name, size.bar, oursGet, peerGet},
			row{"files put " + size.name + ", ours with fsync", 0, s.ours.putFile(content), peerPut},
		)
	}
	return rows, nil
}

// nextWritten returns the number of the next document to write: in turn one of
// those that are there, and a new one.
func nextWritten(count *atomic.Int64) int {
	n := int(count.Add(1))
	if n%2 == 0 {
		return workload.Documents + n
	}
	return n * 7919 % workload.Documents
}

func nextRead(count *atomic.Int64) int { return int(count.Add(1)) * 7919 % workload.Documents }

// documentBodies are what is written: made before, because it costs the client.
func documentBodies() [][]byte {
	bodies := make([][]byte, 1000)
	for n := range bodies {
		bodies[n] = workload.JSON(n)
	}
	return bodies
}

// clearLarge removes a folder after each round, when it would fill the disk. It
// leaves small files alone, because ext4 is slow to make files where many have
// just been removed.
func clearLarge(content []byte, folder string) func() error {
	if len(content) < 1<<20 {
		return nil
	}
	return func() error { return os.RemoveAll(folder) }
}

// mentions checks that an answer holds some texts.
func mentions(texts ...string) func([]byte) error {
	return func(answer []byte) error {
		for _, text := range texts {
			if !bytes.Contains(answer, []byte(text)) {
				return fmt.Errorf("no %s in the answer: %.300s", text, answer)
			}
		}
		return nil
	}
}

// items checks that a page is full.
func items(answer []byte) error {
	var page struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return err
	}
	if len(page.Items) != pageSize {
		return fmt.Errorf("%d items: %.300s", len(page.Items), answer)
	}
	return nil
}

func equals(content []byte) func([]byte) error {
	return func(answer []byte) error {
		if !bytes.Equal(answer, content) {
			return fmt.Errorf("another content, of %d bytes", len(answer))
		}
		return nil
	}
}
