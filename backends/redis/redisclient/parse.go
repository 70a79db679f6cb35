package redisclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parse reads a URL. The text of url's own errors may hold a password, so it is
// never passed on.
func parse(raw string) (*target, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return nil, errors.New("the URL has no scheme; it begins with redis://, rediss://, redis+sentinel:// or redis+cluster://")
	}
	t := &target{}
	base, mode, _ := strings.Cut(scheme, "+")
	switch mode {
	case "":
		t.kind = single
	case "sentinel":
		t.kind = sentinel
	case "cluster":
		t.kind = cluster
	default:
		base = ""
	}
	if base != "redis" && base != "rediss" || strings.HasSuffix(scheme, "+") {
		return nil, errors.New("the scheme of the URL is none of redis, rediss, redis+sentinel, rediss+sentinel, redis+cluster, rediss+cluster")
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority := rest[:end]
	at := strings.LastIndex(authority, "@")
	// Several hosts are no URL of RFC 3986, so one stands for them.
	u, err := url.Parse("redis://" + authority[:at+1] + "hosts" + rest[end:])
	if err != nil || u.Fragment != "" {
		return nil, errors.New("the URL is not valid; user and password are percent-encoded")
	}
	t.user = u.User.Username()
	t.password, _ = u.User.Password()
	if t.addrs, err = addresses(authority[at+1:], t.kind); err != nil {
		return nil, err
	}
	if err := t.readPath(u.Path); err != nil {
		return nil, err
	}
	return t, t.readQuery(u, base == "rediss")
}

func addresses(hosts string, k kind) ([]string, error) {
	port := "6379"
	if k == sentinel {
		port = "26379"
	}
	var addrs []string
	for hostport := range strings.SplitSeq(hosts, ",") {
		u, err := url.Parse("redis://" + hostport)
		bare := strings.Count(hostport, ":") > 1 && !strings.HasPrefix(hostport, "[") // an IPv6 address without brackets
		if err != nil || bare || u.Hostname() == "" || u.Host != hostport {
			return nil, errors.New("the URL has a host that is not valid; hosts are host or host:port, with commas between")
		}
		if p := u.Port(); p != "" {
			if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
				return nil, errors.New("the URL has a port that is not from 1 to 65535")
			}
			addrs = append(addrs, net.JoinHostPort(u.Hostname(), p))
			continue
		}
		addrs = append(addrs, net.JoinHostPort(u.Hostname(), port))
	}
	if k == single && len(addrs) > 1 {
		return nil, errors.New("the URL has several hosts; that is for redis+sentinel:// and redis+cluster://")
	}
	return addrs, nil
}

// readPath reads the master of Sentinel and the database.
func (t *target) readPath(path string) error {
	database := strings.Trim(path, "/")
	switch t.kind {
	case sentinel:
		t.master, database, _ = strings.Cut(database, "/")
		if t.master == "" {
			return errors.New("the URL names no master: redis+sentinel://host/master")
		}
	case cluster:
		if database != "" {
			return errors.New("the URL has a path; a Cluster has one database")
		}
	case single:
	}
	if database == "" {
		return nil
	}
	n, err := strconv.Atoi(database)
	if err != nil || n < 0 {
		return errors.New("the database in the URL is not a number")
	}
	t.database = n
	return nil
}

func (t *target) readQuery(u *url.URL, useTLS bool) error {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("the query of the URL is not valid")
	}
	options := []string{"dial_timeout", "timeout", "pool_size"}
	if t.kind == sentinel {
		options = append(options, "sentinel_username", "sentinel_password")
	}
	if useTLS {
		options = append(options, "ca", "cert", "key", "server_name")
	}
	for name, value := range values {
		if !slices.Contains(options, name) {
			if name == "ca" || name == "cert" || name == "key" || name == "server_name" || strings.HasPrefix(name, "sentinel_") {
				return fmt.Errorf("the URL has the option %q, which does not go with its scheme", name)
			}
			// Its name may be a piece of a password that is not escaped.
			return fmt.Errorf("the URL has an option that is none of %s", strings.Join(options, ", "))
		}
		if len(value) > 1 || value[0] == "" {
			return fmt.Errorf("the option %s of the URL is empty or there twice", name)
		}
	}
	t.sentinelUser, t.sentinelPassword = values.Get("sentinel_username"), values.Get("sentinel_password")
	if t.dialTimeout, err = duration(values, "dial_timeout", DefaultDialTimeout); err != nil {
		return err
	}
	if t.timeout, err = duration(values, "timeout", DefaultTimeout); err != nil {
		return err
	}
	if size := values.Get("pool_size"); size != "" {
		if t.poolSize, err = strconv.Atoi(size); err != nil || t.poolSize < 1 {
			return errors.New("the option pool_size of the URL is not a positive number")
		}
	}
	if useTLS {
		t.tls, err = t.tlsConfig(values)
	}
	return err
}

func duration(values url.Values, name string, fallback time.Duration) (time.Duration, error) {
	if !values.Has(name) {
		return fallback, nil
	}
	d, err := time.ParseDuration(values.Get(name))
	if err != nil || d < time.Millisecond {
		return 0, fmt.Errorf("the option %s of the URL is not a duration such as 500ms or 3s", name)
	}
	return d, nil
}

func (t *target) tlsConfig(values url.Values) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: values.Get("server_name")}
	if config.ServerName == "" && t.kind == single {
		config.ServerName, _, _ = net.SplitHostPort(t.addrs[0])
	}
	if file := values.Get("ca"); file != "" {
		pem, err := os.ReadFile(file) //nolint:gosec // the operator names it
		if err != nil {
			return nil, fmt.Errorf("the option ca of the URL: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("the option ca of the URL: the file holds no certificate (PEM)")
		}
	}
	cert, key := values.Get("cert"), values.Get("key")
	if (cert == "") != (key == "") {
		return nil, errors.New("the options cert and key of the URL go together")
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("the options cert and key of the URL: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
