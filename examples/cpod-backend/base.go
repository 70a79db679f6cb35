package main

import (
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/cpodkit/cpodkit/clientaddr"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/internal/loopback"
)

// defaultFileLimit is for a system that does not say.
const defaultFileLimit = 8192

// base is what all parts share of the settings.
type base struct {
	listen    string
	publicURL string // "" until the port is known
	dataDir   string
	keepFree  int64 // bytes of the disk
	address   clientaddr.Source
	most      int // connections
	drain     time.Duration

	isDevelopment bool // tokens are not verified

	corsOrigins httpserver.CORSOption
}

// readBase reads the variables that belong to no part.
func readBase(s *settings) base {
	b := base{
		listen: s.get("CPOD_LISTEN", "localhost:8000",
			"address of the listener: `localhost:8000` is reached from this machine alone, `:8000` from others; put a proxy with TLS in front"),
		publicURL: s.optional("CPOD_PUBLIC_URL", "http://localhost:<port>",
			"issuer of tokens and base of signed URLs, without a path; set it once other machines call the server"),
		dataDir: s.get("CPOD_DATA_DIR", "data", "folder of what lasts on this machine; made with mode 0700"),
		keepFree: s.bytes("CPOD_KEEP_FREE_BYTES", "67108864",
			"what files and documents leave free on the disk; with less, a write is 503"),
	}
	const address = "CPOD_CLIENT_ADDRESS"
	var err error
	b.address, err = clientaddr.Parse(s.get(address, "peer",
		"where a request comes from: `peer`, `xff:10.0.0.0/8,…`, `xff-count:N`, or `header:NAME`; set it behind a proxy"))
	if err != nil {
		s.fail(address, "%w", err)
	}
	b.corsOrigins = readCORSOrigins(s)
	host, _, err := net.SplitHostPort(b.listen)
	if err != nil {
		s.fail("CPOD_LISTEN", "want host:port or :port")
	}
	byDefault := "5"
	if loopback.Is(host) {
		byDefault = "0"
	}
	b.drain = time.Duration(s.number("CPOD_DRAIN_SECONDS", byDefault, "0 on loopback, else 5",
		"how long a server that stops goes on, so that load balancers notice", 0, 300)) * time.Second
	b.most = s.number("CPOD_MAX_CONNECTIONS", strconv.Itoa(fileLimit()/2), "half of the open files that the system allows",
		"connections at once; one peer that is not a proxy holds at most a quarter that are slow to send, and one tenant has requests under way on an eighth", 4, 1<<24)
	switch {
	case b.publicURL != "":
		checkPublicURL(s, b.publicURL)
	case err == nil && !loopback.Is(host):
		s.warn("CPOD_PUBLIC_URL", "this variable is not set: tokens and signed URLs name localhost, which other machines cannot reach")
	}
	b.isDevelopment = readEnvironment(s)
	if b.isDevelopment {
		b.checkDevelopment(s, host)
	}
	for _, name := range []string{"CORESDK_SIDECAR_ADDR", "CORESDK_CONTROL_PLANE_URL"} {
		if s.optional(name, "", "not used yet; a value is a warning") != "" {
			s.warn(name, "this variable is not used yet")
		}
	}
	return b
}

func checkPublicURL(s *settings, text string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		s.fail("CPOD_PUBLIC_URL", "want http://host[:port] or https://host[:port], without a path or a slash at the end")
	}
}

// localURL is the public URL of a server that was given none.
func localURL(port string) string { return "http://localhost:" + port }
