package files

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
)

// fileOverhead is about what a file costs in memory beside its bytes and its
// name.
const fileOverhead = 512

// Put implements [Driver].
func (m *Memory) Put(ctx context.Context, name string, body io.Reader, opts PutOptions) (Attributes, error) {
	if err := CheckName(name); err != nil {
		return Attributes{}, err
	}
	if err := m.admit(name, opts); err != nil { // before the body is read; again in commit
		return Attributes{}, err
	}
	room := reservation{memory: m}
	defer room.giveBack()
	if err := room.take(int64(fileOverhead + len(name) + len(opts.ContentType))); err != nil {
		return Attributes{}, err
	}
	data, err := room.read(ctx, body)
	if err != nil {
		return Attributes{}, err
	}
	return m.commit(name, data, opts, &room)
}

func (m *Memory) admit(name string, opts PutOptions) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.ready(); err != nil {
		return err
	}
	if !opts.Admits(m.files[name].attrs.ETag) {
		return cpodkit.CodePreconditionFailed
	}
	return nil
}

func (m *Memory) commit(name string, data []byte, opts PutOptions, room *reservation) (Attributes, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(); err != nil {
		return Attributes{}, err
	}
	old, exists := m.files[name]
	if !opts.Admits(old.attrs.ETag) {
		return Attributes{}, cpodkit.CodePreconditionFailed
	}
	if !exists {
		i, _ := slices.BinarySearch(m.names, name)
		m.names = slices.Insert(m.names, i, name)
	}
	attrs := Attributes{
		Name:        name,
		Size:        int64(len(data)),
		ETag:        rand.Text(),
		ContentType: opts.ContentType,
		ModTime:     time.Now().UTC().Truncate(time.Millisecond),
	}
	m.files[name] = memoryFile{attrs: attrs, data: data, cost: room.taken}
	m.used -= old.cost
	room.taken = 0
	return attrs, nil
}

// reservation is what a Put has taken of the memory and no file owns yet.
type reservation struct {
	memory *Memory
	taken  int64
}

func (r *reservation) take(n int64) error {
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	if r.memory.used+n > r.memory.maxBytes {
		return fmt.Errorf("files memory is full at %d bytes: %w", r.memory.maxBytes, cpodkit.CodeUnavailable)
	}
	r.memory.used += n
	r.taken += n
	return nil
}

func (r *reservation) giveBack() {
	if r.taken == 0 {
		return
	}
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	r.memory.used -= r.taken
}

// read reads body, and takes room for each step before it allocates it.
func (r *reservation) read(ctx context.Context, body io.Reader) ([]byte, error) {
	const firstStep = 4 << 10
	var data []byte
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(data) == cap(data) {
			larger := max(firstStep, 2*cap(data))
			if err := r.take(int64(larger - cap(data))); err != nil {
				return nil, err
			}
			data = append(make([]byte, 0, larger), data...)
		}
		n, err := body.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case err == io.EOF:
			return r.trim(data), ctx.Err()
		case err != nil:
			return nil, err
		}
	}
}

// trim gives back what the last step took too much.
func (r *reservation) trim(data []byte) []byte {
	spare := int64(cap(data) - len(data))
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	r.memory.used -= spare
	r.taken -= spare
	return bytes.Clone(data)
}
