package main

import (
	"context"
	"io"
	"log/slog"
	"os"
)

// newLog returns the log that the variables ask for: lines that people can read on a
// terminal, JSON elsewhere, times in UTC, and personal data and secrets masked.
func newLog(s *settings, out io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.get("CPOD_LOG_LEVEL", "info", "least level of a line: `debug`, `info`, `warn` or `error`"))); err != nil {
		s.fail("CPOD_LOG_LEVEL", "want debug, info, warn or error")
	}
	options := logOptions(level)
	const name = "CPOD_LOG_FORMAT"
	format := s.get(name, "auto", "`text`, `json`, or `auto`: text on a terminal, JSON elsewhere")
	switch {
	case format == "text", format == "auto" && isTerminal(out):
		return slog.New(s.logMasker.Handler(slog.NewTextHandler(out, options)))
	case format != "json" && format != "auto":
		s.fail(name, "want text, json or auto")
	}
	return slog.New(s.logMasker.Handler(slog.NewJSONHandler(out, options)))
}

// logOptions has times in UTC, to the millisecond.
func logOptions(level slog.Level) *slog.HandlerOptions {
	return &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
			a.Value = slog.StringValue(a.Value.Time().UTC().Format("2006-01-02T15:04:05.000Z"))
		}
		return a
	}}
}

// logStart says what has started. Which of its systems answer is said once they do, or
// do not.
func (s *server) logStart(ctx context.Context, read *settings, address string) {
	read.log.LogAttrs(ctx, slog.LevelInfo, "started", append([]slog.Attr{
		slog.String("version", version()), slog.String("address", address), slog.String("url", s.publicURL),
	}, read.backends...)...)
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
