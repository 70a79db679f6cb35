package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"sync/atomic"

	"github.com/cpodkit/cpodkit/bench/pocketbase/workload"
)

// ours is the reference server with an app that has a token.
type ours struct {
	*server
	token string
}

const adminKey = "cpod_0123456789abcdefghijklmnopqrstuv"

func startOurs(ctx context.Context, name, program, dir string) (*ours, error) {
	s, out, err := start(ctx, name, program, dir, func(address string) []string {
		return []string{
			"CPOD_LISTEN=" + address, "CPOD_OPS_LISTEN=127.0.0.1:0", "CPOD_DATA_DIR=" + dir,
			"CPOD_ADMIN_TOKEN=" + adminKey, "CPOD_INDEXES=" + workload.Indexed + ":status,-visits",
		}
	})
	if err != nil {
		return nil, err
	}
	o := &ours{server: s}
	if _, err := out.ReadString('\n'); err != nil { // it says where it serves
		return o, fmt.Errorf("%s: no start: %w", name, err)
	}
	drain(out)
	if err := o.authenticate(ctx); err != nil {
		return o, fmt.Errorf("%s: %w", name, err)
	}
	if err := o.fill(ctx); err != nil {
		return o, fmt.Errorf("%s: %w", name, err)
	}
	return o, nil
}

// authenticate registers an app and gets a token for it, as every app does.
func (o *ours) authenticate(ctx context.Context) error {
	o.token = adminKey
	var app struct {
		Secret string `json:"client_secret"`
	}
	err := o.call(ctx, "/v1/oauth/apps", map[string]any{
		"client_id": "bench", "name": "Bench", "app_type": "service",
		"declared_scopes": []string{"storage.private.read", "storage.private.write"},
	}, &app)
	if err != nil {
		return err
	}
	var granted struct {
		Token string `json:"access_token"`
	}
	o.token = "" // the form holds the credentials
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"bench"}, "client_secret": {app.Secret}}
	err = o.post(ctx, "/v1/oauth/token", "application/x-www-form-urlencoded", []byte(form.Encode()), &granted)
	o.token = granted.Token
	return err
}

// fill stores the documents that are there from the start.
func (o *ours) fill(ctx context.Context) error {
	const batch = 500
	for _, collection := range workload.Collections() {
		for from := 0; from < workload.Documents; from += batch {
			ops := make([]map[string]any, batch)
			for i := range ops {
				ops[i] = map[string]any{"op": "set", "key": workload.Key(from + i), "value": workload.Members(from + i)}
			}
			var done struct {
				Succeeded int `json:"succeeded"`
			}
			err := o.call(ctx, "/v1/storage/db/"+collection+"/batch", map[string]any{"ops": ops}, &done)
			if err != nil {
				return err
			}
			if done.Succeeded != batch {
				return fmt.Errorf("%d of %d documents stored", done.Succeeded, batch)
			}
		}
	}
	return nil
}

// call posts a JSON body and decodes the answer.
func (o *ours) call(ctx context.Context, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return o.post(ctx, path, "application/json", text, into)
}

func (o *ours) post(ctx context.Context, path, contentType string, body []byte, into any) error {
	c, err := dial(ctx, o.address)
	if err != nil {
		return err
	}
	defer c.Close()
	status, answer, err := c.do(request{head: o.head("POST", path, contentType, len(body)), body: [3][]byte{body}}, true)
	if err != nil {
		return err
	}
	if status/100 != 2 {
		return fmt.Errorf("%s: %d: %.300s", path, status, answer)
	}
	return json.Unmarshal(answer, into)
}

// head returns the head of a request with a body of so many bytes.
func (o *ours) head(method, path, contentType string, length int) []byte {
	b := make([]byte, 0, 1024)
	b = fmt.Appendf(b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, o.address)
	if o.token != "" {
		b = fmt.Appendf(b, "Authorization: Bearer %s\r\n", o.token)
	}
	if contentType != "" {
		b = fmt.Appendf(b, "Content-Type: %s\r\nContent-Length: %d\r\n", contentType, length)
	}
	return append(b, "\r\n"...)
}

func (o *ours) setDocument() side {
	var count atomic.Int64
	bodies := documentBodies()
	return side{server: o.server, next: func() request {
		n := nextWritten(&count)
		body := bodies[n%len(bodies)]
		path := "/v1/storage/db/" + workload.Written + "/" + workload.Key(n)
		return request{head: o.head("PUT", path, "application/json", len(body)), body: [3][]byte{body}}
	}}
}

func (o *ours) getDocument() side {
	var count atomic.Int64
	return side{server: o.server, check: mentions(`"lorem ipsum`, `"visits":`), next: func() request {
		path := "/v1/storage/db/" + workload.Plain + "/" + workload.Key(nextRead(&count))
		return request{head: o.head("GET", path, "", 0)}
	}}
}

func (o *ours) query(collection string) side {
	var count atomic.Int64
	statuses := workload.Statuses()
	return side{server: o.server, check: items, next: func() request {
		status := statuses[count.Add(1)%int64(len(statuses))]
		body := fmt.Appendf(nil, `{"filter":{"status":%q},"sort":{"visits":-1},"limit":%d}`, status, pageSize)
		path := "/v1/storage/db/" + collection + "/query"
		return request{head: o.head("POST", path, "application/json", len(body)), body: [3][]byte{body}}
	}}
}

const filesPath = "/v1/storage/files/"

func (o *ours) putFile(content []byte) side {
	var count atomic.Int64
	return side{server: o.server, next: func() request {
		path := fmt.Sprintf("%sput-%d/%d", filesPath, len(content), count.Add(1))
		return request{head: o.head("PUT", path, "application/octet-stream", len(content)), body: [3][]byte{content}}
	}, clear: clearLarge(content, filepath.Join(o.dir, "files", "objects", "default", "apps", "bench", fmt.Sprint("put-", len(content))))}
}

func (o *ours) getFile(ctx context.Context, content []byte) (side, error) {
	folder := fmt.Sprintf("%sget-%d/", filesPath, len(content))
	c, err := dial(ctx, o.address)
	if err != nil {
		return side{}, err
	}
	defer c.Close()
	for n := range storedFiles {
		r := request{head: o.head("PUT", fmt.Sprint(folder, n), "application/octet-stream", len(content)), body: [3][]byte{content}}
		if status, answer, err := c.do(r, true); err != nil || status/100 != 2 {
			return side{}, fmt.Errorf("store a file: %d %s %w", status, answer, err)
		}
	}
	var count atomic.Int64
	return side{server: o.server, check: equals(content), next: func() request {
		return request{head: o.head("GET", fmt.Sprint(folder, count.Add(1)%storedFiles), "", 0)}
	}}, nil
}
