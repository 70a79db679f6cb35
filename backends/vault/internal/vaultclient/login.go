package vaultclient

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
)

// maxCredential is how many bytes a token, a JWT or a secret id has at most.
const maxCredential = 64 << 10

// kubernetesJWT is where Kubernetes puts the token of a pod's service account.
const kubernetesJWT = "/var/run/secrets/kubernetes.io/serviceaccount/token"

// login is how a client gets its token.
type login struct {
	method string // as in the URL

	// path is where credentials are exchanged for a token; "" where they are one.
	path string

	// file is watched for another token; "" where there is none to watch.
	file string

	// credentials reads them anew at each login.
	credentials func() (map[string]any, error)
}

// readLogin takes the parameters of a login.
func readLogin(parameters map[string]string) (login, error) {
	method, ok := take(parameters, "auth")
	if !ok {
		method = "token"
	}
	l := login{method: method}
	switch method {
	case "token":
		token := os.Getenv("VAULT_TOKEN")
		if token == "" {
			return login{}, errors.New("there is no token: set VAULT_TOKEN, or choose another login with auth= " +
				"(token-file, approle, kubernetes, jwt)")
		}
		l.credentials = func() (map[string]any, error) { return map[string]any{"token": token}, nil }
		return l, nil
	case "token-file":
		if l.file, ok = take(parameters, "token-file"); !ok {
			return login{}, errors.New("auth=token-file needs token-file=PATH")
		}
		l.credentials = fromFile(map[string]any{}, "token", l.file)
		return l, nil
	case "approle":
		return l, l.readAppRole(parameters)
	case "kubernetes", "jwt":
		return l, l.readJWT(parameters)
	}
	return login{}, errors.New("auth= is none of token, token-file, approle, kubernetes, jwt")
}

func (l *login) readAppRole(parameters map[string]string) error {
	id, ok := take(parameters, "role-id")
	if !ok {
		return errors.New("auth=approle needs role-id=ID")
	}
	given := map[string]any{"role_id": id}
	l.credentials = func() (map[string]any, error) { return given, nil }
	if file, ok := take(parameters, "secret-id-file"); ok {
		l.credentials = fromFile(given, "secret_id", file)
	} else if secret := os.Getenv("VAULT_SECRET_ID"); secret != "" {
		given["secret_id"] = secret
	}
	return l.readMount(parameters)
}

func (l *login) readJWT(parameters map[string]string) error {
	role, ok := take(parameters, "role")
	if !ok {
		return fmt.Errorf("auth=%s needs role=NAME", l.method)
	}
	file, ok := take(parameters, "jwt-file")
	if !ok {
		if l.method == "jwt" {
			return errors.New("auth=jwt needs jwt-file=PATH")
		}
		file = kubernetesJWT
	}
	l.credentials = fromFile(map[string]any{"role": role}, "jwt", file)
	return l.readMount(parameters)
}

// readMount reads where the login is mounted; at the name of its method by default.
func (l *login) readMount(parameters map[string]string) error {
	mount, ok := take(parameters, "auth-mount")
	if !ok {
		mount = l.method
	}
	l.path = "auth/" + mount + "/login"
	if checkMount(mount) != nil {
		return errors.New("auth-mount= is not the mount of a login")
	}
	return nil
}

// fromFile returns credentials of which one is the text of a file, which may change. The
// white space around it is cut off.
func fromFile(given map[string]any, name, path string) func() (map[string]any, error) {
	return func() (map[string]any, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		text, err := io.ReadAll(io.LimitReader(f, maxCredential+1))
		if err != nil {
			return nil, err
		}
		credential := strings.TrimSpace(string(text))
		if credential == "" || len(text) > maxCredential {
			return nil, fmt.Errorf("%s is empty, or has more than %d bytes", path, maxCredential)
		}
		all := map[string]any{name: credential}
		maps.Copy(all, given)
		return all, nil
	}
}
