package rego

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
)

const (
	maxBundleKeys = 10
	minRSABits    = 2048
)

// bundleReader reads bundles, of which each is signed with one of the keys. Without keys no
// signature is looked at.
type bundleReader struct{ keys []*bundle.VerificationConfig }

func newBundleReader(o *sourceOptions) (bundleReader, error) {
	var r bundleReader
	for rest := bytes.TrimSpace(o.keys); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return r, errors.New("rego: WithBundleKeys: what is there is not PEM")
		}
		algorithm, err := algorithmOf(block)
		if err != nil {
			return r, fmt.Errorf("rego: WithBundleKeys: key %d: %w", len(r.keys)+1, err)
		}
		// The signature does not choose its key: each key is tried, under the same id.
		const id = "key"
		key := &bundle.KeyConfig{Key: string(pem.EncodeToMemory(block)), Algorithm: algorithm}
		r.keys = append(r.keys, bundle.NewVerificationConfig(map[string]*bundle.KeyConfig{id: key}, id, "", nil))
	}
	if o.isSigned && (len(r.keys) == 0 || len(r.keys) > maxBundleKeys) {
		return r, fmt.Errorf("rego: WithBundleKeys: there are %d keys, not 1 to %d", len(r.keys), maxBundleKeys)
	}
	return r, nil
}

// algorithmOf returns the algorithm to which a public key is bound.
func algorithmOf(block *pem.Block) (string, error) {
	if block.Type != "PUBLIC KEY" {
		return "", fmt.Errorf("it is a PEM block %q, not PUBLIC KEY", block.Type)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return "", err
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return "", fmt.Errorf("it has %d bits, not %d or more", key.N.BitLen(), minRSABits)
		}
		return "RS256", nil
	case *ecdsa.PublicKey:
		switch key.Curve.Params().BitSize {
		case 256:
			return "ES256", nil
		case 384:
			return "ES384", nil
		case 521:
			return "ES512", nil
		}
	}
	return "", errors.New("it is neither an RSA key nor one on P-256, P-384 or P-521")
}

// read returns the policy of a bundle.
func (r bundleReader) read(content []byte) (*Policy, error) {
	if err := checkArchive(content); err != nil {
		return nil, err
	}
	if len(r.keys) == 0 {
		return readBundle(newReader(content).WithSkipBundleVerification(true))
	}
	var errs error
	for _, key := range r.keys {
		policy, err := readBundle(newReader(content).WithBundleVerificationConfig(key))
		if err == nil {
			return policy, nil
		}
		errs = err
	}
	return nil, errs
}

func newReader(content []byte) *bundle.Reader {
	return bundle.NewReader(bytes.NewReader(content)).WithSizeLimitBytes(maxBundleBytes)
}

// checkArchive reads an archive once to see how much it holds. The reader of bundles bounds
// each file alone.
func checkArchive(content []byte) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("it is not a bundle: %w", err)
	}
	archive := tar.NewReader(io.LimitReader(unzipped, maxBundleBytes))
	for size, files := int64(0), 0; ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("it is not a bundle of at most %d bytes unpacked: %w", maxBundleBytes, err)
		}
		files++
		if size += header.Size; size > maxBundleBytes || files > maxBundleFiles {
			return fmt.Errorf("it has more than %d bytes unpacked, or more than %d files", maxBundleBytes, maxBundleFiles)
		}
	}
}

func readBundle(r *bundle.Reader) (*Policy, error) {
	b, err := r.Read()
	switch {
	case err != nil:
		return nil, err
	case b.Type() != bundle.SnapshotBundleType:
		return nil, errors.New("it is a delta, and a whole bundle is needed")
	case len(b.WasmModules) > 0 || len(b.PlanModules) > 0 && len(b.Modules) == 0:
		return nil, errors.New("it holds compiled policies, and modules of Rego are needed")
	}
	p := &Policy{Modules: map[string]string{}, Data: b.Data, Revision: b.Manifest.Revision}
	for _, m := range b.Modules {
		name := strings.TrimPrefix(m.RelativePath, "/")
		switch {
		case !isModule(name):
		case m.Parsed.RegoVersionSpan() == ast.RegoVersionSpanOf(ast.RegoV0):
			return nil, fmt.Errorf("%s is written in Rego v0: opa fmt --v0-v1 makes it v1", name)
		case p.Modules[name] != "":
			return nil, fmt.Errorf("%s is there twice", name)
		default:
			p.Modules[name] = string(m.Raw)
		}
	}
	if len(p.Modules) == 0 {
		return nil, errNoModule
	}
	return p, nil
}
