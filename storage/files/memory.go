package files

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cpodkit/cpodkit"
)

// DefaultMaxBytes bounds the [Memory] of [NewMemory]: 256 MiB.
const DefaultMaxBytes = 256 << 20

// Memory is a [Driver] that keeps files in this process, for tests and for what
// may be lost. It holds a file at a key and others below it. A write that finds
// it full is unavailable until something is deleted. It is safe for concurrent
// use and has no goroutine.
type Memory struct {
	maxBytes int64

	mu     sync.RWMutex
	closed bool
	used   int64
	files  map[string]memoryFile
	names  []string // of files, sorted
}

var _ Driver = (*Memory)(nil)

type memoryFile struct {
	attrs Attributes
	data  []byte // never changed
	cost  int64
}

// NewMemory returns an empty driver that holds [DefaultMaxBytes].
func NewMemory() *Memory { return &Memory{maxBytes: DefaultMaxBytes, files: map[string]memoryFile{}} }

// NewMemoryOf returns an empty driver that holds at most so many bytes of files and
// their names, plus 512 for each file. It fails for less than 1.
func NewMemoryOf(maxBytes int64) (*Memory, error) {
	if maxBytes < 1 {
		return nil, fmt.Errorf("files: NewMemoryOf(%d): at least 1 byte is needed", maxBytes)
	}
	m := NewMemory()
	m.maxBytes = maxBytes
	return m, nil
}

// Close implements [Driver]. Calls that come later are unavailable.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.files, m.names = nil, nil
	return nil
}

// ready is asked with the lock held.
func (m *Memory) ready() error {
	if m.closed {
		return fmt.Errorf("files memory is closed: %w", cpodkit.CodeUnavailable)
	}
	return nil
}

// Open implements [Driver].
func (m *Memory) Open(ctx context.Context, name string) (Object, error) {
	file, err := m.find(ctx, name)
	if err != nil {
		return nil, err
	}
	return &memoryObject{bytes.NewReader(file.data), file.attrs}, nil
}

type memoryObject struct {
	*bytes.Reader
	attrs Attributes
}

func (o *memoryObject) Attributes() Attributes { return o.attrs }
func (o *memoryObject) Close() error           { return nil }

// Stat implements [Driver].
func (m *Memory) Stat(ctx context.Context, name string) (Attributes, error) {
	file, err := m.find(ctx, name)
	return file.attrs, err
}

func (m *Memory) find(ctx context.Context, name string) (memoryFile, error) {
	if err := CheckName(name); err != nil {
		return memoryFile{}, err
	}
	if err := ctx.Err(); err != nil {
		return memoryFile{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.ready(); err != nil {
		return memoryFile{}, err
	}
	file, ok := m.files[name]
	if !ok {
		return memoryFile{}, cpodkit.CodeNotFound
	}
	return file, nil
}

// Delete implements [Driver].
func (m *Memory) Delete(ctx context.Context, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(); err != nil {
		return err
	}
	if file, ok := m.files[name]; ok {
		m.used -= file.cost
		delete(m.files, name)
		i, _ := slices.BinarySearch(m.names, name)
		m.names = slices.Delete(m.names, i, i+1)
	}
	return nil
}

// List implements [Driver].
func (m *Memory) List(ctx context.Context, q ListQuery) (Listing, error) {
	if err := q.Check(); err != nil {
		return Listing{}, err
	}
	if err := ctx.Err(); err != nil {
		return Listing{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.ready(); err != nil {
		return Listing{}, err
	}
	var page Listing
	last := ""
	i, _ := slices.BinarySearch(m.names, max(q.Prefix, q.After))
	for i < len(m.names) && strings.HasPrefix(m.names[i], q.Prefix) {
		entry, folded := fold(m.names[i], q)
		if entry > q.After {
			if len(page.Items)+len(page.Prefixes) == q.Limit {
				page.Next = last
				break
			}
			last = entry
			if folded {
				page.Prefixes = append(page.Prefixes, entry)
			} else {
				page.Items = append(page.Items, m.files[entry].attrs)
			}
		}
		i++
		if folded {
			// "0" is the byte after "/": go on behind all that was folded.
			i, _ = slices.BinarySearch(m.names, strings.TrimSuffix(entry, "/")+"0")
		}
	}
	return page, nil
}

// fold returns what a list shows for name: the name, or its folded prefix.
func fold(name string, q ListQuery) (entry string, folded bool) {
	if q.Delimiter == "" {
		return name, false
	}
	head, _, folded := strings.Cut(name[len(q.Prefix):], q.Delimiter)
	if !folded {
		return name, false
	}
	return q.Prefix + head + q.Delimiter, true
}
