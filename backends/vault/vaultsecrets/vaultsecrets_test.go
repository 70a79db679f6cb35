//go:build unix

package vaultsecrets_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/backendtest"
	"github.com/cpodkit/cpodkit/backends/vault/vaultsecrets"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/secrets/secretstest"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	v := testservice.SharedVault(t)
	secretstest.Run(t, func(t testing.TB) secretstest.Store {
		p := asRoot(t, v)
		p["prefix"] = "suite/" + rand.Text()
		return secretstest.Store{Provider: open(t, v, v.Addr, p)}
	})
}

func TestCertification(t *testing.T) { //nolint:paralleltest // it counts goroutines
	var tokens []string
	backendtest.RunSecrets(t, backendtest.Backend[backendtest.SecretsDriver]{
		Start: func(t testing.TB, tls bool) (backendtest.System, backendtest.Place) {
			var opts []testservice.Option
			if tls {
				opts = append(opts, testservice.WithTLS())
			}
			v := testservice.Vault(t, opts...)
			tokens = []string{v.Token}
			return v, backendtest.Place{Addr: v.Addr, CA: v.CA}
		},
		Open: func(ctx context.Context, at backendtest.Place) (backendtest.SecretsDriver, func() error, error) {
			d, err := vaultsecrets.Open(ctx, urlOf(at.Addr, at.CA, byTokenFile(t, tokens[0])))
			if err != nil {
				return nil, nil, err
			}
			return d, d.Close, nil
		},
		OtherCA: testservice.OtherCA(t),
		Bad: map[string]func(context.Context) error{
			"a token in the URL": func(context.Context) error {
				_, err := vaultsecrets.Open(t.Context(), "vault://hunter2@127.0.0.1:1/secret")
				return err
			},
			"a strange parameter": func(context.Context) error {
				_, err := vaultsecrets.Open(t.Context(), "vault://127.0.0.1:1/secret?auth=token-file&token-file=x&token=hunter2")
				return err
			},
		},
		Secrets: []string{"hunter2"},
	})
}

func TestOpen(t *testing.T) {
	t.Setenv("VAULT_TOKEN", "hunter2")
	t.Setenv("VAULT_SECRET_ID", "hunter2")
	other := testservice.OtherCA(t)
	for url, want := range map[string]string{
		"vault://vault/secret":                                            "",
		"vault://vault:8200/teams/a/kv?prefix=apps/cpod":                  "",
		"vault://[::1]/secret?namespace=team/a":                           "",
		"vault://vault/secret?timeout=500ms&ca=" + other:                  "",
		"vault+http://localhost/secret":                                   "",
		"vault+http://127.0.0.1:8200/secret":                              "",
		"vault+http://[::1]:8200/secret":                                  "",
		"vault+http://vault/secret?unsafe-unencrypted-http=true":          "",
		"vault://vault/secret?auth=token":                                 "",
		"vault://vault/secret?auth=token-file&token-file=/a":              "",
		"vault://vault/secret?auth=approle&role-id=a":                     "",
		"vault://vault/secret?auth=kubernetes&role=a":                     "",
		"vault://vault/secret?auth=jwt&role=a&jwt-file=/a":                "",
		"vault://vault/secret?auth=jwt&role=a&jwt-file=/a&auth-mount=x/y": "",

		"":                                                              "vault://host:port/mount",
		"vault:":                                                        "vault://host:port/mount",
		"https://vault/secret":                                          "vault://host:port/mount",
		"vault:///secret":                                               "vault://host:port/mount",
		"vault://vault":                                                 "mount of an engine",
		"vault://vault/":                                                "mount of an engine",
		"vault://vault/a//b":                                            "mount of an engine",
		"vault://vault/a/../b":                                          "mount of an engine",
		"vault://vault/a%20b":                                           "mount of an engine",
		"vault://vault/secret#hunter2":                                  "vault://host:port/mount",
		"vault://hunter2@vault/secret":                                  "VAULT_TOKEN",
		"vault://u:hunter2@vault/secret":                                "VAULT_TOKEN",
		"vault://vault/secret?a=%zz":                                    "malformed",
		"vault://vault/secret?hunter2=1":                                "does not exist",
		"vault://vault/secret?ca=":                                      "empty",
		"vault://vault/secret?ca=a&ca=b":                                "twice",
		"vault://vault/secret?ca=/nowhere":                              "parameter ca",
		"vault://vault/secret?ca=/dev/null":                             "no certificate",
		"vault://vault/secret?timeout=hunter2":                          "timeout",
		"vault://vault/secret?timeout=0":                                "timeout",
		"vault://vault/secret?prefix=a//b":                              "prefix",
		"vault://vault/secret?prefix=..":                                "prefix",
		"vault://vault/secret?prefix=a%25":                              "prefix",
		"vault+http://vault/secret":                                     "unsafe-unencrypted-http",
		"vault+http://192.0.2.1/secret":                                 "unsafe-unencrypted-http",
		"vault+http://vault/secret?unsafe-unencrypted-http=1":           "unsafe-unencrypted-http",
		"vault://vault/secret?auth=hunter2":                             "none of token, token-file",
		"vault://vault/secret?auth=token-file":                          "token-file=PATH",
		"vault://vault/secret?token-file=/a":                            "auth=token",
		"vault://vault/secret?auth=approle":                             "role-id",
		"vault://vault/secret?auth=approle&role-id=a&role=b":            "auth=approle",
		"vault://vault/secret?auth=kubernetes":                          "role=NAME",
		"vault://vault/secret?auth=jwt&role=a":                          "jwt-file",
		"vault://vault/secret?auth=jwt&role=a&jwt-file=b&auth-mount=..": "auth-mount",
	} {
		d, err := vaultsecrets.Open(t.Context(), url)
		if err == nil {
			err = d.Close()
		}
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("Open(%q): %v; want something of %q and no secret", url, err, want)
		}
	}
	t.Setenv("VAULT_TOKEN", "")
	if _, err := vaultsecrets.Open(t.Context(), "vault://vault/secret"); err == nil || !strings.Contains(err.Error(), "VAULT_TOKEN") {
		t.Errorf("Open without a token: %v", err)
	}
}

