package masking

// Recognizer finds entities that the engine does not know. It sees one line of a text at a
// time, without what is before it, and appends its findings to dst with offsets in that
// line. It is called concurrently, and its time must be linear in the line.
type Recognizer interface {
	Recognize(dst []Finding, line string) []Finding
}

// WithRecognizer adds a recognizer. Of equal findings of several the first one's stays.
func WithRecognizer(r Recognizer) Option {
	return func(o *options) { o.recognizers = append(o.recognizers, r) }
}

// custom is what a profile finds besides the rules of the engine.
type custom struct{}

// step scans the next line of text as segment does, and adds what the profile finds in it.
func (s *scan) step(text string, from int, final bool) int {
	return s.segment(text, from, final)
}
