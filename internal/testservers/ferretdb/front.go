package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"

	"go.mongodb.org/mongo-driver/x/bsonx/bsoncore"
)

// front passes messages on between clients and FerretDB, writes one at a time.
type front struct {
	dial    func() (net.Conn, error)
	writing sync.Mutex
}

// serve takes connections until ctx ends.
func (f *front) serve(ctx context.Context, ln net.Listener) {
	context.AfterFunc(ctx, func() { ln.Close() })
	for {
		client, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer client.Close()
			server, err := f.dial()
			if err != nil {
				return
			}
			defer server.Close()
			// A client that leaves ends what it has begun.
			for f.exchange(client, server) == nil {
			}
		}()
	}
}

// The layout of a message
// (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/).
const (
	headerSize = 16
	flagsSize  = 4
	opMsg      = 2013
	maxMessage = 64 << 20
)

// exchange passes on one request and its answer.
func (f *front) exchange(client, server net.Conn) error {
	request, err := read(client)
	if err != nil {
		return err
	}
	command, statements := parse(request)
	switch command {
	case "update", "insert", "delete", "findAndModify", "findandmodify":
		f.writing.Lock()
		defer f.writing.Unlock()
	}
	var answer []byte
	if command == "update" && len(statements) > 0 {
		answer, err = updates(server, request, statements)
	} else {
		answer, err = ask(server, request)
	}
	if err != nil {
		return err
	}
	_, err = client.Write(answer)
	return err
}

func ask(server net.Conn, request []byte) ([]byte, error) {
	if _, err := server.Write(request); err != nil {
		return nil, err
	}
	return read(server)
}

func read(r io.Reader) ([]byte, error) {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(header)
	if size < headerSize || size > maxMessage {
		return nil, errors.New("the message has no size that can be")
	}
	message := append(header, make([]byte, size-headerSize)...)
	_, err := io.ReadFull(r, message[headerSize:])
	return message, err
}

// parse returns the command of a message, and its statements when they come as a
// sequence of documents.
func parse(message []byte) (command string, statements []bsoncore.Document) {
	if len(message) < headerSize+flagsSize || binary.LittleEndian.Uint32(message[12:]) != opMsg {
		return "", nil
	}
	for rest := message[headerSize+flagsSize:]; len(rest) > 0; {
		kind := rest[0]
		rest = rest[1:]
		if kind == 0 {
			body, after, ok := bsoncore.ReadDocument(rest)
			first, err := body.IndexErr(0)
			if !ok || err != nil {
				return "", nil
			}
			command, rest = first.Key(), after
			continue
		}
		size, inner, ok := bsoncore.ReadLength(rest)
		if !ok || int(size) > len(rest) || size < 4 {
			return "", nil
		}
		inner, rest = inner[:size-4], rest[size:]
		_, inner, _ = bytes.Cut(inner, []byte{0}) // behind its name
		for len(inner) > 0 {
			var statement bsoncore.Document
			if statement, inner, ok = bsoncore.ReadDocument(inner); !ok {
				return "", nil
			}
			statements = append(statements, statement)
		}
	}
	return command, statements
}

// body returns the document of a message that is none of a sequence.
func body(message []byte) bsoncore.Document {
	for rest := message[headerSize+flagsSize:]; len(rest) > 0; {
		if rest[0] == 0 {
			document, _, _ := bsoncore.ReadDocument(rest[1:])
			return document
		}
		size, _, _ := bsoncore.ReadLength(rest[1:])
		rest = rest[1+size:]
	}
	return nil
}

// updates carries out the statements of an update one by one, and answers for all.
func updates(server net.Conn, request []byte, statements []bsoncore.Document) ([]byte, error) {
	head := body(request)
	ordered, given := head.Lookup("ordered").BooleanOK()
	var matched, modified int32
	var upserted, failed []bsoncore.Document
	for i, statement := range statements {
		answer, err := ask(server, message(request, head, statement))
		if err != nil {
			return nil, err
		}
		result := body(answer)
		if ok, _ := result.Lookup("ok").AsInt64OK(); ok != 1 {
			return answer, nil
		}
		n, _ := result.Lookup("n").Int32OK()
		m, _ := result.Lookup("nModified").Int32OK()
		matched, modified = matched+n, modified+m
		upserted = append(upserted, indexed(result, "upserted", i)...)
		errs := indexed(result, "writeErrors", i)
		failed = append(failed, errs...)
		if len(errs) > 0 && (ordered || !given) {
			break
		}
	}
	at, result := bsoncore.AppendDocumentStart(nil)
	result = bsoncore.AppendInt32Element(result, "n", matched)
	result = bsoncore.AppendInt32Element(result, "nModified", modified)
	result = appendArray(result, "upserted", upserted)
	result = appendArray(result, "writeErrors", failed)
	result = bsoncore.AppendDoubleElement(result, "ok", 1)
	result, err := bsoncore.AppendDocumentEnd(result, at)
	if err != nil {
		return nil, err
	}
	answer := message(request, result, nil)
	copy(answer[8:12], request[4:8]) // it answers that request
	return answer, nil
}

// message returns one with the header of another, a body, and perhaps a sequence
// of one update.
func message(like []byte, body, update bsoncore.Document) []byte {
	out := append([]byte(nil), like[:headerSize]...)
	out = append(out, 0, 0, 0, 0, 0)
	out = append(out, body...)
	if update != nil {
		const name = "updates\x00"
		out = append(out, 1)
		out = binary.LittleEndian.AppendUint32(out, uint32(4+len(name)+len(update)))
		out = append(out, name...)
		out = append(out, update...)
	}
	binary.LittleEndian.PutUint32(out, uint32(len(out)))
	return out
}

// indexed returns the documents of an array with another index.
func indexed(result bsoncore.Document, name string, index int) []bsoncore.Document {
	array, ok := result.Lookup(name).ArrayOK()
	if !ok {
		return nil
	}
	values, _ := array.Values()
	var out []bsoncore.Document
	for _, value := range values {
		elements, _ := value.Document().Elements()
		at, document := bsoncore.AppendDocumentStart(nil)
		document = bsoncore.AppendInt32Element(document, "index", int32(index))
		for _, e := range elements {
			if e.Key() != "index" {
				document = append(document, e...)
			}
		}
		document, _ = bsoncore.AppendDocumentEnd(document, at)
		out = append(out, document)
	}
	return out
}

func appendArray(out []byte, name string, documents []bsoncore.Document) []byte {
	if len(documents) == 0 {
		return out
	}
	values := make([]bsoncore.Value, len(documents))
	for i, d := range documents {
		values[i] = bsoncore.Value{Type: 0x03, Data: d}
	}
	return bsoncore.AppendArrayElement(out, name, bsoncore.BuildArray(nil, values...))
}
