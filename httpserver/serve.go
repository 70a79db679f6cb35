package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/trailer"
)

// NewServer returns an http.Server for h with limits that are safe on a public
// listener: 10 s for the header of a request, 64 KiB of it, two idle minutes
// for a connection. Bodies and answers have rolling deadlines of idle (see
// [RollingDeadlines]).
func NewServer(h http.Handler, idle time.Duration) *http.Server {
	return &http.Server{
		Handler:           RollingDeadlines(idle)(h),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		// "OPTIONS *" gets an answer in our form, too.
		DisableGeneralOptionsHandler: true,
	}
}

// Stop says how [Serve] stops.
type Stop struct {
	// Drain is how long everything goes on after ctx has ended, so that load balancers
	// can notice. Answers then close their connections. 0 is none.
	Drain time.Duration

	// Grace is how long requests have after that to finish. 0 is none.
	Grace time.Duration

	// Log gets the steps of the stop, and what it waits for. It also gets what
	// net/http itself has to say, where srv has no ErrorLog. nil is none.
	Log *slog.Logger
}

// Serve serves on ln until ctx ends. Then it drains, takes no new connection, tells
// the requests under way that the server stops (see [cpodkit.Stopping]), gives them
// the grace to finish, and cuts what is left. It sets srv.BaseContext. It returns nil
// after a clean shutdown, [context.DeadlineExceeded] when requests had to be cut, and
// else the error of the listener.
func Serve(ctx context.Context, srv *http.Server, ln net.Listener, stop Stop) error {
	if stop.Log == nil {
		stop.Log = slog.New(slog.DiscardHandler)
	} else if srv.ErrorLog == nil {
		srv.ErrorLog = slog.NewLogLogger(stop.Log.Handler(), slog.LevelWarn)
	}
	stopping := make(chan struct{})
	base := cpodkit.WithStopping(context.WithoutCancel(ctx), stopping)
	srv.BaseContext = func(net.Listener) context.Context { return base }
	underWay := &underWay{requests: map[*tracked]bool{}}
	srv.Handler = underWay.track(srv.Handler)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	if stop.Drain > 0 {
		stop.Log.Info("stopping: requests are served until the drain is over", "seconds", stop.Drain.Seconds())
		srv.SetKeepAlivesEnabled(false)
		select {
		case err := <-failed:
			return err
		case <-time.After(stop.Drain):
		}
	}
	close(stopping)
	if waits := underWay.routes(); waits != "" {
		stop.Log.Info("stopping: waiting for requests", "requests", waits, "seconds", stop.Grace.Seconds())
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), stop.Grace)
	defer cancel()
	err := srv.Shutdown(drain)
	if err != nil {
		stop.Log.Warn("stopping: requests were cut", "requests", underWay.routes(), "seconds", stop.Grace.Seconds())
		err = errors.Join(err, srv.Close())
	}
	if stopped := <-failed; !errors.Is(stopped, http.ErrServerClosed) {
		err = errors.Join(err, stopped)
	}
	stop.Log.Info("stopped")
	return err
}

// underWay is the requests that are served now.
type underWay struct {
	mu       sync.Mutex
	requests map[*tracked]bool
}

// tracked is one of them. [Record] notes its record.
type tracked struct {
	record atomic.Pointer[cpodkit.Record]
}

type trackedKey struct{}

func (u *underWay) track(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &tracked{}
		u.mu.Lock()
		u.requests[t] = true
		u.mu.Unlock()
		defer func() {
			u.mu.Lock()
			defer u.mu.Unlock()
			delete(u.requests, t)
		}()
		trailer.Keep(r)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), trackedKey{}, t)))
	})
}

// routes counts the requests by the pattern of their route, such as "2 GET /v1/jobs/{id},
// 1 other".
func (u *underWay) routes() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	count := map[string]int{}
	for t := range u.requests {
		pattern := "other"
		if route := t.record.Load().Route(); route != nil {
			pattern = route.Pattern
		}
		count[pattern]++
	}
	var routes []string
	for _, pattern := range slices.Sorted(maps.Keys(count)) {
		routes = append(routes, fmt.Sprintf("%d %s", count[pattern], pattern))
	}
	return strings.Join(routes, ", ")
}
