//go:build unix

package testservice

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// certify writes a certificate and its key, and sets the authority to trust.
func (s *Server) certify() (certificate, key string) {
	certificate, key = filepath.Join(s.dir, "server.crt"), filepath.Join(s.dir, "server.key")
	s.CA = filepath.Join(s.dir, "ca.crt")
	authority, authorityKey := newAuthority(s.t)
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	template := newTemplate("server")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	template.DNSNames = []string{"localhost"}
	signed, err := x509.CreateCertificate(rand.Reader, template, authority, &serverKey.PublicKey, authorityKey)
	s.must(err)
	encoded, err := x509.MarshalPKCS8PrivateKey(serverKey)
	s.must(err)
	writePEM(s.t, certificate, "CERTIFICATE", signed)
	writePEM(s.t, key, "PRIVATE KEY", encoded)
	writePEM(s.t, s.CA, "CERTIFICATE", authority.Raw)
	return certificate, key
}

// OtherCA returns a file with an authority that has signed nothing.
func OtherCA(t testing.TB) string {
	authority, _ := newAuthority(t)
	file := filepath.Join(t.TempDir(), "other-ca.crt")
	writePEM(t, file, "CERTIFICATE", authority.Raw)
	return file
}

func newAuthority(t testing.TB) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := newTemplate("test authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return authority, key
}

func newTemplate(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(24 * time.Hour),
	}
}

func writePEM(t testing.TB, file, kind string, raw []byte) {
	t.Helper()
	err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600)
	if err != nil {
		t.Fatal(err)
	}
}
