package openfeature

import (
	"bufio"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
)

const (
	// silence ends a stream on which nothing comes, not even a comment.
	// A call for all flags that takes longer fails, too.
	silence = 2 * time.Minute

	longestPause = 30 * time.Second
	maxEventLine = 64 << 10
)

// eventStream is where a server says that its stream is: a URL, or a path on an origin.
type eventStream struct {
	Type     string `json:"type"`
	URL      string `json:"url"`
	Endpoint *struct {
		Origin     string `json:"origin"`
		RequestURI string `json:"requestUri"`
	} `json:"endpoint"`
}

// streamOf returns the URL of the first stream of server-sent events, "" without one.
func (r *remote) streamOf(streams []eventStream) string {
	for _, s := range streams {
		target := s.URL
		if s.Endpoint != nil {
			if target = s.Endpoint.Origin; target == "" {
				target = r.base.Scheme + "://" + r.base.Host
			}
			target += s.Endpoint.RequestURI
		}
		if u, err := url.Parse(target); s.Type == "sse" && err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
			return target
		}
	}
	return ""
}

// Watch implements [Watcher], until the stream breaks. The caller tries again; the more
// often that fails, the longer Watch waits first.
func (r *remote) Watch(ctx context.Context) iter.Seq2[flags.Change, error] {
	return func(yield func(flags.Change, error) bool) {
		r.mu.Lock()
		stream, pause := r.stream, time.Duration(0)
		if r.failures > 0 {
			pause = min(time.Second<<min(r.failures-1, 10), longestPause)
		}
		r.mu.Unlock()
		if !waits(ctx, pause) {
			return
		}
		follow := r.follow
		if stream == "" {
			follow = r.ask
		}
		stopped := false
		err := follow(ctx, stream, func(version string) bool {
			stopped = !yield(flags.Change{Version: version}, nil)
			return !stopped
		})
		if stopped || ctx.Err() != nil {
			return
		}
		r.note(err)
		yield(flags.Change{}, err)
	}
}

// waits reports false when ctx ends before the pause.
func waits(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// note keeps whether changes are heard of.
func (r *remote) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err = err; err == nil {
		r.failures = 0
	} else {
		r.failures++
	}
}

// Ping returns why changes are not heard of. It asks no server.
func (r *remote) Ping(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// ask polls a server that has no stream, until that fails or it has one.
func (r *remote) ask(ctx context.Context, _ string, changed func(version string) bool) error {
	for waits(ctx, r.poll) {
		isOther, err := r.all(ctx)
		if err != nil {
			return err
		}
		r.note(nil)
		r.mu.Lock()
		etag, hasStream := r.etag, r.stream != ""
		r.mu.Unlock()
		if isOther && !changed(etag) || hasStream {
			return nil
		}
	}
	return ctx.Err()
}

// follow reads the stream until it ends. What was missed before comes first.
func (r *remote) follow(ctx context.Context, stream string, changed func(version string) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	quiet := time.AfterFunc(silence, cancel)
	defer quiet.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, stream, nil)
	if err != nil {
		return err
	}
	r.mu.Lock()
	lastID := r.lastID
	r.mu.Unlock()
	request.Header.Set("Accept", "text/event-stream")
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	response, err := r.send(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return refusalOf(response.StatusCode)
	}
	// What changed before the stream was open, it may not say.
	if isOther, err := r.all(ctx); err != nil {
		return err
	} else if isOther && !changed("") {
		return nil
	}
	r.note(nil)
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxEventLine)
	for e := (event{}); lines.Scan(); {
		quiet.Reset(silence)
		if lines.Text() != "" {
			e.read(lines.Text())
			continue
		}
		if e.kind == "end" {
			break
		}
		if e.isRefetch() {
			r.mu.Lock()
			r.lastID = e.id
			r.mu.Unlock()
			if !changed(e.id) {
				return nil
			}
		}
		e = event{}
	}
	if err := lines.Err(); err != nil {
		return unreached(err)
	}
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The stream of the flag server has ended.")
}

// event is a server-sent event.
type event struct{ kind, id, data string }

// read takes a line (WHATWG HTML section 9.2.6).
func (e *event) read(line string) {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch name {
	case "event":
		e.kind = value
	case "id":
		e.id = value
	case "data":
		e.data += value
	}
}

// isRefetch reports whether the event says that flags have changed. Others are ignored.
func (e *event) isRefetch() bool {
	var data struct {
		Type string `json:"type"`
	}
	return json.Unmarshal([]byte(e.data), &data) == nil && data.Type == "refetchEvaluation"
}