// What operators and programs of the past have in Vault.
func TestMembers(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	d := open(t, v, v.Addr, byAppRole(t, v, 0, 0))
	v.Write("secret/data/cpod/t1/db", map[string]any{"data": map[string]any{
		"value": "v", "user": "u", "port": 5432, "tls": true, "none": nil, "empty": "", "list": []int{1}, "raw": map[string]any{"base64": "/w=="},
		"bad": map[string]any{"base64": "?"}, "big": strings.Repeat("x", secrets.MaxValue+1), "two words": "w",
	}})
	for name, want := range map[string]string{
		"db": "v", "db#user": "u", "db#port": "5432", "db#tls": "true", "db#list": "[1]", "db#raw": "\xff", "db#two words": "w",
	} {
		wants(t, d, name, want)
	}
	for _, name := range []string{"db#none", "db#empty", "db#nothing", "db#value", "db#", "#db", "db#user/x", "d"} {
		if _, err := get(t, d, name); !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("%s: %v, want not_found", name, err)
		}
	}
	for _, name := range []string{"db#bad", "db#big"} {
		if _, err := get(t, d, name); err == nil || cpodkit.CodeOf(err) != cpodkit.CodeInternal {
			t.Errorf("%s: %v, want an error without a code", name, err)
		}
	}

	// A write leaves the other members.
	put(t, d, "db#user", "u2")
	put(t, d, "db", "v2")
	for name, want := range map[string]string{"db": "v2", "db#user": "u2", "db#port": "5432"} {
		wants(t, d, name, want)
	}
	infos, more, err := d.List(t.Context(), "t1", "", 10)
	if err != nil || more || len(infos) != 1 || infos[0].Name != "db" || infos[0].Version != 3 {
		t.Errorf("the list is %+v, %t, %v", infos, more, err)
	}

	// A delete leaves the other members, and no version with the deleted one.
	if err := d.Delete(t.Context(), "t1", "db", secrets.Condition{Exists: true}); err != nil {
		t.Fatal(err)
	}
	wants(t, d, "db#user", "u2")
	for version := range int64(4) {
		if _, err := d.Get(t.Context(), "t1", "db", version); !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("version %d of a deleted member: %v, want not_found", version, err)
		}
	}
	if err := d.Delete(t.Context(), "t1", "db", secrets.Condition{Exists: true}); !errors.Is(err, cpodkit.CodePreconditionFailed) {
		t.Errorf("a second delete: %v", err)
	}
	if err := d.Delete(t.Context(), "t1", "db", secrets.Condition{}); err != nil {
		t.Errorf("a delete of nothing: %v", err)
	}
	wants(t, d, "db#user", "u2")
	put(t, d, "db#user", "u3")
	if err := d.Delete(t.Context(), "t1", "db", secrets.Condition{}); err != nil {
		t.Errorf("a delete of nothing: %v", err)
	}
	if old, err := d.Get(t.Context(), "t1", "db#user", 4); err != nil || old.Value.Reveal() != "u2" {
		t.Errorf("the delete of nothing took an old version of another member: %v", err)
	}
}

