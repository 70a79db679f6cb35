package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
)

// queue passes the commands of all connections on, one at a time. In MongoDB a
// write that names one document finds and changes it in one step; FerretDB reads,
// decides and writes in three, and would lose one of two that meet.
type queue struct {
	target string // a socket
	turn   sync.Mutex
}

func (q *queue) serve(front net.Listener) {
	for {
		client, err := front.Accept()
		if err != nil {
			return
		}
		go q.pass(client)
	}
}

func (q *queue) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", q.target)
	if err != nil {
		return
	}
	defer server.Close()
	requests, replies := bufio.NewReader(client), bufio.NewReader(server)
	for {
		request, err := readMessage(requests)
		if err != nil {
			return
		}
		reply, err := q.ask(server, replies, request)
		if err != nil {
			return
		}
		if _, err := client.Write(reply); err != nil {
			return
		}
	}
}

func (q *queue) ask(server net.Conn, replies *bufio.Reader, request []byte) ([]byte, error) {
	q.turn.Lock()
	defer q.turn.Unlock()
	if _, err := server.Write(request); err != nil || !wantsReply(request) {
		return nil, err
	}
	return readMessage(replies)
}

const (
	headerSize = 16
	maxMessage = 48_000_000

	opMsg      = 2013
	moreToCome = 1 << 1
)

// wantsReply reports whether the server answers: not to an OP_MSG of an
// unacknowledged write
// (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/).
func wantsReply(message []byte) bool {
	if binary.LittleEndian.Uint32(message[12:]) != opMsg || len(message) < headerSize+4 {
		return true
	}
	return binary.LittleEndian.Uint32(message[headerSize:])&moreToCome == 0
}

func readMessage(from *bufio.Reader) ([]byte, error) {
	size, err := from.Peek(4)
	if err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(size)
	if n < headerSize || n > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	message := make([]byte, n)
	_, err = io.ReadFull(from, message)
	return message, err
}
