package masking

import (
	"bytes"
	"cmp"
	"io"
	"strings"
)

// maxEvent is how many bytes of an event are held back.
const maxEvent = 1 << 20

// eventsBody masks server-sent events (the HTML standard, section 9.2). Lines before the data of
// an event pass as they end, and its data when the event ends.
type eventsBody struct {
	simple

	m *Masker
	w io.Writer

	held    []byte // lines from the first one with data on, and the line that has not ended
	line    int    // where that line starts
	hasData bool   // held starts with data
	begun   bool   // the first line is over, which may start with a byte order mark
	wasCR   bool   // the last byte was a CR
	out     []byte
}

func (e *eventsBody) Write(p []byte) (int, error) {
	e.out = e.out[:0]
	for rest := p; len(rest) > 0; {
		if e.wasCR && rest[0] == '\n' {
			e.endWithLF()
			rest = rest[1:]
			continue
		}
		e.wasCR = false
		end := bytes.IndexAny(rest, "\r\n") + 1
		if end == 0 {
			end = len(rest)
			e.held = append(e.held, rest...)
		} else {
			e.held = append(e.held, rest[:end]...)
			e.wasCR = rest[end-1] == '\r'
			e.endLine()
		}
		if len(e.held) > maxEvent {
			return 0, errLongEvent
		}
		rest = rest[end:]
	}
	return len(p), e.pass()
}

// endWithLF adds the LF of a CRLF to the line before.
func (e *eventsBody) endWithLF() {
	e.wasCR = false
	if len(e.held) == 0 {
		e.out = append(e.out, '\n')
		return
	}
	e.held = append(e.held, '\n')
	e.line = len(e.held)
}

// endLine takes up the line that has ended.
func (e *eventsBody) endLine() {
	line := e.held[e.line:]
	field, _, end := cutLine(line)
	if !e.begun {
		e.begun = true
		if rest, ok := bytes.CutPrefix(line, []byte("\uFEFF")); ok {
			e.out = append(e.out, line[:len(line)-len(rest)]...)
			e.held = append(e.held[:e.line], rest...)
			line = e.held[e.line:]
			field, _, end = cutLine(line)
		}
	}
	switch {
	case len(line) == len(end): // the event ends
		e.endEvent()
	case !e.hasData && field != "data":
		e.appendLine(line)
		e.held, e.line = e.held[:0], 0
	default:
		e.hasData = true
		e.line = len(e.held)
	}
}

// endEvent masks what is held.
func (e *eventsBody) endEvent() {
	var data []string
	for line := range fieldLines(e.held) {
		if field, value, _ := cutLine(line); field == "data" {
			data = append(data, value)
		}
	}
	text := strings.Join(data, "\n")
	parts := data
	if masked := e.mask(text); masked != text {
		parts = strings.Split(masked, "\n")
	}
	if len(parts) != len(data) { // a finding had several lines
		data[0], parts = strings.Join(parts, "\n"), nil
	}
	i := 0
	for line := range fieldLines(e.held) {
		field, value, end := cutLine(line)
		switch {
		case field != "data":
			e.appendLine(line)
			continue
		case i < len(parts) && parts[i] == value:
			e.out = append(e.out, line...)
		case i < len(parts):
			e.out = append(append(append(e.out, "data: "...), parts[i]...), end...)
		case i == 0:
			between := cmp.Or(string(end), "\n") + "data: "
			e.out = append(append(e.out, "data: "+strings.ReplaceAll(data[0], "\n", between)...), end...)
		}
		i++
	}
	e.held, e.line, e.hasData = e.held[:0], 0, false
}

// mask masks the data of an event: an object, an array or a string of JSON as that, and
// all else as text.
func (e *eventsBody) mask(data string) string {
	if start := strings.TrimLeft(data, " \t\n"); start != "" && strings.IndexByte(`{["`, start[0]) >= 0 {
		if masked, err := e.m.MaskJSON(nil, []byte(data)); err == nil {
			return string(masked)
		}
	}
	return e.m.MaskString(data)
}

// appendLine appends a line without data. What names the event, and where a client goes on
// after it, stays as it is.
func (e *eventsBody) appendLine(line []byte) {
	field, _, end := cutLine(line)
	switch field {
	case "event", "id", "retry":
		e.out = append(e.out, line...)
		return
	}
	e.out = e.m.AppendMasked(e.out, string(line[:len(line)-len(end)]))
	e.out = append(e.out, end...)
}

func (e *eventsBody) pass() error {
	if len(e.out) == 0 {
		return nil
	}
	_, err := e.w.Write(e.out)
	return err
}

// Close masks the event that has not ended. Clients drop it, but it is in the body.
func (e *eventsBody) Close() error {
	e.out = e.out[:0]
	if len(e.held) > 0 {
		e.endEvent()
	}
	return e.pass()
}

// fieldLines returns the lines of text with their ends.
func fieldLines(text []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(text) > 0 {
			end := bytes.IndexAny(text, "\r\n") + 1
			switch {
			case end == 0:
				end = len(text)
			case text[end-1] == '\r' && end < len(text) && text[end] == '\n':
				end++
			}
			if !yield(text[:end]) {
				return
			}
			text = text[end:]
		}
	}
}

// cutLine returns the field of a line, its value, and what ends the line.
func cutLine(line []byte) (field, value string, end []byte) {
	content := bytes.TrimRight(line, "\r\n")
	field, value, _ = strings.Cut(string(content), ":")
	return field, strings.TrimPrefix(value, " "), line[len(content):]
}
