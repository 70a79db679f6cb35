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

// A digest in the trailer is refused, whether the header announces it or not, and nothing
// is stored. Other trailers have no meaning.
func TestDigestInTheTrailer(t *testing.T) {
	t.Parallel()
	s, srv, _ := onDisk(t)
	good, _, md5Sum := sums("content")
	put := func(target, token, announced, trailer string) (status int, body string) {
		t.Helper()
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		header := "Host: x\r\nTransfer-Encoding: chunked\r\n"
		if token != "" {
			header += "Authorization: Bearer " + token + "\r\n"
		}
		if announced != "" {
			header += "Trailer: " + announced + "\r\n"
		}
		fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\n%s\r\n7\r\ncontent\r\n0\r\n%s\r\n\r\n", target, header, trailer)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	for target, token := range map[string]string{"/v1/storage/files/k": alice, s.sign(alice, `{"key":"k","method":"PUT"}`): ""} {
		for _, trailer := range []string{
			"Content-Digest: " + good, "Content-MD5: " + md5Sum, "Content-Digest: sha-256=:AAAA:", "content-md5: AAAA", "Content-Digest:", "X-Other: 1\r\nContent-MD5: " + md5Sum,
		} {
			name, _, _ := strings.Cut(trailer, ":")
			for _, announced := range []string{name, "", "X-Other"} {
				status, body := put(target, token, announced, trailer)
				if status != http.StatusBadRequest || !strings.Contains(body, `"bad_request"`) {
					t.Errorf("PUT %s with the trailer %q, announced as %q: %d %s", target, trailer, announced, status, body)
				}
				wantProblem(t, s.call(alice, "GET", "/v1/storage/files/k", ""), cpodkit.CodeNotFound)
			}
		}
		for _, announced := range []string{"", "X-Other"} {
			if status, body := put(target, token, announced, "X-Other: Content-Digest"); status != http.StatusOK {
				t.Errorf("PUT %s with another trailer, announced as %q: %d %s", target, announced, status, body)
			}
		}
		s.call(alice, "DELETE", "/v1/storage/files/k", "").WantStatus(t, http.StatusNoContent)
	}
}
