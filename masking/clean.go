package masking

import (
	"slices"
	"sort"
	"unsafe"
)

const (
	// maxPasses is how many scans of a piece may find something. After them the piece is
	// hidden as a whole.
	maxPasses = 8
	// minPiece is the least that is added to a long line that has become shorter, in bytes.
	minPiece = 1 << 10
)

// cleaner masks a text segment by segment. A segment is a line, or a part of a long one, of
// the masked text. The cleaner leaves a segment only after a scan has found nothing in it.
// The scan reads the masked text before the segment, and nothing after it but a private
// key. [lineEnd] would cut the masked text where the cleaner has cut it. A scan of the
// masked text therefore finds nothing: masking twice changes nothing.
//
// A finding has at least one byte outside of the placeholders (see [scan.add]). Each pass
// lowers the number of these bytes, so the passes end.
type cleaner struct {
	scan scan
	out  []byte // the masked text, or its tail; what is after start may change
	rest string // of the text, not in out
	last bool   // no text follows rest

	start, clean int  // the segment, and up to where its pieces are masked
	raw          int  // the offset of start in the text
	pieceEnd     int  // where the piece at hand ends, or 0
	passes       int  // with findings, over the piece
	rounds       int  // with findings, over the segment
	isTail       bool // the masked text is not wanted
	isLater      bool // there is a segment before
	isPiece      bool // the segment is one piece
	isScanned    bool // the findings of the next pass are known

	placed []placed  // the placeholders after start
	left   []Finding // those before it
	moved  []placed  // memory for hide
	tail   []byte    // memory for hide
}

// placed is a placeholder, at an offset in the masked text, for a finding in the text.
type placed struct {
	Finding

	at int
}

func (p *placed) end() int { return p.at + len(p.Entity) + len("[]") }

// view returns bytes as a string that is valid until they change.
func view(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // a copy for each pass would double its time
}

// reset prepares the cleaner for a text that starts at an offset of the caller's, after a
// prefix without findings.
func (c *cleaner) reset(m *engine, prefix string, raw int) {
	c.scan = scan{m: m, found: c.scan.found[:0]}
	c.out = append(c.out[:0], prefix...)
	c.rest, c.last = "", false
	c.start, c.clean, c.raw = len(prefix), len(prefix), raw
	c.pieceEnd, c.passes, c.rounds = 0, 0, 0
	c.isTail, c.isLater, c.isPiece, c.isScanned = false, raw > 0, false, false
	c.placed, c.left = c.placed[:0], c.left[:0]
}

// whole masks a text. It reports whether there is a finding. The findings are in c.left, and
// the masked text is in c.out: all of it, or only what the findings depend on.
func (c *cleaner) whole(m *engine, text string, all bool) bool {
	c.reset(m, "", 0)
	s, from, to := &c.scan, 0, 0
	for ; from < len(text); from = to { // before the first finding, the text is its own result
		to = m.lineEnd(text, from, maxLine, true)
		s.segment(text, from, to, from > 0 || isProse(text[:to]), true)
		if len(s.found) > 0 {
			break
		}
	}
	if from == len(text) {
		return false
	}
	if f := s.found[0]; f.Start == 0 && f.End == len(text) {
		c.left = append(c.left, f)
		c.out = appendPlaceholder(c.out, f.Entity)
		return true
	}
	found, prefix := s.found, text[:from]
	if !all {
		prefix = text[max(0, from-lookBack):from]
	}
	c.reset(m, prefix, from)
	if all {
		c.out = slices.Grow(c.out, len(text)-from)
	}
	c.out = append(c.out, text[from:to]...)
	c.rest, c.last = text[to:], true
	c.take(found[len(found)-1].End - to)
	c.isTail = !all
	for i := range found {
		found[i].Start += len(prefix) - from
		found[i].End += len(prefix) - from
	}
	c.scan.found, c.isScanned = found, true
	c.run()
	return true
}

// take moves text into out.
func (c *cleaner) take(n int) {
	if n = min(n, len(c.rest)); n > 0 {
		c.out = append(c.out, c.rest[:n]...)
		c.rest = c.rest[n:]
	}
}

// run masks segments until the text ends.
func (c *cleaner) run() {
	for {
		isEnd := c.last && c.rest == ""
		if c.clean > c.start && c.pieceEnd == 0 {
			to := c.clean
			if !c.isPiece || c.out[to-1] != '\n' {
				to = c.scan.m.lineEnd(view(c.out[:c.clean]), c.start, maxLine, isEnd && c.clean == len(c.out))
			}
			if to >= 0 {
				if !c.segment(to) {
					return
				}
				continue
			}
		}
		if c.pieceEnd == 0 && c.start == len(c.out) && c.rest != "" { // as the next case, in one step
			if to := c.scan.m.lineEnd(c.rest, 0, maxLine, c.last); to >= 0 {
				c.take(to)
				c.pieceEnd = len(c.out)
			}
		}
		if c.pieceEnd == 0 {
			to := c.scan.m.lineEnd(view(c.out), c.clean, max(maxLine-(c.clean-c.start), minPiece), isEnd)
			if to < 0 && c.rest != "" {
				c.take(c.scan.m.lineEnd(c.rest, 0, maxLine, true))
				continue
			}
			if to <= c.clean {
				return
			}
			c.pieceEnd = to
		}
		if !c.piece() {
			return
		}
	}
}

