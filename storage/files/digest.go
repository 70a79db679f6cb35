package files

import (
	"bytes"
	"crypto/md5" //nolint:gosec // Content-MD5 is made with it; it protects against accidents alone
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// digest is a checksum that a body must have.
type digest struct {
	name string // for the client
	hash hash.Hash
	want []byte
}

// bodyDigests returns what Content-Digest (RFC 9530) and Content-MD5 (RFC 1864) ask
// for. A malformed one, a Content-Digest without an algorithm of ours, and one that
// is announced for the trailer are bad_request.
func bodyDigests(r *http.Request) ([]digest, error) {
	if err := refuseTrailer(r); err != nil {
		return nil, err
	}
	var digests []digest
	if fields := r.Header.Values("Content-Digest"); len(fields) > 0 {
		sums, ok := dictionary(strings.Join(fields, ","))
		if !ok {
			return nil, errDigest("Content-Digest is malformed: write sha-256=:BASE64: (RFC 9530).")
		}
		if sum, given := sums["sha-256"]; given {
			digests = append(digests, digest{"the sha-256 of Content-Digest", sha256.New(), sum})
		}
		if sum, given := sums["sha-512"]; given {
			digests = append(digests, digest{"the sha-512 of Content-Digest", sha512.New(), sum})
		}
		if len(digests) == 0 {
			return nil, errDigest("Content-Digest has no algorithm that this server checks: sha-256 and sha-512.")
		}
	}
	if fields := r.Header.Values("Content-MD5"); len(fields) > 0 {
		sum, err := base64.StdEncoding.DecodeString(strings.Trim(fields[0], " \t"))
		if err != nil || len(fields) > 1 {
			return nil, errDigest("Content-MD5 is malformed: write the BASE64 of 16 bytes (RFC 1864).")
		}
		digests = append(digests, digest{"Content-MD5", md5.New(), sum}) //nolint:gosec // see above
	}
	for _, d := range digests {
		if len(d.want) != d.hash.Size() {
			return nil, errDigest("%s has not %d bytes.", d.name, d.hash.Size())
		}
	}
	return digests, nil
}

// refuseTrailer returns an error when a digest is announced for the trailer or, after the
// end of the body, is in it.
func refuseTrailer(r *http.Request) error {
	for _, name := range []string{"Content-Digest", "Content-Md5"} {
		if _, there := r.Trailer[name]; there {
			return errDigest("A digest is sent in the header, not in the trailer.")
		}
	}
	return nil
}

// member is a member of a dictionary whose value is a byte sequence (RFC 9651
// sections 3.2 and 3.3.5). Parameters have no meaning in Content-Digest.
var member = regexp.MustCompile(`^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*)=*:$`)

// dictionary reads a dictionary of byte sequences. Of a repeated key the last value
// counts, and padding may be absent, as RFC 9651 has it.
func dictionary(field string) (map[string][]byte, bool) {
	sums := map[string][]byte{}
	for one := range strings.SplitSeq(field, ",") {
		parts := member.FindStringSubmatch(strings.Trim(one, " \t"))
		if parts == nil {
			return nil, false
		}
		sum, err := base64.RawStdEncoding.DecodeString(parts[2])
		if err != nil {
			return nil, false
		}
		sums[parts[1]] = sum
	}
	return sums, true
}

// checkedBody is a client's body. Where it breaks off, the client is to blame; where
// it ends without the digests that it must have, or with one in the trailer, the end is an
// error, so that no driver stores it.
type checkedBody struct {
	request *http.Request
	digests []digest
}

func (b checkedBody) Read(p []byte) (int, error) {
	n, err := b.request.Body.Read(p)
	for _, d := range b.digests {
		_, _ = d.hash.Write(p[:n]) // a hash never fails
	}
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, cpodkit.BodyError(err, cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "The body is larger than this server takes."))
	}
	if err := refuseTrailer(b.request); err != nil { // net/http reads it at the end of the body
		return n, err
	}
	for _, d := range b.digests {
		if !bytes.Equal(d.hash.Sum(nil), d.want) {
			return n, cpodkit.Errorf(cpodkit.CodeDigestMismatch, "The body does not match %s; nothing was stored.", d.name)
		}
	}
	return n, err
}

func errDigest(format string, args ...any) error {
	return cpodkit.Errorf(cpodkit.CodeBadRequest, format, args...)
}
