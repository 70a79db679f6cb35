package crashtest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// fileContent returns about size bytes that no other id has and that say what
// they should be.
func fileContent(id string, size int) []byte {
	fill := filling(id, size)
	return fmt.Appendf(nil, "%s %d %x\n%s", id, len(fill), sha256.Sum256(fill), fill)
}

// fileID returns the id of content that is whole.
func fileID(content []byte) (string, error) {
	head, fill, _ := bytes.Cut(content, []byte("\n"))
	parts := bytes.Fields(head)
	if len(parts) != 3 {
		return "", fmt.Errorf("%d bytes begin with %.60q", len(content), content)
	}
	sum := sha256.Sum256(fill)
	if string(parts[1]) != strconv.Itoa(len(fill)) || string(parts[2]) != hex.EncodeToString(sum[:]) {
		return "", fmt.Errorf("the content of %s should have %s bytes and has %d, or other ones", parts[0], parts[1], len(fill))
	}
	return string(parts[0]), nil
}

// record is a document that says what it should be.
type record struct {
	ID   string `json:"id"`
	Sum  string `json:"sum"`
	Text string `json:"text"`
}

func newRecord(id string, size int) record {
	text := base64.StdEncoding.EncodeToString(filling(id, size))
	return record{id, sumOf(text), text}
}

// recordID returns the id of a document that is whole.
func recordID(value []byte) (string, error) {
	var r record
	if err := json.Unmarshal(value, &r); err != nil {
		return "", err
	}
	if r.ID == "" || r.Sum != sumOf(r.Text) {
		return "", fmt.Errorf("the text of %q has %d bytes that its sum does not fit", r.ID, len(r.Text))
	}
	return r.ID, nil
}

func sumOf(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// filling is blocks of noise that is the id's own, each with its number.
func filling(id string, size int) []byte {
	var block [4 << 10]byte
	_, _ = rand.NewChaCha8(sha256.Sum256([]byte(id))).Read(block[:])
	fill := make([]byte, 0, size+len(block))
	for n := uint64(0); len(fill) < size; n++ {
		binary.BigEndian.PutUint64(block[:], n)
		fill = append(fill, block[:]...)
	}
	return fill[:size]
}