// Names whose path without the member would climb, or that look like members.
func TestNamesWithHashes(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	d := open(t, v, v.Addr, byAppRole(t, v, 0, 0))
	names := []string{
		".#x", "..#x", "a/.#x", "a/..#x", "b/..#x", "a/#x", "a#x/y", "a#", "a##", "a##x", "#", "#x", "a#x", "a#x#y", "a#value", "a#value#value", "a#..", "a# ",
	}
	for _, name := range names {
		put(t, d, name, "of "+name)
	}
	for _, name := range names {
		wants(t, d, name, "of "+name)
	}
	if keys, _ := v.Read("secret/metadata/cpod?list=true")["keys"].([]any); len(keys) != 1 || keys[0] != "t1/" {
		t.Errorf("beside the folder of the tenant are %v", keys)
	}
	if _, _, err := d.DeleteTenant(t.Context(), "t1"); err != nil {
		t.Error(err)
	}
	for _, name := range names {
		if _, err := get(t, d, name); !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("%s of a deleted tenant: %v, want not_found", name, err)
		}
	}
}

// Versions that were deleted or destroyed in Vault itself.
func TestDeletedInVault(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	d := open(t, v, v.Addr, byAppRole(t, v, 0, 0))
	for _, value := range []string{"one", "two", "three"} {
		put(t, d, "a", value)
	}
	put(t, d, "b", "other")
	v.Write("secret/destroy/cpod/t1/a", map[string]any{"versions": []int{1}})
	v.Write("secret/delete/cpod/t1/a", map[string]any{"versions": []int{3}})
	for version, want := range []cpodkit.Code{cpodkit.CodeNotFound, cpodkit.CodeNotFound, "", cpodkit.CodeNotFound} {
		_, err := d.Get(t.Context(), "t1", "a", int64(version))
		if cpodkit.CodeOf(err) != want {
			t.Errorf("version %d: %v, want %q", version, err, want)
		}
	}
	if infos, _, err := d.List(t.Context(), "t1", "", 10); err != nil || len(infos) != 1 || infos[0].Name != "b" {
		t.Errorf("the list is %+v, %v", infos, err)
	}
	// A new one goes after it.
	info, err := d.Put(t.Context(), "t1", "a", secrets.NewValue("four"), secrets.Condition{Absent: true})
	if err != nil || info.Version != 4 || info.CreatedAt.IsZero() || info.UpdatedAt.Before(info.CreatedAt) {
		t.Errorf("Put = %+v, %v", info, err)
	}
	wants(t, d, "a", "four")
}

func TestDeleteTenant(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	d := open(t, v, v.Addr, byAppRole(t, v, 0, 0))
	for _, name := range []string{"a", "a/b", "a/c/d", "db#user"} {
		put(t, d, name, "v")
	}
	v.Write("secret/data/cpod/t1/not%20ours/%25zz", map[string]any{"data": map[string]any{"x": "y"}})
	v.Write("secret/data/cpod/t1x/a", map[string]any{"data": map[string]any{"value": "of t1x"}})
	if n, _, err := d.MeasureTenant(t.Context(), "t1"); n != 5 || err != nil {
		t.Errorf("MeasureTenant = %d, %v", n, err)
	}
	if n, _, err := d.DeleteTenant(t.Context(), "t1"); n != 5 || err != nil {
		t.Errorf("DeleteTenant = %d, %v", n, err)
	}
	if n, _, err := d.MeasureTenant(t.Context(), "t1"); n != 0 || err != nil {
		t.Errorf("MeasureTenant = %d, %v", n, err)
	}
	if keys := v.Read("secret/metadata/cpod/t1?list=true"); keys != nil {
		t.Errorf("%v is left", keys)
	}
	if secret, err := d.Get(t.Context(), "t1x", "a", 0); err != nil || secret.Value.Reveal() != "of t1x" {
		t.Errorf("another tenant: %v", err)
	}
}
