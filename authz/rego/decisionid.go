package rego

import (
	"encoding/base32"
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

const (
	decisionPrefix = "dec-"

	// pathLength is how many characters of an id are the same for all decisions on a path:
	// 30 of the 32 bits of its hash. The rest of the hash comes before the time, too.
	pathLength = 6
)

// newDecisionID returns an id: a hash of the path, the time backwards, and 40 random bits.
// So the decisions on a path are together in the order of ids, and the newest come first.
func newDecisionID(path string, at time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint32(raw[:], pathHash(path))
	binary.BigEndian.PutUint64(raw[4:], ^uint64(at.UnixMicro())<<8)
	random := rand.Uint64() //nolint:gosec // ids are unique, and no secrets
	raw[11] = byte(random >> 32)
	binary.BigEndian.PutUint32(raw[12:], uint32(random))
	var text [len(decisionPrefix) + 26]byte
	copy(text[:], decisionPrefix)
	base32.HexEncoding.WithPadding(base32.NoPadding).Encode(text[len(decisionPrefix):], raw[:])
	return string(text[:])
}

func pathHash(path string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(path)) // it never fails
	return h.Sum32()
}

// DecisionPrefix is for drivers: what the ids of all decisions on a path begin with, which
// has "data." in front. Ids of other paths may begin with the same.
func DecisionPrefix(path string) string {
	var hash [5]byte
	binary.BigEndian.PutUint32(hash[:], pathHash(path))
	return decisionPrefix + base32.HexEncoding.EncodeToString(hash[:])[:pathLength]
}
