package httpserver

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/cpodkit/cpodkit"
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

// Serve serves on ln until ctx ends. Then it takes no new connection, tells the
// requests under way that the server stops (see [cpodkit.Stopping]), gives them
// grace to finish, and cuts what is left. It sets srv.BaseContext. It returns nil
// after a clean shutdown, [context.DeadlineExceeded] when requests had to be
// cut, and else the error of the listener.
func Serve(ctx context.Context, srv *http.Server, ln net.Listener, grace time.Duration) error {
	base := cpodkit.WithStopping(context.WithoutCancel(ctx), ctx.Done())
	srv.BaseContext = func(net.Listener) context.Context { return base }
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := srv.Shutdown(drain)
	if err != nil {
		err = errors.Join(err, srv.Close())
	}
	if stopped := <-failed; !errors.Is(stopped, http.ErrServerClosed) {
		err = errors.Join(err, stopped)
	}
	return err
}
