package ratelimit

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
)

// charge is what a request pays if its answer is one that the policy charges.
type charge struct {
	rule *rule
	key  string
	cost int64
}

// chargingWriter charges an answer when its status is known and nothing of it is
// sent.
type chargingWriter struct {
	http.ResponseWriter

	enforcer *enforcer
	request  *http.Request
	charges  []charge
	begun    bool
	replaced bool // by a refusal: what the handler writes is dropped
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *chargingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *chargingWriter) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		w.begin(status)
	}
	if !w.replaced {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *chargingWriter) Write(p []byte) (int, error) {
	w.begin(http.StatusOK)
	if w.replaced {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom keeps the sendfile path of the standard library's writer open.
func (w *chargingWriter) ReadFrom(src io.Reader) (int64, error) {
	w.begin(http.StatusOK)
	if w.replaced {
		return io.Copy(io.Discard, src)
	}
	return io.Copy(w.ResponseWriter, src)
}

// Flush is FlushError for a handler that asks for an http.Flusher.
func (w *chargingWriter) Flush() { _ = w.FlushError() }

// FlushError sends what there is, which begins the answer.
func (w *chargingWriter) FlushError() error {
	w.begin(http.StatusOK)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

var errRefused = errors.New("ratelimit: the request was refused")

// Hijack charges for a change of protocols. A connection that cannot be paid for is
// closed: no answer can be written to it any more.
func (w *chargingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.replaced {
		return nil, nil, errRefused
	}
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil || w.begun {
		return conn, buffered, err
	}
	w.begun = true
	if w.charge(http.StatusSwitchingProtocols) != nil {
		w.replaced = true
		return nil, nil, errors.Join(errRefused, conn.Close())
	}
	return conn, buffered, nil
}

// serve charges also an answer that the handler leaves empty. One that it leaves by
// a panic is charged as the error that it becomes, and not replaced: what is
// sent for it, if anything is, is decided further out.
func (w *chargingWriter) serve(next http.Handler) {
	returned := false
	defer func() {
		if !returned && !w.begun {
			w.begun = true
			w.charge(http.StatusInternalServerError)
		}
	}()
	next.ServeHTTP(w, w.request)
	returned = true
	w.begin(http.StatusOK)
}

func (w *chargingWriter) begin(status int) {
	if w.begun {
		return
	}
	w.begun = true
	refused := w.charge(status)
	if refused == nil {
		return
	}
	w.replaced = true
	for _, name := range []string{"Www-Authenticate", "Location", "Set-Cookie", "Allow"} {
		w.Header().Del(name)
	}
	refused.write(w.ResponseWriter, w.request)
}

// charge takes the tokens. A client that has gone pays all the same.
func (w *chargingWriter) charge(status int) *refusal {
	if !slices.ContainsFunc(w.charges, func(c charge) bool { return c.rule.ChargeWhen(status) }) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.request.Context()), takeTime)
	defer cancel()
	var refused *refusal
	for _, c := range w.charges {
		if !c.rule.ChargeWhen(status) {
			continue
		}
		if f := w.enforcer.limiter.charge(ctx, w.Header(), c); refused == nil {
			refused = f
		}
	}
	return refused
}

// charge takes the tokens of c, and says so in the fields of h.
func (l *Limiter) charge(ctx context.Context, h http.Header, c charge) *refusal {
	p := c.rule
	d, err := l.Take(ctx, c.key, p.Limit, c.cost)
	if err != nil {
		return p.failed(h, err)
	}
	if p.Shadow {
		p.tried(h, d.Allowed)
		return nil
	}
	addField(h, policyField, []string{p.item})
	addField(h, limitField, []string{
		string(appendLimitItem(nil, p.quotedName, d.Remaining, effectiveWindow(p.Limit, d.State))),
	})
	if !d.Allowed {
		p.outcomes.add(limited)
		return p.limited(d.State)
	}
	p.outcomes.add(allowed)
	return nil
}

// Charge takes one token for a request out of the bucket of key, for a handler that
// learns only during its work what to count, such as a wrong password for one
// account. tokens and window are those of a [Limit] with this name. The bucket is
// no other's: keys of different names never meet.
//
// It sets the RateLimit fields, as [Limiter.Middleware] does, and returns
// rate_limited when the bucket is empty. When the driver fails it returns nil and
// sets Cpod-RateLimit. A limit out of bounds is an internal error. A client that
// has gone pays too; the driver has 5 s.
func (l *Limiter) Charge(w http.ResponseWriter, r *http.Request, name, key string, tokens int64, window time.Duration) error {
	p, err := newRule(Policy{Limit: Limit{name, tokens, window}, Key: ByFunc(appendClient)}, nil, l.counts)
	if err != nil {
		return cpodkit.Errorf(cpodkit.CodeInternal, "The limit of this call is malformed.").WithCause(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), takeTime)
	defer cancel()
	refused := l.charge(ctx, w.Header(), charge{&p, string(p.keys.append(nil, []byte(key))), 1})
	if refused == nil {
		return nil
	}
	cpodkit.RecordFromContext(r.Context()).NoteLimit(p.Limit.Name)
	return refused.err
}
