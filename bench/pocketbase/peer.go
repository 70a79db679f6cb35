package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/cpodkit/cpodkit/bench/pocketbase/workload"
)

// peer is PocketBase with the tokens of a superuser.
type peer struct {
	*server
	Auth string `json:"auth"`
	File string `json:"file"`
}

func startPeer(ctx context.Context, name, program, dir, synchronous string) (*peer, error) {
	s, out, err := start(ctx, name, program, dir, func(address string) []string {
		return []string{"PEER_LISTEN=" + address, "PEER_DIR=" + dir, "PEER_SYNCHRONOUS=" + synchronous}
	})
	if err != nil {
		return nil, err
	}
	p := &peer{server: s}
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			return p, fmt.Errorf("%s: no start: %w", name, err)
		}
		if strings.HasPrefix(line, "{") {
			drain(out)
			return p, json.Unmarshal([]byte(line), p)
		}
	}
}

func (p *peer) head(method, path, contentType string, length int) []byte {
	b := make([]byte, 0, 1024)
	b = fmt.Appendf(b, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", method, path, p.address, p.Auth)
	if contentType != "" {
		b = fmt.Appendf(b, "Content-Type: %s\r\nContent-Length: %d\r\n", contentType, length)
	}
	return append(b, "\r\n"...)
}

func records(collection string) string { return "/api/collections/" + collection + "/records" }

// setDocument updates a record that is there and creates one that is not: it has
// no call that does either.
func (p *peer) setDocument() side {
	var count atomic.Int64
	bodies := documentBodies()
	return side{server: p.server, next: func() request {
		n := nextWritten(&count)
		body := bodies[n%len(bodies)]
		if n < workload.Documents {
			path := records(workload.Written) + "/" + workload.Key(n)
			return request{head: p.head("PATCH", path, "application/json", len(body)), body: [3][]byte{body}}
		}
		id := fmt.Appendf(nil, `{"id":%q,`, workload.Key(n))
		head := p.head("POST", records(workload.Written), "application/json", len(id)+len(body)-1)
		return request{head: head, body: [3][]byte{id, body[1:]}}
	}}
}

func (p *peer) getDocument() side {
	var count atomic.Int64
	return side{server: p.server, check: mentions(`"lorem ipsum`, `"visits":`), next: func() request {
		return request{head: p.head("GET", records(workload.Plain)+"/"+workload.Key(nextRead(&count)), "", 0)}
	}}
}

// query asks for no total, which would cost another pass over the records.
func (p *peer) query(collection string) side {
	var paths []string
	for _, status := range workload.Statuses() {
		paths = append(paths, records(collection)+"?"+url.Values{
			"filter": {fmt.Sprintf("status=%q", status)}, "sort": {"-visits"},
			"perPage": {fmt.Sprint(pageSize)}, "skipTotal": {"true"},
		}.Encode())
	}
	var count atomic.Int64
	return side{server: p.server, check: items, next: func() request {
		return request{head: p.head("GET", paths[count.Add(1)%int64(len(paths))], "", 0)}
	}}
}

const boundary = "bench-boundary-4f0c2a"

// upload is the creation of a record with a file.
func (p *peer) upload(collection string, content []byte) request {
	const before = "--" + boundary + "\r\n" +
		`Content-Disposition: form-data; name="file"; filename="f.bin"` + "\r\n" +
		"Content-Type: application/octet-stream\r\n\r\n"
	const after = "\r\n--" + boundary + "--\r\n"
	length := len(before) + len(content) + len(after)
	return request{
		head: p.head("POST", records(collection), "multipart/form-data; boundary="+boundary, length),
		body: [3][]byte{[]byte(before), content, []byte(after)},
	}
}

func (p *peer) putFile(content []byte) side {
	return side{
		server: p.server,
		next:   func() request { return p.upload(workload.Uploads, content) },
		clear:  clearLarge(content, filepath.Join(p.dir, "storage", workload.Uploads)),
	}
}

func (p *peer) getFile(ctx context.Context, content []byte) (side, error) {
	c, err := dial(ctx, p.address)
	if err != nil {
		return side{}, err
	}
	defer c.Close()
	paths := make([]string, storedFiles)
	for n := range paths {
		status, answer, err := c.do(p.upload(workload.Files, content), true)
		if err != nil || status/100 != 2 {
			return side{}, fmt.Errorf("store a file: %d %s %w", status, answer, err)
		}
		var record struct {
			ID   string `json:"id"`
			File string `json:"file"`
		}
		if err := json.Unmarshal(answer, &record); err != nil {
			return side{}, err
		}
		paths[n] = fmt.Sprintf("/api/files/%s/%s/%s?token=%s", workload.Files, record.ID, record.File, p.File)
	}
	var count atomic.Int64
	return side{server: p.server, check: equals(content), next: func() request {
		return request{head: p.head("GET", paths[count.Add(1)%storedFiles], "", 0)}
	}}, nil
}
