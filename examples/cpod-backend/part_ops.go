package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

// opsPart is the operations listener. It comes last: it is served until the other
// parts are closed, also while the last requests finish, when /readyz says that
// the server stops.
func opsPart(s *settings) part {
	const name = "CPOD_OPS_LISTEN"
	address := s.optional(name, "127.0.0.1:9091", "address of the operations listener; `off` for none")
	if _, _, err := net.SplitHostPort(address); err != nil && address != "" && address != off {
		s.fail(name, "want host:port, :port or off")
	}
	return part{open: func(ctx context.Context, h *house) (opened, error) {
		ready := newReadiness(ctx, h.ready, h.log)
		o := opened{run: []func(context.Context){ready.follow}}
		ln, err := listenOps(ctx, address, h.log)
		if ln == nil {
			return o, err
		}
		h.log.Info("operations listener", "address", ln.Addr().String())
		server := httpserver.NewServer(opsHandler(ready, h.telemetry.scrape, h.log), idleTimeout)
		o.run = append(o.run, func(ctx context.Context) {
			if err := httpserver.Serve(ctx, server, ln, httpserver.Stop{Grace: time.Second}); err != nil {
				h.log.Warn("the operations listener ended", "error", err)
			}
		})
		return o, nil
	}}
}

// listenOps opens the operations listener, or none: when it is "off", and when
// the default address is taken, as it is for the second server of a machine.
// An address that somebody chose must be free.
func listenOps(ctx context.Context, address string, log *slog.Logger) (net.Listener, error) {
	const defaultAddress = "127.0.0.1:9091"
	var listener net.ListenConfig
	switch address {
	case off:
		return nil, nil //nolint:nilnil // no listener, and no error
	case "":
		ln, err := listener.Listen(ctx, "tcp", defaultAddress)
		if err != nil {
			log.Warn("no operations listener: set CPOD_OPS_LISTEN to an address of its own, or to off", "error", err)
			return nil, nil //nolint:nilnil // no listener, and no error
		}
		return ln, nil
	}
	ln, err := listener.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w (choose another address with CPOD_OPS_LISTEN, or off)", err)
	}
	return ln, nil
}

func opsHandler(ready *readiness, scrape http.Handler, log *slog.Logger) http.Handler {
	healthy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerState(w, r, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux := http.NewServeMux()
	cpodkit.Mount(mux, []cpodkit.Route{
		{Name: "healthz", Pattern: "GET /healthz", Public: true, Handler: healthy},
		{Name: "readyz", Pattern: "GET /readyz", Public: true, Handler: ready},
		{Name: "metrics", Pattern: "GET /metrics", Public: true, Handler: scrape},
	})
	return cpodkit.Chain(httpserver.Guard(mux), httpserver.Record(cpodkit.ServerInfo{}), httpserver.Recover(log))
}

func answerState(w http.ResponseWriter, r *http.Request, status int, state any) {
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, status, state)
}

const (
	pingTimeout = 800 * time.Millisecond // below the second that probes wait by default
	pingCached  = time.Second
	pingEvery   = 5 * time.Second // also while nobody asks, for the log
)

// What /readyz says of the server, and the first two of a backend.
const (
	stateOK          = "ok"
	stateUnavailable = "unavailable"
	stateDegraded    = "degraded" // it works, but something that it can do without is down
	stateStopping    = "stopping"
)

// readiness answers whether the server can do its work.
type readiness struct {
	stopping context.Context //nolint:containedctx // it ends when the server begins to stop
	backends []*backend
}

// newReadiness watches systems until ctx ends.
func newReadiness(ctx context.Context, systems []dependency, log *slog.Logger) *readiness {
	r := &readiness{stopping: ctx}
	for _, d := range systems {
		r.watch(d, log)
	}
	return r
}

// pingFunc is a [cpodkit.Pinger].
type pingFunc func(context.Context) error

// Ping implements [cpodkit.Pinger].
func (f pingFunc) Ping(ctx context.Context) error { return f(ctx) }

// watch adds a backend. A driver that is no Pinger lives in this process and is
// always up.
func (r *readiness) watch(d dependency, log *slog.Logger) {
	pinger, _ := d.driver.(cpodkit.Pinger)
	r.backends = append(r.backends, &backend{name: d.name, spare: d.spare, pinger: pinger, log: log})
}

// follow pings the backends now and then until ctx ends, so that the log says when one
// goes away or returns.
func (r *readiness) follow(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		for _, b := range r.backends {
			b.refresh(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			for _, b := range r.backends { // whose drivers are closed next
				b.isUp(context.WithoutCancel(ctx))
			}
			return
		}
	}
}

func (r *readiness) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	answer := struct {
		Status   string            `json:"status"`
		Backends map[string]string `json:"backends"`
	}{stateOK, map[string]string{}}
	ctx, cancel := context.WithTimeout(request.Context(), pingTimeout)
	defer cancel()
	for _, b := range r.backends {
		b.refresh(r.stopping)
	}
	for _, b := range r.backends {
		answer.Backends[b.name] = stateOK
		if b.isUp(ctx) {
			continue
		}
		answer.Backends[b.name] = stateUnavailable
		if !b.spare {
			answer.Status = stateUnavailable
		} else if answer.Status == stateOK {
			answer.Status = stateDegraded
		}
	}
	status := http.StatusOK
	if r.stopping.Err() != nil {
		answer.Status = stateStopping
	}
	if answer.Status == stateUnavailable || answer.Status == stateStopping {
		status = http.StatusServiceUnavailable
	}
	answerState(w, request, status, answer)
}

// backend is one system that the server uses, and what is known of it.
type backend struct {
	name   string
	spare  bool // the server works without it
	pinger cpodkit.Pinger
	log    *slog.Logger

	mu      sync.Mutex
	asking  chan struct{} // closed when the ping under way has ended; nil without one
	checked time.Time     // zero before the first ping has ended
	failure error
}

// refresh starts a ping, unless one is under way or what is known is new. A
// system that hangs so costs one goroutine, however often anybody asks.
func (b *backend) refresh(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pinger == nil || b.asking != nil || time.Since(b.checked) < pingCached {
		return
	}
	b.asking = make(chan struct{})
	go b.ping(ctx)
}

func (b *backend) ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingTimeout)
	defer cancel()
	err := b.pinger.Ping(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch first := b.checked.IsZero(); {
	case err != nil && first:
		b.log.Warn("a backend does not answer", "backend", b.name, "error", err)
	case first:
		b.log.Info("a backend answers", "backend", b.name)
	case err != nil && b.failure == nil:
		b.log.Warn("a backend is down", "backend", b.name, "error", err)
	case err == nil && b.failure != nil:
		b.log.Info("a backend is up again", "backend", b.name)
	}
	b.failure, b.checked = err, time.Now()
	close(b.asking)
	b.asking = nil
}

// isUp reports what is known, once a ping under way has ended. One that takes
// longer than ctx counts as down.
func (b *backend) isUp(ctx context.Context) bool {
	b.mu.Lock()
	asking := b.asking
	b.mu.Unlock()
	if asking != nil {
		select {
		case <-asking:
		case <-ctx.Done():
			return false
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failure == nil
}
