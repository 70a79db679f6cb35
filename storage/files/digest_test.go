package files_test

import (
	"bufio"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
)

// sums are the digests of content, as their headers have them.
func sums(content string) (sha256Sum, sha512Sum, md5Sum string) {
	a, b, c := sha256.Sum256([]byte(content)), sha512.Sum512([]byte(content)), md5.Sum([]byte(content))
	encode := base64.StdEncoding.EncodeToString
	return "sha-256=:" + encode(a[:]) + ":", "sha-512=:" + encode(b[:]) + ":", encode(c[:])
}

// A digest is checked on every way to write a file, whatever the driver: a body that
// has another stores nothing.
func TestDigests(t *testing.T) {
	t.Parallel()
	const content = "the content"
	s256, s512, md5Sum := sums(content)
	other256, other512, otherMD5 := sums("other content")
	for name, driver := range drivers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, driver)
			targets := map[string]string{"/v1/storage/files/k": alice}
			signed := s.sign(alice, `{"key":"k","method":"PUT"}`)
			targets[signed] = ""
			for target, token := range targets {
				write := func(header ...string) int {
					return s.call(token, "PUT", target, content, header...).Code
				}
				for _, good := range [][]string{
					{"Content-Digest", s256}, {"Content-Digest", s512}, {"Content-MD5", md5Sum}, {"Content-Digest", "crc32c=:AAAAAA==:, " + s256 + ",\t" + s512, "Content-MD5", md5Sum},
					{"Content-Digest", "md5=:AAAA:", "Content-Digest", s512}, {"Content-Digest", "sha-256=:" + strings.TrimRight(s256[9:len(s256)-1], "=") + ":"},
					{"Content-Digest", other256 + ", " + s256},
				} {
					if status := write(good...); status != http.StatusOK {
						t.Errorf("PUT %s with %q = %d", target, good, status)
					}
				}
				s.put(alice, "/v1/storage/files/k", "before")
				for _, bad := range [][]string{
					{"Content-Digest", other256}, {"Content-Digest", other512}, {"Content-MD5", otherMD5}, {"Content-Digest", s256 + ", " + other512},
					{"Content-Digest", s256, "Content-MD5", otherMD5}, {"Content-Digest", s256 + ", " + other256},
				} {
					wantProblem(t, s.call(token, "PUT", target, content, bad...), cpodkit.CodeDigestMismatch)
				}
				for _, bad := range [][]string{
					{"Content-Digest", ""}, {"Content-Digest", "sha-256"}, {"Content-Digest", "sha-256=abc"}, {"Content-Digest", "sha-256=:abc:"}, {"Content-Digest", s256 + ","},
					{"Content-Digest", "SHA-256" + s256[7:]}, {"Content-Digest", "md5=:" + md5Sum + ":"}, {"Content-Digest", s256 + ", x"}, {"Content-Digest", "sha-256=:" + s512[9:]},
					{"Content-Digest", s256[:len(s256)-1]}, {"Content-Digest", "sha-256=:*:"}, {"Content-Digest", "sha-256=:A:"},
					{"Content-MD5", ""}, {"Content-MD5", "abc"}, {"Content-MD5", s256}, {"Content-MD5", md5Sum, "Content-MD5", md5Sum}, {"Content-MD5", "AAAA"},
				} {
					wantProblem(t, s.call(token, "PUT", target, content, bad...), cpodkit.CodeBadRequest)
				}
				// A condition that does not hold comes first.
				wantProblem(t, s.call(token, "PUT", target, content, "Content-Digest", other256, "If-None-Match", "*"), cpodkit.CodePreconditionFailed)
				wantProblem(t, s.call(token, "PUT", target, content, "Content-MD5", otherMD5, "If-Match", `"x"`), cpodkit.CodePreconditionFailed)
				if w := s.call(alice, "GET", "/v1/storage/files/k", ""); w.Body.String() != "before" {
					t.Errorf("after refused writes the file holds %q", w.Body)
				}
			}
			wantProblem(t, s.call(alice, "PUT", "/v1/storage/files/new", content, "Content-Digest", other256, "If-None-Match", "*"), cpodkit.CodeDigestMismatch)
			wantProblem(t, s.call(alice, "GET", "/v1/storage/files/new", ""), cpodkit.CodeNotFound)
			if w := s.call(alice, "PUT", "/v1/storage/files/new", content, "Content-Digest", s256, "If-None-Match", "*"); w.Code != http.StatusCreated {
				t.Errorf("a new file with its digest: %d %s", w.Code, w.Body)
			}
		})
	}
}

// A digest that is announced for the trailer is refused before the body is read.
func TestDigestInTheTrailer(t *testing.T) {
	t.Parallel()
	s, srv, _ := onDisk(t)
	good, _, md5Sum := sums("content")
	for _, trailer := range []string{"Content-Digest: " + good, "Content-MD5: " + md5Sum} {
		name, _, _ := strings.Cut(trailer, ":")
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "PUT /v1/storage/files/k HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nTransfer-Encoding: chunked\r\nTrailer: %s\r\n\r\n7\r\ncontent\r\n0\r\n%s\r\n\r\n",
			alice, name, trailer)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), `"bad_request"`) {
			t.Errorf("%q: %s %s, %v", trailer, answer.Status, body, err)
		}
		wantProblem(t, s.call(alice, "GET", "/v1/storage/files/k", ""), cpodkit.CodeNotFound)
	}
}
