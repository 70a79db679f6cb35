package s3files

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/cpodkit/cpodkit/internal/loopback"
)

// WithCredentials sets where the keys come from, instead of the URL and the usual
// chain. It is for [Open].
func WithCredentials(c *credentials.Credentials) Option {
	return func(cfg *config) {
		if cfg.credentials = c; c == nil {
			cfg.problem("the credentials are nil")
		}
	}
}

// WithUnencryptedHTTP permits endpoints of plain http elsewhere than on loopback.
// Then everybody on the way reads and may change all files, and what a signed URL
// holds. It is for a network that is a wire between two machines, or encrypted
// underneath.
func WithUnencryptedHTTP() Option { return func(c *config) { c.plainHTTP = true } }

const (
	amazonEndpoint = "https://s3.amazonaws.com"
	defaultRegion  = "us-east-1"

	// maxConns bounds the connections to the store. A download holds one for as long
	// as its client reads, so it is far above what the calls alone need.
	maxConns = 1024
)

// Open returns a driver on the bucket that a URL names:
//
//	s3://bucket?region=eu-central-1
//	s3://bucket?endpoint=http://127.0.0.1:9000&public-endpoint=https://files.example.com
//
// The parameters, all optional:
//
//	endpoint          URL of the store; Amazon S3 without it
//	public-endpoint   see [WithPublicEndpoint]
//	region            by default AWS_REGION or AWS_DEFAULT_REGION; else Amazon is asked
//	                  once, and any other store is in us-east-1
//	path-style        true puts the bucket into the path, false into the host; by
//	                  default into the host for Amazon and Google alone
//	ca                file of PEM certificates, which alone are trusted
//	part-size         in bytes, see [WithPartSize]
//	files-beside-folders=true                      see [WithFilesBesideFolders]
//	unencrypted-http=true                          see [WithUnencryptedHTTP]
//	unsafe-presigned-put-without-size-limit=true   see [UnsafePresignedPutWithoutSizeLimit]
//
// The keys are those of [WithCredentials], or stand in the URL
// (s3://key:secret@bucket), or are found in AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY, in the file of AWS_SHARED_CREDENTIALS_FILE
// (~/.aws/credentials), or on Amazon are those of the machine's or container's role.
//
// Open makes no call; [Driver.Ping] tells whether the store and the bucket are
// there. No error of it holds a secret.
func Open(rawURL string, opts ...Option) (*Driver, error) {
	c := newConfig(opts)
	bucket, err := c.readURL(rawURL)
	if err != nil {
		return nil, err
	}
	c.checkEncrypted("endpoint", c.endpoint)
	if len(c.optionProblems) > 0 {
		return nil, c.optionProblems[0]
	}
	onAmazon := s3utils.IsAmazonEndpoint(*c.endpoint)
	if onAmazon {
		c.public = cmp.Or(c.public, c.endpoint)
	} else {
		c.region = cmp.Or(c.region, defaultRegion)
	}
	if c.credentials == nil {
		if c.credentials, err = credentialChain(onAmazon); err != nil {
			return nil, err
		}
	}
	transport, err := newTransport(c.caFile)
	if err != nil {
		return nil, err
	}
	client, err := minio.New(c.endpoint.Host, &minio.Options{
		Creds:        c.credentials,
		Secure:       c.endpoint.Scheme == "https",
		Transport:    transport,
		Region:       c.region,
		BucketLookup: c.lookup,
		MaxRetries:   1,
	})
	if err != nil {
		return nil, errors.New("s3files: the endpoint is no host with a port of a store")
	}
	d, err := c.driver(client, bucket)
	if err != nil {
		return nil, err
	}
	d.transport = transport
	return d, nil
}

// readURL takes the URL apart. Its errors do not hold it, for it may hold a secret.
func (c *config) readURL(rawURL string) (bucket string, err error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "s3" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" || u.Opaque != "" {
		return "", errors.New("s3files: the URL is not s3://bucket?parameters")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", errors.New("s3files: the URL's parameters are malformed")
	}
	c.endpoint = c.endpointURL("endpoint", cmp.Or(query.Get("endpoint"), amazonEndpoint))
	c.region = cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if len(query[name]) > 1 {
			c.problem("the URL's parameter %s stands more than once", name)
		}
		c.setParameter(name, query.Get(name))
	}
	if u.User != nil && c.credentials == nil {
		secret, _ := u.User.Password()
		if u.User.Username() == "" || secret == "" {
			return "", errors.New("s3files: the URL needs both parts of the key, as in s3://key:secret@bucket")
		}
		c.credentials = credentials.NewStaticV4(u.User.Username(), secret, "")
	}
	return u.Host, nil
}

func (c *config) setParameter(name, value string) {
	switch name {
	case "endpoint":
	case "public-endpoint":
		c.public = c.endpointURL("public endpoint", value)
	case "region":
		c.region = value
	case "ca":
		c.caFile = value
	case "path-style":
		c.lookup = minio.BucketLookupDNS
		if c.flag(name, value) {
			c.lookup = minio.BucketLookupPath
		}
	case "part-size":
		size, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			c.problem("the URL's parameter part-size is no number of bytes")
		}
		WithPartSize(size)(c)
	case "files-beside-folders":
		c.layered = c.flag(name, value)
	case "unencrypted-http":
		c.plainHTTP = c.flag(name, value)
	case "unsafe-presigned-put-without-size-limit":
		c.presignPut = c.flag(name, value)
	default:
		c.problem("the URL has the unknown parameter %q", name)
	}
}

func (c *config) flag(name, value string) bool {
	set, err := strconv.ParseBool(value)
	if err != nil {
		c.problem("the URL's parameter %s is true or false", name)
	}
	return set
}

// endpointURL reads an http or https URL without a path. What is wrong is noted,
// without the text, which may hold a secret.
func (c *config) endpointURL(what, raw string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		c.problem("the %s is no http or https URL with a host and without user, path and query", what)
		return nil
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}
}

func (c *config) checkEncrypted(what string, u *url.URL) {
	if u == nil || u.Scheme == "https" || c.plainHTTP || loopback.Is(u.Hostname()) {
		return
	}
	c.problem("the %s is plain http, so that everybody on the way reads the files: use https, "+
		"or accept that with unencrypted-http=true in the URL (WithUnencryptedHTTP)", what)
}

func newTransport(caFile string) (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, errors.New("s3files: the file of ca= cannot be read")
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("s3files: the file of ca= holds no PEM certificate")
		}
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		TLSClientConfig:     config,
		MaxConnsPerHost:     maxConns,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true, // a file's bytes are as they were put
	}, nil
}

// credentialChain returns the keys of the environment, of the shared file, or on
// Amazon of the role. minio-go's own chain would go on without any.
func credentialChain(onAmazon bool) (*credentials.Credentials, error) {
	for _, provider := range []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}} {
		value, err := provider.RetrieveWithCredContext(nil)
		if err == nil && value.AccessKeyID != "" && value.SecretAccessKey != "" {
			return credentials.New(provider), nil
		}
	}
	if onAmazon {
		return credentials.New(&credentials.IAM{}), nil
	}
	return nil, errors.New("s3files: there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, " +
		"write them into the file of AWS_SHARED_CREDENTIALS_FILE, or into the URL (s3://key:secret@bucket)")
}
