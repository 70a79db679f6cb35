package remotefile

import (
	"context"
	"errors"
	"io"
	"sync"
)

// chunkSize is what memory is taken in while a body arrives: one that comes slowly
// holds little.
const chunkSize = 64 << 10

type chunk [chunkSize]byte

// Pool is the memory of buffers. It is safe for concurrent use.
type Pool struct{ chunks sync.Pool }

// Buffer is a piece of a body, kept until it is sent.
type Buffer struct {
	pool   *Pool
	chunks []*chunk
	size   int
}

// Get returns an empty buffer.
func (p *Pool) Get() *Buffer { return &Buffer{pool: p} }

// Size returns how many bytes there are.
func (b *Buffer) Size() int { return b.size }

// Free gives the memory back, and empties the buffer.
func (b *Buffer) Free() {
	for _, c := range b.chunks {
		b.pool.chunks.Put(c)
	}
	b.chunks, b.size = nil, 0
}

// Fill reads until there are most bytes, or body ends: then it returns true. An
// error of body is returned as it is.
func (b *Buffer) Fill(ctx context.Context, body io.Reader, most int) (ended bool, err error) {
	for idle := 0; b.size < most; {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		n, err := body.Read(b.room(most - b.size))
		b.size += n
		if errors.Is(err, io.EOF) {
			return true, ctx.Err()
		}
		if err != nil {
			return false, err
		}
		if idle++; n > 0 {
			idle = 0
		} else if idle == 100 {
			return false, io.ErrNoProgress
		}
	}
	return false, nil
}

// room returns where the next bytes go, at most so many.
func (b *Buffer) room(most int) []byte {
	at := b.size % chunkSize
	if b.size == len(b.chunks)*chunkSize {
		c, ok := b.pool.chunks.Get().(*chunk)
		if !ok {
			c = new(chunk)
		}
		b.chunks = append(b.chunks, c)
	}
	last := b.chunks[len(b.chunks)-1]
	return last[at:min(chunkSize, at+most)]
}

// Reader reads the buffer from its start.
func (b *Buffer) Reader() io.ReadSeeker { return io.NewSectionReader(b, 0, int64(b.size)) }

// ReadAt implements [io.ReaderAt].
func (b *Buffer) ReadAt(p []byte, offset int64) (n int, err error) {
	for n < len(p) {
		pos := int(offset) + n
		if pos >= b.size {
			return n, io.EOF
		}
		at := pos % chunkSize
		n += copy(p[n:], b.chunks[pos/chunkSize][at:min(chunkSize, at+b.size-pos)])
	}
	return n, nil
}
