package localfiles

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/cpodkit/cpodkit/storage/files"
)

// A stored file is content, trailer (JSON), footer. The footer, all of it
// big-endian:
//
//	magic           8 bytes  "cpodfile"
//	format version  4 bytes  1
//	trailer length  4 bytes
//	checksum        4 bytes  CRC-32C of the trailer and the footer before it
const (
	magic         = "cpodfile"
	formatVersion = 1
	footerSize    = len(magic) + 12

	maxTrailer = 16 << 10

	// tailGuess is what is read at once from the end: nearly every trailer, and
	// its footer, is smaller.
	tailGuess = 1 << 10
)

type trailer struct {
	Name        string    `json:"name"`
	Size        int64     `json:"size"`
	ETag        string    `json:"etag"`
	ContentType string    `json:"contentType"`
	Modified    time.Time `json:"modified"`
}

// appendTrailer appends trailer and footer to b.
func appendTrailer(b []byte, a files.Attributes) ([]byte, error) {
	start := len(b)
	text, err := json.Marshal(trailer{a.Name, a.Size, a.ETag, a.ContentType, a.ModTime})
	if err != nil {
		return nil, err
	}
	if len(text) > maxTrailer {
		return nil, fmt.Errorf("localfiles: the trailer has %d bytes", len(text))
	}
	b = append(b, text...)
	b = append(b, magic...)
	b = binary.BigEndian.AppendUint32(b, formatVersion)
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	return binary.BigEndian.AppendUint32(b, checksum(b[start:])), nil
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

var (
	errFolder  = errors.New("localfiles: a folder, not a file")
	errForeign = errors.New("localfiles: not written by this store, or broken")
)

// readTrailer returns the attributes of an open file, errFolder for a folder and
// errForeign for what this package did not write whole.
func readTrailer(f *os.File) (files.Attributes, error) {
	info, err := f.Stat()
	if err != nil {
		return files.Attributes{}, err
	}
	if info.IsDir() {
		return files.Attributes{}, errFolder
	}
	if !info.Mode().IsRegular() {
		return files.Attributes{}, foreign(f, "is no regular file")
	}
	tail, err := readTail(f, info.Size(), tailGuess)
	if err != nil {
		return files.Attributes{}, err
	}
	length, ok := trailerLength(tail)
	if !ok || int64(length+footerSize) > info.Size() {
		return files.Attributes{}, foreign(f, "has no footer of this version")
	}
	if length+footerSize > len(tail) {
		if tail, err = readTail(f, info.Size(), length+footerSize); err != nil {
			return files.Attributes{}, err
		}
	}
	tail = tail[len(tail)-length-footerSize:]
	sum := binary.BigEndian.Uint32(tail[len(tail)-4:])
	var t trailer
	if sum != checksum(tail[:len(tail)-4]) || json.Unmarshal(tail[:length], &t) != nil {
		return files.Attributes{}, foreign(f, "has a broken trailer")
	}
	if t.Size != info.Size()-int64(len(tail)) {
		return files.Attributes{}, foreign(f, "has another size than its trailer says")
	}
	return files.Attributes{
		Name: t.Name, Size: t.Size, ETag: t.ETag, ContentType: t.ContentType, ModTime: t.Modified.UTC(),
	}, nil
}

func foreign(f *os.File, why string) error { return fmt.Errorf("%w: %s %s", errForeign, f.Name(), why) }

// readTail reads the last n bytes, or as many as there are.
func readTail(f *os.File, size int64, n int) ([]byte, error) {
	tail := make([]byte, min(size, int64(n)))
	_, err := f.ReadAt(tail, size-int64(len(tail)))
	if errors.Is(err, io.EOF) {
		err = foreign(f, "shrank while it was read")
	}
	return tail, err
}

// trailerLength reads the footer at the end of tail.
func trailerLength(tail []byte) (int, bool) {
	if len(tail) < footerSize {
		return 0, false
	}
	footer := tail[len(tail)-footerSize:]
	fields := footer[len(magic):]
	length := binary.BigEndian.Uint32(fields[4:])
	ok := string(footer[:len(magic)]) == magic && binary.BigEndian.Uint32(fields) == formatVersion && length <= maxTrailer
	return int(length), ok
}
