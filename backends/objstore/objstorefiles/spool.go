package objstorefiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
)

// inMemory is how much of a body is kept in memory. More goes to a file.
const inMemory = 1 << 20

// spool is a whole body, before it is uploaded.
type spool struct {
	head *remotefile.Buffer
	file *os.File // the rest; nil where there is none
	size int64
}

// fillSpool reads all of body. An error of body is returned as it is.
func (d *Driver) fillSpool(ctx context.Context, body io.Reader) (s *spool, err error) {
	s = &spool{head: d.memory.Get()}
	defer func() {
		if err != nil {
			s.free()
		}
	}()
	ended, err := s.head.Fill(ctx, body, inMemory)
	s.size = int64(s.head.Size())
	if err != nil || ended {
		return s, err
	}
	if s.file, err = os.CreateTemp(d.tempFolder, "cpodkit-upload-"); err != nil {
		return s, diskFailure(err)
	}
	piece := d.memory.Get()
	defer piece.Free()
	for !ended {
		if ended, err = piece.Fill(ctx, body, inMemory); err != nil {
			return s, err
		}
		n, err := io.Copy(s.file, piece.Reader())
		if s.size += n; err != nil {
			return s, diskFailure(err)
		}
		piece.Free()
	}
	return s, nil
}

func diskFailure(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return cpodkit.Errorf(cpodkit.CodeUnavailable,
			"The server has no room to take the file; try again later.").WithCause(err)
	}
	return fmt.Errorf("objstorefiles: %w", err)
}

func (s *spool) free() {
	s.head.Free()
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
	}
}

// object is what is uploaded: the header and the body.
func (s *spool) object(header []byte, w *remotefile.Watch) *upload {
	parts := []io.Reader{bytes.NewReader(header), s.head.Reader()}
	if s.file != nil {
		parts = append(parts, io.NewSectionReader(s.file, 0, s.size-int64(s.head.Size())))
	}
	return &upload{w.Reader(io.MultiReader(parts...)), int64(len(header)) + s.size}
}

// upload is a body whose size is known.
type upload struct {
	io.Reader

	size int64
}

// ObjectSize implements [objstore.ObjectSizer]: providers choose by it how to send.
func (u *upload) ObjectSize() (int64, error) { return u.size, nil }
