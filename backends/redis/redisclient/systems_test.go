//go:build unix

package redisclient_test

import (
	"crypto/x509"
	"errors"
	"testing"

	"github.com/cpodkit/cpodkit/internal/testservice"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	server := testservice.Redis(t, testservice.WithTLS(), testservice.WithArgs("--requirepass", "right"))
	for _, test := range []struct {
		name, url string
		trusted   bool
	}{
		{"its own authority", "rediss://:right@" + server.Addr + "?ca=" + server.CA, true},
		{"by its other name", "rediss://:right@" + server.Addr + "?server_name=localhost&ca=" + server.CA, true},
		{"another name", "rediss://:right@" + server.Addr + "?server_name=example.org&ca=" + server.CA, false},
		{"another authority", "rediss://:right@" + server.Addr + "?ca=" + testservice.OtherCA(t), false},
		{"the authorities of the system", "rediss://:right@" + server.Addr, false},
	} {
		err := open(t, test.url).Ping(t.Context()).Err()
		if (err == nil) != test.trusted {
			t.Errorf("%s: %v", test.name, err)
		}
		_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
		_, misnamed := errors.AsType[x509.HostnameError](err)
		if !test.trusted && !unknown && !misnamed {
			t.Errorf("%s: %v says nothing of trust", test.name, err)
		}
	}
}

func TestSentinelFindsTheMaster(t *testing.T) {
	t.Parallel()
	sentinel, master, _ := testservice.RedisSentinel(t)
	client := open(t, "redis+sentinel://127.0.0.1:1,"+sentinel.Addr+"/"+testservice.SentinelMaster+"/1")
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := open(t, master.URL()+"/1").Get(t.Context(), "k").Result(); err != nil || got != "v" {
		t.Errorf("the master holds %q, %v", got, err)
	}
}
