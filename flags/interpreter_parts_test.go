package flags_test

import (
	"encoding/binary"
	"math/big"
	"regexp"
	"strings"
)

// plainMurmur3 is MurmurHash3_x86_32 as its definition is written, with seed 0.
func plainMurmur3(data []byte) uint32 {
	rotate := func(x uint32, by int) uint32 { return x<<by | x>>(32-by) }
	mix := func(k uint32) uint32 { return rotate(k*0xcc9e2d51, 15) * 0x1b873593 }
	var h uint32
	whole := len(data) / 4 * 4
	for i := 0; i < whole; i += 4 {
		h = rotate(h^mix(binary.LittleEndian.Uint32(data[i:])), 13)*5 + 0xe6546b64
	}
	if rest := data[whole:]; len(rest) > 0 {
		var padded [4]byte
		copy(padded[:], rest)
		h ^= mix(binary.LittleEndian.Uint32(padded[:]))
	}
	h ^= uint32(len(data))
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	h ^= h >> 16
	return h
}

// compareVersions is sem_ver, with the regular expression of semver.org for versions
// that are whole.
func compareVersions(v []any) any {
	a, okA := readVersion(v[0])
	b, okB := readVersion(v[2])
	operator, _ := v[1].(string)
	if !okA || !okB {
		return nil
	}
	order := a.order(b)
	switch operator {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "^":
		return a.numbers[0].Cmp(b.numbers[0]) == 0
	case "~":
		return a.numbers[0].Cmp(b.numbers[0]) == 0 && a.numbers[1].Cmp(b.numbers[1]) == 0
	}
	return nil
}

type plainVersion struct {
	numbers     [3]*big.Int
	identifiers []string
}

func readVersion(x any) (plainVersion, bool) {
	switch x.(type) {
	case string, float64:
	default:
		return plainVersion{}, false
	}
	s := strings.TrimPrefix(toText(x), "v")
	if s == toText(x) {
		s = strings.TrimPrefix(s, "V")
	}
	short := regexp.MustCompile(`^(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?$`)
	whole := regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$`)
	match := whole.FindStringSubmatch(s)
	if match == nil {
		match = short.FindStringSubmatch(s)
	}
	if match == nil {
		return plainVersion{}, false
	}
	var v plainVersion
	for i := range v.numbers {
		v.numbers[i] = new(big.Int)
		if i+1 < len(match) {
			v.numbers[i].SetString(match[i+1], 10)
		}
	}
	if len(match) > 4 && match[4] != "" {
		v.identifiers = strings.Split(match[4], ".")
	}
	return v, true
}

func (v plainVersion) order(w plainVersion) int {
	for i := range v.numbers {
		if c := v.numbers[i].Cmp(w.numbers[i]); c != 0 {
			return c
		}
	}
	switch {
	case len(v.identifiers) == 0 && len(w.identifiers) == 0:
		return 0
	case len(v.identifiers) == 0:
		return 1
	case len(w.identifiers) == 0:
		return -1
	}
	for i := range min(len(v.identifiers), len(w.identifiers)) {
		a, isA := new(big.Int).SetString(v.identifiers[i], 10)
		b, isB := new(big.Int).SetString(w.identifiers[i], 10)
		isA = isA && strings.Trim(v.identifiers[i], "0123456789") == ""
		isB = isB && strings.Trim(w.identifiers[i], "0123456789") == ""
		order := strings.Compare(v.identifiers[i], w.identifiers[i])
		switch {
		case isA && isB:
			order = a.Cmp(b)
		case isA:
			order = -1
		case isB:
			order = 1
		}
		if order != 0 {
			return order
		}
	}
	return len(v.identifiers) - len(w.identifiers)
}
