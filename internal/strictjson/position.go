package strictjson

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// Position returns the line and the column in which the value at a JSON pointer begins,
// or the name of the member when it has one. Both count from 1; a column is a byte. For a
// pointer that leads nowhere they are those of the last value on the way.
func Position(document []byte, pointer string) (line, column int) {
	d := json.NewDecoder(bytes.NewReader(document))
	offset := start(document, 0)
	for _, token := range strings.Split(pointer, "/")[1:] {
		next, ok := enter(d, document, strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~"))
		if !ok {
			break
		}
		offset = next
	}
	before := document[:min(offset, len(document))]
	return 1 + bytes.Count(before, []byte{'\n'}), len(before) - bytes.LastIndexByte(before, '\n')
}

// start returns where the next value or name begins.
func start(document []byte, offset int64) int {
	rest := document[offset:]
	return len(document) - len(bytes.TrimLeft(rest, " \t\r\n,:"))
}

// enter moves d, which is before a container, to before the member or element, and
// returns where that begins.
func enter(d *json.Decoder, document []byte, token string) (offset int, ok bool) {
	opening, err := d.Token()
	if err != nil {
		return 0, false
	}
	for i := 0; d.More(); i++ {
		offset = start(document, d.InputOffset())
		name := strconv.Itoa(i)
		if opening == json.Delim('{') {
			member, err := d.Token()
			if err != nil {
				return 0, false
			}
			name, _ = member.(string)
		}
		if name == token {
			return offset, true
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return 0, false
		}
	}
	return 0, false
}
