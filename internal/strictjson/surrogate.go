package strictjson

import (
	"bytes"
	"strconv"
)

const loneSurrogate = "holds half of a surrogate pair, which no text can keep"

// hasLoneSurrogate reports whether a valid JSON string escapes a UTF-16 surrogate
// without its other half (RFC 8259 section 8.2). UTF-8 cannot encode one, so that two
// different ones would become the same text.
func hasLoneSurrogate(quoted []byte) bool {
	high := false
	for rest := quoted; ; {
		escape := bytes.IndexByte(rest, '\\')
		if escape < 0 {
			return high
		}
		if high && escape > 0 {
			return true
		}
		rest = rest[escape+1:]
		unit := uint64(0)
		if rest[0] == 'u' {
			unit, _ = strconv.ParseUint(string(rest[1:5]), 16, 16)
			rest = rest[4:]
		}
		rest = rest[1:]
		if isLow := unit >= 0xdc00 && unit <= 0xdfff; isLow != high {
			return true
		}
		high = unit >= 0xd800 && unit <= 0xdbff
	}
}
