package storagetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

func unsupported() error { return errors.ErrUnsupported }

// httpSubject is a primitive over HTTP.
type httpSubject interface {
	subject
	name() string
}

// page is the answer of a list, of a query, and of a read in JSON.
type page struct {
	Items []struct {
		Key   string
		Value json.RawMessage
	}
	NextCursor string
}

func (p page) keys() []string {
	var keys []string
	for _, item := range p.Items {
		keys = append(keys, item.Key)
	}
	return keys
}

func decode[T any](r reply, err error) (T, error) {
	var v T
	if err == nil && json.Unmarshal([]byte(r.body), &v) != nil {
		err = cpodkit.Errorf(cpodkit.CodeInternal, "an answer that is not JSON: %.300s", r.body)
	}
	return v, err
}

func jsonText(v any) string {
	b, _ := json.Marshal(v) // maps and strings always encode
	return string(b)
}

type httpFiles struct{ *caller }

func (httpFiles) name() string          { return "files" }
func (httpFiles) traits() traits        { return traits{folders: true, crossApp: true} }
func (httpFiles) valid(key string) bool { return storage.CheckFileKey(key) == nil }

func (httpFiles) target(a actor, key string) string {
	return "/v1/storage/files/" + escape(key, "/") + tierQuery(a.tier)
}

func (s httpFiles) put(ctx context.Context, a actor, key, value string) error {
	_, err := s.send(ctx, a, "PUT", s.target(a, key), value)
	return err
}

func (s httpFiles) remove(ctx context.Context, a actor, key string) error {
	_, err := s.send(ctx, a, "DELETE", s.target(a, key), "")
	return err
}

func (s httpFiles) looks(a actor, key string) []look {
	read := func(method string, header ...string) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			r, err := s.send(ctx, a, method, s.target(a, key), "", header...)
			return r.body, err
		}
	}
	return []look{
		{"GET", true, read("GET")},
		{"HEAD", false, read("HEAD")},
		{"GET of a range", true, read("GET", "Range", "bytes=0-")},
		{"GET unless it is something", false, read("GET", "If-None-Match", "*")},
	}
}

func (s httpFiles) conditionals(a actor, key string) []call {
	return []call{{"PUT if it is there", func(ctx context.Context) error {
		_, err := s.send(ctx, a, "PUT", s.target(a, key), "overwritten", "If-Match", "*")
		return err
	}}}
}

func (s httpFiles) list(ctx context.Context, a actor, prefix string, limit int) ([]string, error) {
	var keys []string
	target := "/v1/storage/files" + tierQuery(a.tier) + "&limit=" + strconv.Itoa(limit)
	for at := "&prefix=" + url.QueryEscape(prefix); ; {
		p, err := decode[page](s.send(ctx, a, "GET", target+at, ""))
		keys = append(keys, p.keys()...)
		if err != nil || p.NextCursor == "" || len(keys) > mostKeys {
			return keys, err
		}
		at = "&cursor=" + p.NextCursor
	}
}

type httpDocuments struct{ *caller }

func (httpDocuments) name() string          { return "documents" }
func (httpDocuments) traits() traits        { return traits{crossApp: true} }
func (httpDocuments) valid(key string) bool { return storage.CheckKey(key) == nil }

const collectionPath = "/v1/storage/db/" + collection + "/"

func (httpDocuments) target(a actor, key string) string {
	return collectionPath + escape(key, "") + tierQuery(a.tier)
}

func (s httpDocuments) put(ctx context.Context, a actor, key, value string) error {
	_, err := s.send(ctx, a, "PUT", s.target(a, key), string(document(value)), "Content-Type", "application/json")
	return err
}

func (s httpDocuments) remove(ctx context.Context, a actor, key string) error {
	_, err := s.send(ctx, a, "DELETE", s.target(a, key), "")
	return err
}

func (s httpDocuments) looks(a actor, key string) []look {
	return []look{
		{"GET", true, func(ctx context.Context) (string, error) {
			type d struct{ Value json.RawMessage }
			got, err := decode[d](s.send(ctx, a, "GET", s.target(a, key), ""))
			return valueOf(got.Value), err
		}},
		{"GET unless it is something", false, func(ctx context.Context) (string, error) {
			r, err := s.send(ctx, a, "GET", s.target(a, key), "", "If-None-Match", "*")
			return r.body, err
		}},
	}
}

