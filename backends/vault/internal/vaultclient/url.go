// Package vaultclient makes calls to Vault: it logs in, keeps its token alive, and tells
// errors apart.
package vaultclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/backends/internal/circuit"
	"github.com/cpodkit/cpodkit/internal/loopback"
)

const (
	defaultPort = "8200"

	// MaxConns is how many connections of a client stay open. A driver makes at most as many
	// calls at once.
	MaxConns = 64
)

// Target is what a URL says of a Vault.
type Target struct {
	Mount     string            // the path of the URL, without a slash at either end
	Namespace string            // "" for none
	Own       map[string]string // the parameters of the driver itself

	address string // http or https URL
	timeout time.Duration
	login   login
	tls     *tls.Config
}

// Parse reads a URL of the form
//
//	SCHEME://host[:8200]/mount?parameters
//
// and SCHEME+http:// for plain HTTP. own are the names of parameters that the driver
// itself reads. No error repeats a part of the URL that may be secret.
func Parse(rawURL, scheme string, own ...string) (Target, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != scheme && u.Scheme != scheme+"+http" ||
		u.Hostname() == "" || u.Opaque != "" || u.Fragment != "" {
		return Target{}, fmt.Errorf("the URL is not %s://host:port/mount?parameters", scheme)
	}
	if u.User != nil {
		return Target{}, errors.New("the URL has a user: a token belongs in VAULT_TOKEN or in a file (auth=token-file)")
	}
	t := Target{Mount: strings.Trim(u.Path, "/"), Own: map[string]string{}, timeout: circuit.DefaultTimeLimit}
	if err := checkMount(t.Mount); err != nil {
		return Target{}, err
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Target{}, errors.New("the URL's parameters are malformed")
	}
	parameters := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if len(query[name]) > 1 || query.Get(name) == "" {
			return Target{}, errors.New("a parameter of the URL is empty or there twice")
		}
		parameters[name] = query.Get(name)
	}
	for _, name := range own {
		if value, ok := take(parameters, name); ok {
			t.Own[name] = value
		}
	}
	if err := t.read(u, parameters, u.Scheme == scheme); err != nil {
		return Target{}, err
	}
	if len(parameters) > 0 {
		// Its name may be a piece of a secret that is not escaped.
		return Target{}, fmt.Errorf("the URL has a parameter that does not exist or does not go with auth=%s", t.login.method)
	}
	return t, nil
}

// checkMount returns an error unless a mount is one or more plain segments.
func checkMount(mount string) error {
	for segment := range strings.SplitSeq(mount, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.ContainsFunc(segment, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return errors.New("the URL's path is not the mount of an engine, such as /secret")
		}
	}
	return nil
}

// take removes a parameter and returns it.
func take(parameters map[string]string, name string) (string, bool) {
	value, ok := parameters[name]
	delete(parameters, name)
	return value, ok
}

// read takes the parameters that are the same for all drivers.
func (t *Target) read(u *url.URL, parameters map[string]string, encrypted bool) (err error) {
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), defaultPort)
	}
	plain, _ := take(parameters, "unsafe-unencrypted-http")
	t.address = "https://" + host
	if !encrypted {
		t.address = "http://" + host
		if !loopback.Is(u.Hostname()) && plain != "true" {
			return errors.New("the URL asks for plain HTTP, so that everybody on the way reads the token and all secrets: " +
				"use the scheme without +http, or accept that with unsafe-unencrypted-http=true")
		}
	}
	t.Namespace, _ = take(parameters, "namespace")
	if text, ok := take(parameters, "timeout"); ok {
		if t.timeout, err = time.ParseDuration(text); err != nil || t.timeout < time.Millisecond {
			return errors.New("the URL's parameter timeout is not a duration such as 500ms or 3s")
		}
	}
	file, _ := take(parameters, "ca")
	if t.tls, err = newTLS(file); err != nil {
		return err
	}
	t.login, err = readLogin(parameters)
	return err
}

func newTLS(file string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if file == "" {
		return config, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the URL's parameter ca: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("the URL's parameter ca: the file holds no certificate (PEM)")
	}
	return config, nil
}

// newTransport returns connections that speak HTTP/1.1. With HTTP/2, one connection that
// has died silently would hold up the calls of all.
func (t *Target) newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: t.timeout}).DialContext,
		TLSHandshakeTimeout: t.timeout,
		TLSClientConfig:     t.tls,
		MaxIdleConnsPerHost: MaxConns,
		IdleConnTimeout:     time.Minute,
	}
}
