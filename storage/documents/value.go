package documents

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/internal/strictjson"
)

// Limits of a document's value.
const (
	MaxValue = 1 << 20 // bytes, without the whitespace between its parts

	// MaxDepth is how many arrays and objects may stand within each other.
	MaxDepth = strictjson.MaxDepth
)

// compactValue returns value without the whitespace between its parts. Strings,
// numbers and the order of members stay byte for byte. It is an error unless
// value, which stands at pointer, may be a document.
func compactValue(value []byte, pointer string) ([]byte, error) {
	compact, faults, err := compactJSON(value, pointer)
	switch {
	case errors.Is(err, errEmpty):
		return nil, cpodkit.Errorf(cpodkit.CodeBadRequest, "There is no value: it is any JSON.")
	case err != nil:
		return nil, cpodkit.Errorf(cpodkit.CodeBadRequest, "The value is not JSON that can be stored: %s.", err)
	case len(compact) > MaxValue:
		return nil, cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "A document's value has at most %d bytes.", MaxValue)
	case len(faults) > 0:
		return nil, cpodkit.ValidationError(faults...)
	}
	return compact, nil
}

var errEmpty = errors.New("it is empty")

// compactJSON returns one JSON value without the whitespace between its parts.
// The faults are member names that repeat, with pointers below pointer; the
// error is for what is not JSON, or nests too deep.
func compactJSON(data []byte, pointer string) ([]byte, []cpodkit.FieldError, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil, errEmpty
	}
	var raw json.RawMessage
	found, err := strictjson.Unmarshal(data, &raw)
	if err != nil {
		return nil, nil, err
	}
	var faults []cpodkit.FieldError
	for _, f := range found {
		faults = append(faults, fault(pointer+f.Pointer, "%s", f.Detail))
	}
	return withoutSpace(raw), faults, nil
}

// withoutSpace is json.Compact for JSON that is known to be valid, which makes
// it several times faster.
func withoutSpace(valid []byte) []byte {
	out := make([]byte, 0, len(valid))
	for i := 0; i < len(valid); {
		switch c := valid[i]; c {
		case ' ', '\t', '\r', '\n':
			i++
		case '"':
			end := stringEndAt(valid, i+1) + 1
			out = append(out, valid[i:end]...)
			i = end
		default:
			out = append(out, c)
			i++
		}
	}
	return out
}

// stringEndAt returns where the string whose inside begins at i has its closing
// quote. It looks at each byte at most twice.
func stringEndAt(data []byte, i int) int {
	quote := i + bytes.IndexByte(data[i:], '"')
	for {
		escape := bytes.IndexByte(data[i:quote], '\\')
		if escape < 0 {
			return quote
		}
		if i += escape + 2; i > quote {
			quote = i + bytes.IndexByte(data[i:], '"')
		}
	}
}

// What a hostile query can make us answer is bounded.
const (
	maxFaults  = 20
	maxPointer = 256 // bytes
)

// fault describes what is wrong at pointer, which it shortens when it is long.
func fault(pointer, format string, args ...any) cpodkit.FieldError {
	if len(pointer) > maxPointer {
		pointer = strings.ToValidUTF8(pointer[:maxPointer], "") + "…"
	}
	return cpodkit.FieldError{Pointer: pointer, Detail: fmt.Sprintf(format, args...)}
}

// token returns a member name as a reference token (RFC 6901 section 3).
func token(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// appendDocument appends the document as JSON, its value untouched.
func appendDocument(b []byte, d Document) []byte {
	b = append(b, `{"key":`...)
	b = appendKey(b, d.Key)
	b = append(b, `,"value":`...)
	b = append(b, d.Value...)
	return appendVersion(b, d)
}

// appendVersion appends the other members of a document, and closes it.
func appendVersion(b []byte, d Document) []byte {
	b = append(b, `,"version":`...)
	b = appendKey(b, d.Version)
	b = append(b, `,"updatedAt":"`...)
	b = rest.AppendTime(b, d.UpdatedAt)
	b = append(b, '"')
	// Unlike a key the id of an app may hold any byte; a string always encodes.
	if app, err := json.Marshal(d.App); err == nil && d.App != "" {
		b = append(append(b, `,"app":`...), app...)
	}
	return append(b, '}')
}

// appendKey appends a key as a JSON string. A key holds no control character and
// is UTF-8, which leaves two bytes to escape (RFC 8259 section 7).
func appendKey(b []byte, key string) []byte {
	b = append(b, '"')
	for i := range len(key) {
		if c := key[i]; c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, key[i])
	}
	return append(b, '"')
}
