package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Event is one server-sent event.
type Event struct {
	// ID is what the client sends as Last-Event-ID to go on after this event. It is
	// needed, and holds no control character.
	ID string

	Type string // "" for the default, "message"
	Data any    // sent as JSON
}

// Source sends the events that come after the one with the id lastID, or from the
// start when that is "". It returns nil when there are no more, and the error of
// send as soon as there is one. Its context ends with the stream. send blocks until
// the event is written, so a slow client slows the source and fills no memory.
type Source func(ctx context.Context, lastID string, send func(Event) error) error

const (
	// DefaultHeartbeat is how often a stream sends a comment and checks the
	// credential.
	DefaultHeartbeat = 5 * time.Second

	recheckAge   = time.Second      // an older check is made again before an event
	recheckTime  = 3 * time.Second  // that one check may take
	uncheckedAge = 15 * time.Second // a stream ends when no check has succeeded for so long

	maxEventID = 1 << 10
)

// ServeEvents answers with the events of source (text/event-stream, WHATWG HTML
// section 9.2), and returns when the stream has ended. It returns an error, and
// has written nothing, when the Last-Event-ID is malformed. What can be refused, a
// caller refuses before.
//
// The stream ends when the source ends or fails, when the client leaves, and when
// the credential ends: with an event of the type "end", whose data has the code.
// The credential is checked at each heartbeat (see [cpodkit.Recheck]), and before
// an event when the last check is older than a second. When the server stops, the
// stream tells the client to come back in one to three seconds.
func ServeEvents(w http.ResponseWriter, r *http.Request, heartbeat time.Duration, source Source) error {
	lastID := r.Header.Get("Last-Event-ID")
	if len(lastID) > maxEventID || !singleLine(lastID) {
		return badRequest("The header Last-Event-ID is not one that this stream has sent.")
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	s := &eventStream{w: w, control: http.NewResponseController(w), lastID: lastID, checked: time.Now(), vouched: time.Now()}
	s.serve(r.Context(), heartbeat, source)
	return nil
}

// eventStream is one stream under way. One goroutine writes to it.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	lastID  string
	checked time.Time // when the credential was last checked,
	vouched time.Time // and when it was last found good
}

func (s *eventStream) serve(ctx context.Context, heartbeat time.Duration, source Source) {
	ctx, cancel := context.WithCancel(ctx)
	events, ended := make(chan Event), make(chan sourceEnd, 1)
	go runSource(ctx, s.lastID, source, events, ended)
	finished := false
	defer func() {
		cancel()
		if !finished {
			<-ended
		}
	}()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	var expired <-chan time.Time
	if id, ok := cpodkit.IdentityFromContext(ctx); ok && !id.ExpiresAt.IsZero() {
		expiry := time.NewTimer(time.Until(id.ExpiresAt))
		defer expiry.Stop()
		expired = expiry.C
	}
	for err := s.control.Flush(); err == nil; {
		select {
		case e := <-events:
			if time.Since(s.checked) > recheckAge {
				err = s.recheck(ctx)
			}
			if err == nil {
				err = s.send(e)
			}
		case <-beat.C:
			if err = s.recheck(ctx); err == nil {
				err = s.write(":\n\n")
			}
		case end := <-ended:
			finished = true
			if end.panicked != "" {
				panic(end.panicked) // where the server's own middleware sees it
			}
			if end.err != nil && ctx.Err() == nil {
				_ = s.end(cpodkit.CodeOf(end.err))
			}
			return
		case <-expired:
			_ = s.end(cpodkit.CodeTokenExpired)
			return
		case <-cpodkit.Stopping(ctx):
			_ = s.write("retry: " + strconv.Itoa(1000+rand.IntN(2000)) + "\n\n") //nolint:gosec // no secret: clients shall not come in step
			return
		case <-ctx.Done():
			return
		}
	}
}

// sourceEnd is how a source has ended.
type sourceEnd struct {
	err      error
	panicked string // with its stack; "" when it returned
}

func runSource(ctx context.Context, lastID string, source Source, events chan<- Event, ended chan<- sourceEnd) {
	var end sourceEnd
	defer func() {
		if p := recover(); p != nil {
			end.panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
		ended <- end
	}()
	end.err = source(ctx, lastID, func(e Event) error {
		select {
		case events <- e:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// errEnded says that the stream has ended, and why was sent.
var errEnded = errors.New("rest: the stream has ended")

// recheck checks the credential. While it cannot be checked, the stream goes on
// for a while.
func (s *eventStream) recheck(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recheckTime)
	defer cancel()
	err := cpodkit.Recheck(ctx)
	s.checked = time.Now()
	if err == nil {
		s.vouched = s.checked
		return nil
	}
	status := cpodkit.StatusOf(err)
	if status != http.StatusUnauthorized && status != http.StatusForbidden {
		if s.checked.Sub(s.vouched) < uncheckedAge {
			return nil
		}
		err = cpodkit.CodeUnavailable
	}
	return errors.Join(errEnded, s.end(cpodkit.CodeOf(err)))
}

// send writes one event.
func (s *eventStream) send(e Event) error {
	data, err := json.Marshal(e.Data)
	if err != nil || e.ID == "" || !singleLine(e.ID) || !singleLine(e.Type) {
		return errors.Join(errEnded, s.end(cpodkit.CodeInternal))
	}
	s.lastID = e.ID
	var b strings.Builder
	if e.Type != "" {
		b.WriteString("event: " + e.Type + "\n")
	}
	b.WriteString("id: " + e.ID + "\ndata: ")
	b.Write(data)
	b.WriteString("\n\n")
	return s.write(b.String())
}

// end writes the last event. Its id is that of the event before, so that a client
// which comes back goes on there.
func (s *eventStream) end(code cpodkit.Code) error {
	id := ""
	if s.lastID != "" {
		id = "id: " + s.lastID + "\n"
	}
	return s.write("event: end\n" + id + `data: {"code":"` + string(code) + `"}` + "\n\n")
}

func (s *eventStream) write(text string) error {
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}

// singleLine reports whether a text can stand in a field of an event stream.
func singleLine(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f })
}
