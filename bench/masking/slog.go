package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"time"

	"github.com/m-mizutani/masq"

	"github.com/cpodkit/cpodkit/masking"
)

// record is a line of a log with five attributes, and the best times so far.
type record struct {
	name, message     string
	attrs             []slog.Attr
	plain, ours, masq time.Duration
}

func records() []record {
	return []record{{
		name: "access, with a client's address", message: "request",
		attrs: []slog.Attr{
			slog.String("method", "GET"), slog.String("route", "GET /v1/files/{tier}/{key...}"), slog.Int("status", 200),
			slog.Float64("seconds", 0.00123), slog.String("client_addr", "203.0.113.7"),
		},
	}, {
		name: "sign-in, with a mail address", message: "user signed in",
		attrs: []slog.Attr{
			slog.String("tenant", "acme"), slog.String("user", "alice@example.com"), slog.String("client", "console"),
			slog.Int("attempts", 1), slog.Duration("took", 84*time.Millisecond),
		},
	}, {
		name: "access, without an address", message: "request",
		attrs: []slog.Attr{
			slog.String("method", "GET"), slog.String("route", "GET /v1/files/{tier}/{key...}"), slog.Int("status", 200),
			slog.Float64("seconds", 0.00123), slog.String("tenant", "acme"),
		},
	}}
}

// measureSlog prints what a record costs: plain, through the Masker, and through masq, which
// looks for two patterns and a field.
func measureSlog(m *masking.Masker, rounds int) {
	plain := slog.New(slog.NewJSONHandler(io.Discard, nil))
	ours := slog.New(m.Handler(slog.NewJSONHandler(io.Discard, nil)))
	theirs := slog.New(slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{ReplaceAttr: masq.New(
		masq.WithRegex(regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.-]+`)),
		masq.WithRegex(regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`)),
		masq.WithFieldName("password"),
	)}))
	ctx := context.Background()
	rows := records()
	for range rounds {
		for i := range rows {
			r := &rows[i]
			write := func(log *slog.Logger) func() {
				return func() { log.LogAttrs(ctx, slog.LevelInfo, r.message, r.attrs...) }
			}
			r.plain = best(r.plain, write(plain))
			r.ours = best(r.ours, write(ours))
			r.masq = best(r.masq, write(theirs))
		}
	}
	fmt.Println("\n| record | plain slog, ns | ours, ns | times plain | bar | masq v0.2.0, ns | times plain |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|")
	for _, r := range rows {
		times := func(d time.Duration) float64 { return float64(d) / float64(r.plain) }
		fmt.Printf("| %s | %d | %d | %.2f | 1.40 | %d | %.1f |\n",
			r.name, r.plain.Nanoseconds(), r.ours.Nanoseconds(), times(r.ours), r.masq.Nanoseconds(), times(r.masq))
	}
}
