package storagetest

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// request is a crafted request, which is written to a connection as it stands.
type request struct {
	line   string // method and target
	tier   storage.Tier
	header []string // whole lines
	body   string

	noToken bool

	// want are the codes that the answer may have, "" for success. With none it
	// may be any refusal.
	want []cpodkit.Code

	// malformed is what no HTTP server hands on: it may refuse it in its own
	// words.
	malformed bool
}

// raider is who sends the crafted requests: an app of its own among the
// neighbours, so that whatever a request changes in its own place harms nobody.
func raider(tier storage.Tier) actor {
	user := "raider"
	if tier == storage.User {
		user = "pirate" // what the raider has there is out of a private token's reach
	}
	return actor{"t1", "raider", user, tier}
}

// tokens are what crafted requests try to use where it is not meant to be.
type tokens struct {
	own, neighbour                           string // bearer tokens
	filesCursor, documentsCursor             string // of the raider's own lists
	signedGet, signedPut                     string // of the raider's own file
	foreignFilesCursors, foreignQueryCursors []bent
	noSignedURLs                             bool // when the server has no such thing to bend
}

// requests are all the crafted ones. Each is an attempt of its own.
func requests(known tokens) []request {
	return slices.Concat(
		pathRequests(), tierRequests(), identityRequests(known), listRequests(), headerRequests(), rangeRequests(),
		malformedRequests(), bodyRequests(), tokenRequests(known))
}

// attackByRequests sends every crafted request.
func attackByRequests(w *world, c *caller) int {
	known, ok := gather(w, c)
	if !ok {
		w.failf("the requests cannot be made: the server gives no cursors or signed URLs to bend")
		return 0
	}
	all := requests(known)
	inParallel(w, all, func(r request) { c.attack(w, r) })
	return len(all)
}

// gather stores what the raider has itself, and collects cursors and tokens.
func gather(w *world, c *caller) (tokens, bool) {
	a := raider(storage.Private)
	for _, target := range []string{"files/own/a", "files/own/b", "files/own/c", "files/plain", "db/things/a", "db/things/b", "db/others/a", "db/others/b"} {
		if _, err := c.send(w.ctx, a, "PUT", "/v1/storage/"+target, "1"); err != nil {
			w.failf("PUT %s: %v", target, err)
		}
	}
	cursor := func(a actor, method, target, body string) string {
		p, err := decode[page](c.send(w.ctx, a, method, target, body))
		if err != nil || p.NextCursor == "" {
			w.failf("%s %s by the %s has no cursor: %v", method, target, a, err)
		}
		return p.NextCursor
	}
	files := func(a actor, more string) string {
		return cursor(a, "GET", "/v1/storage/files"+tierQuery(a.tier)+"&limit=1"+more, "")
	}
	query := func(a actor, in string) string {
		return cursor(a, "POST", "/v1/storage/db/"+in+"/query"+tierQuery(a.tier), `{"limit":1}`)
	}
	signed := func(method string) string {
		r, err := decode[struct{ URL string }](c.send(w.ctx, a, "POST", "/v1/storage/file-urls", jsonText(map[string]string{"key": "plain", "method": method})))
		if err != nil {
			w.failf("a signed URL: %v", err)
		}
		_, token, _ := strings.Cut(r.URL, "/v1/storage/signed/")
		return token
	}
	known := tokens{
		own: c.token(a), neighbour: c.token(actor{"t2", "app", "u", storage.Private}),
		filesCursor: files(a, "&prefix=own/"), documentsCursor: query(a, "things"),
		signedGet: signed("GET"), signedPut: signed("PUT"),
		foreignQueryCursors: []bent{{"of another collection", query(a, "others")}},
	}
	for _, b := range neighbours() {
		if c.able(b) && (b.tenant == "t2" || b.tenant == "t1x" || b.tenant == "t1" && b.tier == storage.Private) {
			known.foreignFilesCursors = append(known.foreignFilesCursors, bent{"of the " + b.String(), files(b, "")})
			known.foreignQueryCursors = append(known.foreignQueryCursors, bent{"of the " + b.String(), query(b, collection)})
		}
	}
	// A store that signs itself has no tokens of ours; its URLs are its own affair.
	known.noSignedURLs = known.signedGet == "" || known.signedPut == ""
	return known, known.filesCursor != "" && known.documentsCursor != ""
}

// attack sends one crafted request and judges the answer.
func (c *caller) attack(w *world, r request) {
	if r.tier == "" {
		r.tier = storage.Private
	}
	a := raider(r.tier)
	where := doing{"the request", r.line}
	if len(r.header) > 0 || r.body != "" {
		where.key += fmt.Sprintf(" %.100q %.100q", r.header, r.body)
	}
	answer, err := c.write(w.ctx, a, r)
	if err != nil {
		if !r.malformed {
			w.failf("%s gets no answer: %v", where, err)
		}
		return
	}
	c.inspect(w, a, where, answer)
	if r.malformed && answer.status >= 400 && !strings.Contains(answer.body, `"code"`) {
		return
	}
	switch answer.status {
	case http.StatusExpectationFailed, http.StatusRequestHeaderFieldsTooLarge, http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		if r.malformed { // by HTTP alone, before any call is known
			return
		}
	}
	code := w.judge(a, where, answer.err())
	if len(r.want) == 0 && code == "" {
		w.failf("ESCAPE: %s is answered %d %.300q; it should be refused", where, answer.status, answer.body)
	}
	if len(r.want) > 0 && !slices.Contains(r.want, code) {
		w.failf("%s is answered %d %q %.300q; want one of %q", where, answer.status, code, answer.body, r.want)
	}
}

// write writes the request to a connection of its own and reads the answer.
func (c *caller) write(ctx context.Context, a actor, r request) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := c.dial(ctx)
	if err != nil {
		return reply{}, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return reply{}, err
	}
	// The server may answer and hang up before it has read everything.
	_, _ = io.WriteString(conn, c.text(a, r))
	method, _, _ := strings.Cut(r.line, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	return readReply(res, method)
}

func (c *caller) dial(ctx context.Context) (net.Conn, error) {
	port := c.base.Port()
	if c.base.Scheme == "https" {
		if port == "" {
			port = "443"
		}
		return new(tls.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(c.base.Hostname(), port))
	}
	if port == "" {
		port = "80"
	}
	return new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(c.base.Hostname(), port))
}

// text is the request as it goes over the wire. What the crafted header has
// itself is not added.
func (c *caller) text(a actor, r request) string {
	var b strings.Builder
	line, path, _ := strings.Cut(r.line, " ")
	if strings.HasPrefix(path, "/v1/") {
		path = strings.TrimSuffix(c.base.Path, "/") + path
	}
	b.WriteString(line + " " + path + " HTTP/1.1\r\n")
	has := func(name string) bool {
		return slices.ContainsFunc(r.header, func(line string) bool {
			got, _, _ := strings.Cut(line, ":")
			return strings.EqualFold(got, name)
		})
	}
	if !has("Host") {
		b.WriteString("Host: " + c.base.Host + "\r\n")
	}
	if !r.noToken && !has("Authorization") {
		b.WriteString("Authorization: Bearer " + c.token(a) + "\r\n")
	}
	if r.body != "" && !has("Content-Length") && !has("Transfer-Encoding") {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.body))
	}
	b.WriteString("Connection: close\r\n")
	for _, line := range r.header {
		if line != "Host" { // none at all
			b.WriteString(line + "\r\n")
		}
	}
	b.WriteString("\r\n" + r.body)
	return b.String()
}
