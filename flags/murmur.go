package flags

import "math/bits"

// murmur3 is MurmurHash3_x86_32 with seed 0, by Austin Appleby (public domain), the
// hash by which flagd divides users.
func murmur3[T string | []byte](data T) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	hash, i := uint32(0), 0
	for ; i+4 <= len(data); i += 4 {
		k := uint32(data[i]) | uint32(data[i+1])<<8 | uint32(data[i+2])<<16 | uint32(data[i+3])<<24
		hash ^= bits.RotateLeft32(k*c1, 15) * c2
		hash = bits.RotateLeft32(hash, 13)*5 + 0xe6546b64
	}
	tail := uint32(0)
	for j := len(data) - 1; j >= i; j-- {
		tail = tail<<8 | uint32(data[j])
	}
	hash ^= bits.RotateLeft32(tail*c1, 15) * c2
	hash ^= uint32(len(data))
	hash = (hash ^ hash>>16) * 0x85ebca6b
	hash = (hash ^ hash>>13) * 0xc2b2ae35
	return hash ^ hash>>16
}
