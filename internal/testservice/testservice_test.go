//go:build unix

package testservice_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"testing"

	"github.com/cpodkit/cpodkit/internal/testservice"
)

func TestServers(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB, ...testservice.Option) *testservice.Server{
		"redis": testservice.Redis,
		"mongo": testservice.Mongo,
		"minio": func(t testing.TB, opts ...testservice.Option) *testservice.Server {
			s, _ := testservice.MinIO(t, opts...)
			return s
		},
		"vault": func(t testing.TB, opts ...testservice.Option) *testservice.Server {
			return testservice.Vault(t, opts...).Server
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, testservice.WithTLS())
			shake := func(ca string) error {
				pem, err := os.ReadFile(ca)
				if err != nil {
					t.Fatal(err)
				}
				roots := x509.NewCertPool()
				roots.AppendCertsFromPEM(pem)
				dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
				conn, err := dialer.DialContext(t.Context(), "tcp", s.Addr)
				if err == nil {
					conn.Close()
				}
				return err
			}
			for range 2 {
				if err := shake(s.CA); err != nil {
					t.Errorf("its own authority: %v", err)
				}
				if err := shake(testservice.OtherCA(t)); err == nil {
					t.Error("another authority is trusted")
				}
				s.Stop()
				if conn, err := net.Dial("tcp", s.Addr); err == nil {
					conn.Close()
					t.Error("a stopped server listens")
				}
				s.Start()
			}
			s.Freeze()
			s.Thaw()
			s.Kill()
		})
	}
}
