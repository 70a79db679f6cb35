// Package health keeps whether work that is repeated succeeds.
package health

import (
	"context"
	"log/slog"
	"sync"
)

// State holds the last failure of work that is repeated. It logs each distinct
// failure once, and once that the work succeeds again. It is safe for concurrent
// use.
type State struct {
	log     *slog.Logger
	subject string

	mu  sync.Mutex
	err error
}

// New returns a State without a failure. The log lines begin with subject, such as
// "the index file". A nil log discards them.
func New(log *slog.Logger, subject string) *State {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &State{log: log, subject: subject}
}

// Set takes the outcome of the work: nil, or its failure. Failures with the same
// text are the same failure.
func (s *State) Set(ctx context.Context, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil && (s.err == nil || s.err.Error() != err.Error()):
		s.log.WarnContext(ctx, s.subject+": it fails", "error", err)
	case err == nil && s.err != nil:
		s.log.InfoContext(ctx, s.subject+": it works again")
	}
	s.err = err
}

// Err returns the failure of the last outcome, or nil.
func (s *State) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
