package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// request is one HTTP/1.1 request, ready to send.
type request struct {
	head []byte // with the empty line at its end
	body [3][]byte
}

// conn is one connection of a client. It does little, because client and server
// share the processors: what it costs counts for both servers and pulls their
// ratio towards 1.
type conn struct {
	net.Conn
	in  *bufio.Reader
	out net.Buffers
}

func dial(ctx context.Context, address string) (*conn, error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, in: bufio.NewReaderSize(c, 256<<10)}, nil
}

// do sends a request and reads the answer. It returns the body when the answer
// is not a 2xx, or when keep is set.
func (c *conn) do(r request, keep bool) (status int, body []byte, err error) {
	c.out = append(c.out[:0], r.head)
	for _, part := range r.body {
		if len(part) > 0 {
			c.out = append(c.out, part)
		}
	}
	out := c.out
	if _, err := out.WriteTo(c.Conn); err != nil {
		return 0, nil, err
	}
	status, length, err := c.header()
	if err != nil {
		return 0, nil, err
	}
	keep = keep || status/100 != 2
	if length >= 0 {
		body, err = c.part(nil, length, keep)
		return status, body, err
	}
	for { // chunks (RFC 9112 section 7.1), without trailers
		line, err := c.line()
		if err != nil {
			return 0, nil, err
		}
		size, err := strconv.ParseInt(string(line), 16, 32)
		if err != nil {
			return 0, nil, fmt.Errorf("chunk size %q", line)
		}
		if body, err = c.part(body, int(size), keep); err != nil {
			return 0, nil, err
		}
		if _, err := c.line(); err != nil {
			return 0, nil, err
		}
		if size == 0 {
			return status, body, nil
		}
	}
}

var errHeader = errors.New("the answer is not HTTP/1.1 as the servers of net/http write it")

// header reads the head of an answer; a length of -1 stands for chunks.
func (c *conn) header() (status, length int, err error) {
	line, err := c.line()
	if err != nil {
		return 0, 0, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, 0, errHeader
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, errHeader
	}
	for {
		line, err := c.line()
		if err != nil {
			return 0, 0, err
		}
		if len(line) == 0 {
			return status, length, nil
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, 0, errHeader
			}
		} else if bytes.Equal(line, []byte("Transfer-Encoding: chunked")) {
			length = -1
		}
	}
}

func (c *conn) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	return bytes.TrimSuffix(line, []byte("\r\n")), err
}

// part reads n bytes, and appends them to body or drops them.
func (c *conn) part(body []byte, n int, keep bool) ([]byte, error) {
	if !keep {
		_, err := c.in.Discard(n)
		return body, err
	}
	part := make([]byte, n)
	_, err := io.ReadFull(c.in, part)
	return append(body, part...), err
}
