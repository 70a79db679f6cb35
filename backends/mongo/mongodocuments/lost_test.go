package mongodocuments_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/mongo/mongodocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// A write whose answer is lost is carried out once, and told as unavailable:
// sent again by itself it could undo what another has written in between.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	uri, err := url.Parse(newDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	direct := open(t, uri.String())
	defer direct.Close()
	l := lossy{t: t, target: uri.Host}
	uri.Host = l.listen()
	var r recorder
	d, err := mongodocuments.New(connect(t, uri.String(), r.configure), mongodocuments.WithTimeLimit(watchdog))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()

	first, second := set("k", `"1"`), set("k", `"2"`)
	second.IfVersion = first.Record.Version
	gone := remove("k")
	gone.IfVersion = second.Record.Version
	absent := set("k", `"3"`)
	absent.IfAbsent = true
	apply := func(op documents.Op) error { return errors.Join(d.Apply(t.Context(), things, []documents.Op{op})...) }
	for _, test := range []struct {
		command string
		op      documents.Op
		want    string
	}{{"update", first, `"1"`}, {"update", second, `"2"`}, {"delete", gone, ""}, {"insert", absent, `"3"`}} {
		r.take()
		l.lose.Store(&test.command)
		if err := apply(test.op); !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("%s: %v, want unavailable", test.command, err)
		}
		if l.lose.Load() != nil {
			t.Fatalf("%s: no answer was lost", test.command)
		}
		if n := len(r.take()); n != 1 {
			t.Errorf("%s was sent %d times", test.command, n)
		}
		record, err := direct.Get(t.Context(), things, "k")
		if string(record.Value) != test.want || (test.want == "") != errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("%s: then there is %s, %v; want %s", test.command, record.Value, err, test.want)
		}
		if _, err := d.Get(t.Context(), things, "k"); errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("%s: the driver does not go on: %v", test.command, err)
		}
	}
}

// lossy stands before a server, and loses the answer to one command.
type lossy struct {
	t      *testing.T
	target string
	lose   atomic.Pointer[string]
}

func (l *lossy) listen() string {
	var config net.ListenConfig
	ln, err := config.Listen(l.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			go l.serve(client)
		}
	}()
	return ln.Addr().String()
}

func (l *lossy) serve(client net.Conn) {
	defer client.Close()
	var dialer net.Dialer
	server, err := dialer.DialContext(l.t.Context(), "tcp", l.target)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		request, err := pass(client, server)
		if err != nil {
			return
		}
		command := l.lose.Load()
		lost := command != nil && bytes.Contains(request, []byte("\x02"+*command+"\x00"))
		to := io.Writer(client)
		if lost {
			to = io.Discard
		}
		if _, err := pass(server, to); err != nil {
			return
		}
		if lost {
			l.lose.Store(nil)
			return
		}
	}
}

// pass passes on one message, whose first four bytes are its size.
func pass(from io.Reader, to io.Writer) ([]byte, error) {
	size := make([]byte, 4)
	if _, err := io.ReadFull(from, size); err != nil {
		return nil, err
	}
	message := make([]byte, binary.LittleEndian.Uint32(size))
	copy(message, size)
	if _, err := io.ReadFull(from, message[4:]); err != nil {
		return nil, err
	}
	_, err := to.Write(message)
	return message, err
}

// Collections that could be taken for others are refused.
func TestAmbiguousCollections(t *testing.T) {
	t.Parallel()
	d := open(t, newDatabase(t))
	defer d.Close()
	for _, in := range []documents.CollectionID{{Space: "t/\tx/", Name: "c"}, {Space: "t/", Name: "c\tt/"}, {Space: "t/\x00", Name: "c"}} {
		_, getErr := d.Get(t.Context(), in, "k")
		_, queryErr := d.Query(t.Context(), in, documents.DriverQuery{Limit: 1})
		_, spacesErr := d.Spaces(t.Context(), in.Space, in.Name, 1)
		for _, err := range []error{getErr, queryErr, spacesErr, d.Apply(t.Context(), in, []documents.Op{set("k", "1")})[0]} {
			if err == nil || !strings.Contains(err.Error(), "control character") {
				t.Errorf("%q: %v", in, err)
			}
		}
	}
}