func (s httpDocuments) conditionals(a actor, key string) []call {
	send := func(method, body string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := s.send(ctx, a, method, s.target(a, key), body, "If-Match", "*")
			return err
		}
	}
	return []call{{"PUT if it is there", send("PUT", "0")}, {"DELETE if it is there", send("DELETE", "")}}
}

func (s httpDocuments) list(ctx context.Context, a actor, prefix string, limit int) ([]string, error) {
	if prefix != "" {
		return nil, unsupported()
	}
	var keys []string
	for body := map[string]any{"limit": limit}; ; {
		p, err := decode[page](s.send(ctx, a, "POST", collectionPath+"query"+tierQuery(a.tier), jsonText(body)))
		keys = append(keys, p.keys()...)
		if err != nil || p.NextCursor == "" || len(keys) > mostKeys {
			return keys, err
		}
		body["cursor"] = p.NextCursor
	}
}

type httpKV struct{ *caller }

func (httpKV) name() string          { return "kv" }
func (httpKV) traits() traits        { return traits{} }
func (httpKV) valid(key string) bool { return storage.CheckKey(key) == nil }

func (s httpKV) call(ctx context.Context, a actor, method, key, below, body string, header ...string) (reply, error) {
	return s.send(ctx, a, method, "/v1/storage/kv/"+escape(key, "")+below+tierQuery(a.tier), body, header...)
}

func (s httpKV) put(ctx context.Context, a actor, key, value string) error {
	_, err := s.call(ctx, a, "PUT", key, "", jsonText(map[string]string{"value": value}))
	return err
}

func (s httpKV) remove(ctx context.Context, a actor, key string) error {
	_, err := s.call(ctx, a, "DELETE", key, "", "")
	return err
}

func (s httpKV) looks(a actor, key string) []look {
	return []look{
		{"GET", true, func(ctx context.Context) (string, error) {
			type entry struct{ Value string }
			got, err := decode[entry](s.call(ctx, a, "GET", key, "", ""))
			return got.Value, err
		}},
		{"HEAD", false, func(ctx context.Context) (string, error) {
			_, err := s.call(ctx, a, "HEAD", key, "", "")
			return "", err
		}},
		{"GET of the ttl", false, func(ctx context.Context) (string, error) {
			r, err := s.call(ctx, a, "GET", key, "/ttl", "")
			return r.body, err
		}},
	}
}

func (s httpKV) conditionals(a actor, key string) []call {
	removeIf := func(ctx context.Context, value string) error {
		_, err := s.send(ctx, a, "DELETE", "/v1/storage/kv/"+escape(key, "")+tierQuery(a.tier)+"&ifValue="+value, "")
		return err
	}
	return []call{
		{"DELETE if it holds a value", func(ctx context.Context) error { return removeIf(ctx, "1") }},
		{"incr, and DELETE if it holds the sum", func(ctx context.Context) error {
			type sum struct{ Value int }
			got, err := decode[sum](s.call(ctx, a, "POST", key, "/incr", `{"by":7}`))
			switch {
			case err != nil:
				return err
			case got.Value != 7:
				return nil // there was something to add to
			}
			if err := removeIf(ctx, "7"); err != nil {
				return cpodkit.Errorf(cpodkit.CodeConflict, "What incr made is not there: %v.", err)
			}
			return removeIf(ctx, "7")
		}},
		{"PUT if absent, twice", func(ctx context.Context) error {
			if _, err := s.call(ctx, a, "PUT", key, "", `{"value":"7","ttl":60}`, "If-None-Match", "*"); err != nil {
				return unlessRefused(err)
			}
			_, err := s.call(ctx, a, "PUT", key, "", `{"value":"8"}`, "If-None-Match", "*")
			if cleanUp := removeIf(ctx, "7"); cleanUp != nil {
				return fmt.Errorf("what PUT made is not there: %w", cleanUp)
			}
			return err
		}},
	}
}

func (s httpKV) list(context.Context, actor, string, int) ([]string, error) {
	return nil, unsupported()
}