// piece masks what is between c.clean and c.pieceEnd, by itself. It reports false when it
// needs more text.
func (c *cleaner) piece() bool {
	for {
		to, found := c.pass(c.clean, c.pieceEnd, &c.passes)
		switch {
		case to < 0:
			return false
		case found:
			c.pieceEnd = to
		default:
			c.isPiece = c.clean == c.start
			c.clean, c.pieceEnd, c.passes = to, 0, 0
			return true
		}
	}
}

// segment scans the segment, which ends at to, as a whole, and leaves it when nothing is
// found. It reports false when it needs more text.
func (c *cleaner) segment(to int) bool {
	if !c.isPiece {
		size := len(c.out)
		next, found := c.pass(c.start, to, &c.rounds)
		if next < 0 {
			return false
		}
		if found {
			c.clean = max(c.clean, next-(len(c.out)-size)) + len(c.out) - size
			return true
		}
	}
	end := 0
	c.raw = c.rawOf(to)
	for end < len(c.placed) && c.placed[end].at < to {
		c.left = append(c.left, c.placed[end].Finding)
		end++
	}
	c.placed = append(c.placed[:0], c.placed[end:]...)
	c.start, c.clean = to, max(c.clean, to)
	c.isLater, c.isPiece, c.rounds = true, false, 0
	if c.isTail && c.start > maxRoom/2 {
		c.trim()
	}
	return true
}

// pass scans from one offset to another, and hides what it finds. It returns where the text
// up to there ends now, and whether it found something; -1 when it needs more text.
func (c *cleaner) pass(from, to int, passes *int) (int, bool) {
	s := &c.scan
	for !c.isScanned {
		names := c.isLater || isProse(view(c.out[c.start:to]))
		if s.segment(view(c.out), from, to, names, c.last && c.rest == "") {
			break
		}
		if c.rest == "" {
			return -1, false
		}
		c.take(maxPEM)
	}
	c.isScanned = false
	if len(s.found) == 0 {
		return to, false
	}
	to = max(to, s.found[len(s.found)-1].End)
	if *passes++; *passes > maxPasses {
		f := s.found[0]
		f.Start, f.End = from, to
		for f.End > from+1 && c.out[f.End-1] <= ' ' {
			f.End--
		}
		s.found = append(s.found[:0], f)
	}
	return to + c.hide(from), true
}

// hide replaces the findings of a scan by placeholders. It returns by how much the text has
// grown.
func (c *cleaner) hide(from int) int {
	c.tail = append(c.tail[:0], c.out[from:]...)
	c.out, c.moved = c.out[:from], c.moved[:0]
	first := sort.Search(len(c.placed), func(i int) bool { return c.placed[i].at >= from })
	rest, done := c.placed[first:], from
	if len(rest) == 0 {
		return c.hideFirst(from)
	}
	shift := 0
	move := func(to int) {
		for len(rest) > 0 && rest[0].at < to {
			p := rest[0]
			p.at += shift
			c.moved = append(c.moved, p)
			rest = rest[1:]
		}
	}
	for _, f := range c.scan.found {
		start, end := c.rawOf(f.Start), c.rawOf(f.End)
		move(f.Start)
		for len(rest) > 0 && rest[0].at < f.End {
			rest = rest[1:]
		}
		c.out = append(c.out, c.tail[done-from:f.Start-from]...)
		done = f.End
		f.Start, f.End = start, end
		c.moved = append(c.moved, placed{f, len(c.out)})
		c.out = appendPlaceholder(c.out, f.Entity)
		shift = len(c.out) - done
	}
	move(len(c.tail) + from)
	c.out = append(c.out, c.tail[done-from:]...)
	c.placed = append(c.placed[:first], c.moved...)
	return shift
}

// hideFirst does what hide does where no placeholders are after from.
func (c *cleaner) hideFirst(from int) int {
	done, offset := from, c.rawOf(from)-from
	for i := range c.scan.found {
		f := &c.scan.found[i]
		c.out = append(c.out, c.tail[done-from:f.Start-from]...)
		done = f.End
		c.placed = append(c.placed, placed{*f, len(c.out)})
		p := &c.placed[len(c.placed)-1]
		p.Start += offset
		p.End += offset
		c.out = appendPlaceholder(c.out, f.Entity)
	}
	shift := len(c.out) - done
	c.out = append(c.out, c.tail[done-from:]...)
	return shift
}

// rawOf returns the offset in the text of an offset in the masked text, outside of the
// placeholders.
func (c *cleaner) rawOf(i int) int {
	before := sort.Search(len(c.placed), func(k int) bool { return c.placed[k].end() > i }) - 1
	if before < 0 {
		return c.raw + i - c.start
	}
	p := &c.placed[before]
	return p.End + i - p.end()
}

// trim forgets the masked text that the findings to come do not depend on. It returns how
// many bytes that is.
func (c *cleaner) trim() int {
	n := max(0, c.start-lookBack)
	c.out = c.out[:copy(c.out, c.out[n:])]
	c.start, c.clean = c.start-n, c.clean-n
	if c.pieceEnd > 0 {
		c.pieceEnd -= n
	}
	for i := range c.placed {
		c.placed[i].at -= n
	}
	return n
}
