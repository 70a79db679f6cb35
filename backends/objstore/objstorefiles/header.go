package objstorefiles

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/cpodkit/cpodkit/storage/files"
)

// An object is a preamble, a description (JSON) and the file's bytes. The preamble,
// all of it big-endian:
//
//	magic               8 bytes  "cpodobj1"
//	description length  4 bytes
//	checksum            4 bytes  CRC-32C of the description
const (
	magic          = "cpodobj1"
	preambleSize   = len(magic) + 8
	maxDescription = 16 << 10

	// headGuess is what is read at once from the start: nearly every header is
	// smaller.
	headGuess = 1 << 10
)

type description struct {
	Name        string    `json:"name"`
	Size        int64     `json:"size"`
	ETag        string    `json:"etag"`
	ContentType string    `json:"contentType"`
	Modified    time.Time `json:"modified"`
}

// errForeign is for what this package did not write.
var errForeign = errors.New("objstorefiles: the object was not written by this store, or is broken")

func header(a files.Attributes) ([]byte, error) {
	text, err := json.Marshal(description{a.Name, a.Size, a.ETag, a.ContentType, a.ModTime})
	if err != nil {
		return nil, err
	}
	if len(text) > maxDescription {
		return nil, fmt.Errorf("objstorefiles: the description has %d bytes", len(text))
	}
	b := append(make([]byte, 0, preambleSize+len(text)), magic...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	b = binary.BigEndian.AppendUint32(b, checksum(text))
	return append(b, text...), nil
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// readHeader reads a header from r, and nothing behind it. It returns how many
// bytes it has.
func readHeader(r io.Reader, name string) (files.Attributes, int64, error) {
	var preamble [preambleSize]byte
	if _, err := io.ReadFull(r, preamble[:]); err != nil {
		return files.Attributes{}, 0, foreign(err)
	}
	fields := preamble[len(magic):]
	length := binary.BigEndian.Uint32(fields)
	if string(preamble[:len(magic)]) != magic || length > maxDescription {
		return files.Attributes{}, 0, errForeign
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return files.Attributes{}, 0, foreign(err)
	}
	var d description
	if checksum(text) != binary.BigEndian.Uint32(fields[4:]) || json.Unmarshal(text, &d) != nil || d.Size < 0 {
		return files.Attributes{}, 0, errForeign
	}
	if d.Name != name { // a copy, or a store that takes two names for one
		return files.Attributes{}, 0, fmt.Errorf("%w: it says that it is %q", errForeign, d.Name)
	}
	attrs := files.Attributes{Name: name, Size: d.Size, ETag: d.ETag, ContentType: d.ContentType, ModTime: d.Modified.UTC()}
	return attrs, int64(preambleSize) + int64(length), nil
}

// foreign words the end of an object that is too short for a header.
func foreign(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errForeign
	}
	return err
}
