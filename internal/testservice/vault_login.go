//go:build unix

package testservice

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// AppRole makes a role that logs in by AppRole, with the rules of a policy in HCL. It
// returns the role's id and a file with a secret id.
func (v *VaultServer) AppRole(name, policy string, ttl, maxTTL time.Duration) (roleID, secretIDFile string) {
	v.t.Helper()
	v.Enable("approle", "approle")
	v.Policy(name, policy)
	v.Write("auth/approle/role/"+name, map[string]any{
		"token_policies": name, "token_ttl": seconds(ttl), "token_max_ttl": seconds(maxTTL),
	})
	roleID, _ = v.Read("auth/approle/role/" + name + "/role-id")["role_id"].(string)
	secretIDFile = filepath.Join(v.t.TempDir(), "secret-id")
	v.NewSecretID(name, secretIDFile)
	return roleID, secretIDFile
}

// NewSecretID writes another secret id of a role into a file.
func (v *VaultServer) NewSecretID(role, file string) {
	v.t.Helper()
	id, _ := v.Write("auth/approle/role/"+role+"/secret-id", nil)["secret_id"].(string)
	v.must(os.WriteFile(file, []byte(id+"\n"), 0o600))
}

// NewToken makes a token with the rules of a policy, in HCL.
func (v *VaultServer) NewToken(name, policy string, ttl time.Duration) string {
	v.t.Helper()
	v.Policy(name, policy)
	token, _ := v.Write("auth/token/create", map[string]any{"policies": []string{name}, "ttl": seconds(ttl)})["client_token"].(string)
	return token
}

// Policy stores the rules of a policy, in HCL.
func (v *VaultServer) Policy(name, rules string) {
	v.t.Helper()
	v.Write("sys/policies/acl/"+name, map[string]any{"policy": rules})
}

// Enable mounts a login, unless it is there.
func (v *VaultServer) Enable(mount, kind string) {
	v.t.Helper()
	if v.Read("sys/auth")[mount+"/"] == nil {
		v.Write("sys/auth/"+mount, map[string]any{"type": kind})
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0fs", d.Seconds()) }
