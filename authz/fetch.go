package authz

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/internal/outbound"
)

const (
	fetchTime = outbound.Timeout // for all requests of one fetch

	minLifetime     = time.Minute
	maxLifetime     = 24 * time.Hour
	defaultLifetime = 15 * time.Minute
)

// document is what a fetch got.
type document struct {
	keys     []byte
	metadata []byte // of the issuer; nil when the URL of the keys is set
	lifetime time.Duration
}

// fetch gets the keys at a URL; at the one that the metadata of the issuer name when it is "".
func fetch(ctx context.Context, client *outbound.Client, issuer, url string) (d document, err error) {
	if url == "" {
		if url, d.metadata, err = discover(ctx, client, issuer); err != nil {
			return document{}, err
		}
	}
	var header http.Header
	if d.keys, header, err = client.Get(ctx, url); err != nil {
		return document{}, err
	}
	d.lifetime = lifetimeOf(header)
	return d, nil
}

// lifetimeOf reads Cache-Control and Age (RFC 9111 sections 4.2 and 5.2.2).
func lifetimeOf(h http.Header) time.Duration {
	lifetime := defaultLifetime
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, argument, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return minLifetime
		case "max-age":
			seconds, err := strconv.ParseUint(strings.Trim(argument, `"`), 10, 32)
			if err != nil {
				continue
			}
			age, _ := strconv.ParseUint(h.Get("Age"), 10, 32)
			lifetime = time.Duration(seconds-min(age, seconds)) * time.Second
		}
	}
	return min(max(lifetime, minLifetime), maxLifetime)
}

// discover returns the metadata of an issuer, and the address of its keys, by OpenID Connect
// Discovery 1.0 section 4, or by RFC 8414 section 3 where the issuer has no such document.
func discover(ctx context.Context, client *outbound.Client, issuer string) (keys string, metadata []byte, err error) {
	metadata, _, err = client.Get(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		var err2 error
		if metadata, _, err2 = client.Get(ctx, metadataURL(issuer)); err2 != nil {
			return "", nil, errors.Join(err, err2)
		}
	}
	var document struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(metadata, &document); err != nil {
		return "", nil, fmt.Errorf("the metadata of %s are not JSON: %w", issuer, err)
	}
	if document.Issuer != issuer {
		return "", nil, fmt.Errorf("the metadata of %s are those of the issuer %q", issuer, document.Issuer)
	}
	return document.JWKSURI, metadata, client.CheckURL(document.JWKSURI)
}

// metadataURL puts the well-known path before that of the issuer (RFC 8414 section 3.1).
func metadataURL(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return issuer
	}
	u.Path = "/.well-known/oauth-authorization-server" + strings.TrimSuffix(u.Path, "/")
	return u.String()
}
