package masking

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"strings"
)

// isBase58Check reports whether text is a version byte of a known currency, 20 bytes, and
// the checksum of both.
func isBase58Check(text string) bool {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	if strings.IndexByte(text, '0') >= 0 { // most are hexadecimal digits
		return false
	}
	var decoded [25]byte
	for i := range len(text) {
		carry := strings.IndexByte(alphabet, text[i])
		if carry < 0 {
			return false
		}
		for j := len(decoded) - 1; j >= 0; j-- {
			carry += 58 * int(decoded[j])
			decoded[j] = byte(carry)
			carry >>= 8
		}
		if carry != 0 {
			return false
		}
	}
	switch decoded[0] {
	case 0x00, 0x05, 0x30, 0x32, 0x1E, 0x16, 0x41: // Bitcoin, Litecoin, Dogecoin, Tron
	default:
		return false
	}
	once := sha256.Sum256(decoded[:21])
	twice := sha256.Sum256(once[:])
	return string(twice[:4]) == string(decoded[21:])
}

// isBech32 reports whether text, of one case, is a segregated witness address.
func isBech32(text string) bool {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	text = strings.ToLower(text)
	separator := strings.LastIndexByte(text, '1')
	if separator < 1 || len(text) < 14 || len(text) > 90 {
		return false
	}
	checksum := uint32(1)
	step := func(v uint32) {
		top := checksum >> 25
		checksum = checksum&0x1FFFFFF<<5 ^ v
		for i, g := range [5]uint32{0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3} {
			if top>>i&1 == 1 {
				checksum ^= g
			}
		}
	}
	for i := range separator {
		step(uint32(text[i] >> 5))
	}
	step(0)
	for i := range separator {
		step(uint32(text[i] & 31))
	}
	for i := separator + 1; i < len(text); i++ {
		v := strings.IndexByte(alphabet, text[i])
		if v < 0 {
			return false
		}
		step(uint32(v))
	}
	return checksum == 1 || checksum == 0x2BC830A3 // bech32, bech32m
}

// isChecksummedEthereum reports whether the capitals of 40 hexadecimal digits are those of
// EIP-55.
func isChecksummedEthereum(address string) bool {
	var lowered [40]byte
	for i := range lowered {
		lowered[i] = address[i]
		if isUpper(address[i]) {
			lowered[i] |= 0x20
		}
	}
	hash := keccak256(lowered[:])
	for i := range lowered {
		nibble := hash[i/2] >> (4 - i%2*4) & 15
		if lowered[i] >= 'a' && (nibble > 7) != isUpper(address[i]) {
			return false
		}
	}
	return true
}

// keccak256 is Keccak with the padding from before FIPS 202, of at most 135 bytes.
func keccak256(message []byte) [32]byte {
	var block [136]byte
	copy(block[:], message)
	block[len(message)] = 1
	block[len(block)-1] |= 0x80
	var state [25]uint64
	for i := range len(block) / 8 {
		state[i] = binary.LittleEndian.Uint64(block[8*i:])
	}
	keccakF(&state)
	var sum [32]byte
	for i := range 4 {
		binary.LittleEndian.PutUint64(sum[8*i:], state[i])
	}
	return sum
}

// keccakF is the permutation Keccak-f[1600] of FIPS 202, section 3.
func keccakF(a *[25]uint64) {
	lfsr := uint8(1)
	for range 24 {
		var c [5]uint64
		for x := range 5 {
			c[x] = a[x] ^ a[x+5] ^ a[x+10] ^ a[x+15] ^ a[x+20]
		}
		for i := range a {
			x := i % 5
			a[i] ^= c[(x+4)%5] ^ bits.RotateLeft64(c[(x+1)%5], 1)
		}
		x, y, moved := 1, 0, a[1]
		for t := range 24 {
			x, y = y, (2*x+3*y)%5
			i := x + 5*y
			a[i], moved = bits.RotateLeft64(moved, (t+1)*(t+2)/2%64), a[i]
		}
		for row := 0; row < 25; row += 5 {
			var r [5]uint64
			copy(r[:], a[row:row+5])
			for x := range 5 {
				a[row+x] = r[x] ^ ^r[(x+1)%5]&r[(x+2)%5]
			}
		}
		for j := range 7 {
			if lfsr&1 == 1 {
				a[0] ^= 1 << (1<<j - 1)
			}
			lfsr = lfsr<<1 ^ lfsr>>7*0x71
		}
	}
}

// ethereum handles "0x" at i, before 40 hexadecimal digits.
func (s *scan) ethereum(i, end int) {
	address := s.text[i+2 : end]
	var cases kind
	for j := range len(address) {
		if !isHex(address[j]) {
			return
		}
		cases |= s.m.kinds[address[j]]
	}
	if cases&upper != 0 && cases&lower != 0 {
		if isChecksummedEthereum(address) {
			s.add(ruleEthereum, i, end)
		}
		return
	}
	if s.contextBefore(i)&cryptoID.context() != 0 {
		s.add(ruleEthereum, i, end)
	}
}
