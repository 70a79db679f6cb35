package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/cpodkit/cpodkit/internal/watch"
	"github.com/cpodkit/cpodkit/masking"
)

// maxJSONLine is how long a line is at most that is masked as JSON, in bytes. A longer one
// is text.
const maxJSONLine = 1 << 20

// declareMask masks standard input. It needs no data, and of the settings only the profile.
func declareMask(flags *flag.FlagSet) action {
	file := flags.String("profile", "", "the `FILE` of the profile, instead of that of "+maskingVariable)
	return func(_ context.Context, env environment, _ string) error {
		if *file == "" {
			*file = env.settings.env[maskingVariable]
		}
		var profile masking.Profile
		if *file != "" {
			content, err := os.ReadFile(*file)
			if err != nil {
				return err
			}
			if profile, err = env.settings.parseProfile(watch.Files{*file: content}); err != nil {
				return fmt.Errorf("%s: %w", *file, err)
			}
		}
		masker, err := masking.New(masking.WithProfile(profile), masking.WithTablesOf(env.settings.logMasker))
		if err != nil {
			return err
		}
		// A signal ends a filter at once, also while it waits for input.
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		return maskLines(masker, env.stdin, env.stdout)
	}
}

// maskLines masks lines. One that is a JSON object stays one; others are text together, so
// that a private key of several lines is found. Lines are written before it waits for more
// input, except for a key that has not ended.
func maskLines(masker *masking.Masker, in io.Reader, out io.Writer) (err error) {
	lines, written := bufio.NewReaderSize(in, maxJSONLine), bufio.NewWriter(out)
	f := filter{masker: masker, out: written, text: masker.Writer(written)}
	defer func() { err = errors.Join(err, f.endText(), written.Flush()) }()
	for {
		line, readErr := lines.ReadSlice('\n')
		if err := f.line(line, readErr == nil); err != nil {
			return err
		}
		switch {
		case errors.Is(readErr, io.EOF):
			return nil
		case readErr != nil && !errors.Is(readErr, bufio.ErrBufferFull):
			return readErr
		}
		if lines.Buffered() == 0 {
			if err := written.Flush(); err != nil {
				return err
			}
		}
	}
}

// filter masks lines, of which each is JSON or text.
type filter struct {
	masker *masking.Masker
	out    io.Writer
	text   io.WriteCloser // masks into out
	isPart bool           // the last line has not ended
	masked []byte
}

// line masks a line, or a part of one.
func (f *filter) line(line []byte, ended bool) error {
	if !f.isPart && bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("{")) {
		object := bytes.TrimRight(line, "\r\n")
		if masked, err := f.masker.MaskJSON(f.masked[:0], object); err == nil {
			masked = append(masked, line[len(object):]...)
			f.masked = masked
			if err := f.endText(); err != nil {
				return err
			}
			_, err = f.out.Write(f.masked)
			return err
		}
	}
	f.isPart = !ended
	_, err := f.text.Write(line)
	return err
}

// endText writes the text that is held back. What follows is another text.
func (f *filter) endText() error {
	err := f.text.Close()
	f.text = f.masker.Writer(f.out)
	return err
}
