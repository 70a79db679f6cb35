package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
)

// replica is one server of several that share a database, in memory.
type replica struct {
	t       *testing.T
	handler http.Handler
	house   *house
}

const rotationAdmin = "cpod_rotation-rotation-rotation-rotation-rotation"

// withDatabase returns parts with a database that is open already, and with a
// cluster when there is one.
func withDatabase(parts []part, database documents.Driver, master keyring.Sealer, channel *cluster.Cluster) []part {
	parts = slices.Clone(parts)
	parts[2].open = func(ctx context.Context, h *house) (opened, error) {
		h.documents, h.master, h.cluster, h.isShared = database, master, channel, channel != nil
		if err := h.openRecords(ctx); err != nil {
			return opened{}, err
		}
		return serveDocuments(h, nil, nil)
	}
	return parts
}

// newReplicas returns two replicas on a database, which tell each other what they do.
func newReplicas(t *testing.T, database documents.Driver) (a, b *replica) {
	t.Helper()
	channel, err := cluster.New(cluster.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = channel.Close() })
	master := keyring.NewMaster()
	return newReplica(t, database, master, channel), newReplica(t, database, master, channel)
}

func newReplica(t *testing.T, database documents.Driver, master keyring.Sealer, channel ...*cluster.Cluster) *replica {
	t.Helper()
	d, parts := loadForTest(t, map[string]string{
		"CPOD_PUBLIC_URL": "http://localhost:8000", "CPOD_ADMIN_TOKEN": rotationAdmin, "CPOD_OPS_LISTEN": "off",
	})
	parts = withDatabase(parts, database, master, append(channel, nil)[0])
	parts[7].open = func(_ context.Context, h *house) (opened, error) { return serveFiles(h, files.NewMemory()) }
	server, err := openServer(t.Context(), newHouse(d.base, quiet()), parts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	handler, err := server.handler()
	if err != nil {
		t.Fatal(err)
	}
	return &replica{t, handler, server.house}
}

func (r *replica) call(method, path, token, body string, headers ...string) *httptest.ResponseRecorder {
	r.t.Helper()
	request := httptest.NewRequestWithContext(r.t.Context(), method, path, strings.NewReader(body))
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, request)
	return w
}

func (r *replica) accepts(token string) bool {
	r.t.Helper()
	return r.call("GET", "/v1/storage/files", token, "").Code == http.StatusOK
}

// publishes returns the ids of the key set. The key that signs comes first.
func (r *replica) publishes() []string {
	r.t.Helper()
	w := r.call("GET", "/.well-known/jwks.json", "", "")
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		r.t.Fatal(err)
	}
	var ids []string
	for _, key := range set.Keys {
		ids = append(ids, key.Kid)
	}
	return ids
}

func decodeMember(t *testing.T, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &members); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	text, _ := members[name].(string)
	return text
}

// A token is good on every replica for all of its life, whichever key signed it
// on whichever replica, and every key is published before it signs for longer
// than anyone keeps a copy of the key set.
func TestSigningKeysRotateUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		database, master := documents.NewMemory(), keyring.NewMaster()
		replicas := []*replica{newReplica(t, database, master), newReplica(t, database, master)}
		register := `{"client_id":"app-a","name":"A","declared_scopes":["storage.private.read"],"app_type":"service"}`
		secret := decodeMember(t, replicas[0].call("POST", "/v1/oauth/apps", rotationAdmin, register), "client_secret")
		newToken := func(r *replica) string {
			form := "grant_type=client_credentials&client_id=app-a&client_secret=" + secret
			return decodeMember(t, r.call("POST", "/v1/oauth/token", "", form, "Content-Type", "application/x-www-form-urlencoded"), "access_token")
		}
		rotator, err := newRotator(replicas[0].house)
		if err != nil {
			t.Fatal(err)
		}
		first := replicas[0].publishes()
		next, err := rotator.Rotate(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		type issued struct {
			token string
			until time.Time
		}
		var tokens []issued
		published := map[*replica]time.Time{}
		var signed time.Time
		end := time.Now().Add(time.Hour)
		for ; time.Now().Before(end); time.Sleep(time.Minute) {
			for _, r := range replicas {
				token := newToken(r)
				tokens = append(tokens, issued{token, time.Now().Add(oauth.DefaultTokenTTL)})
				keys := r.publishes()
				if keys[0] == next.ID && signed.IsZero() {
					signed = time.Now()
				}
				if slices.Contains(keys, next.ID) && published[r].IsZero() {
					published[r] = time.Now()
				}
			}
			for _, r := range replicas {
				for _, one := range tokens {
					if time.Now().Before(one.until) && !r.accepts(one.token) {
						t.Fatal("a token is refused before its end")
					}
				}
			}
		}
		for _, r := range replicas {
			if signed.IsZero() || published[r].IsZero() || signed.Sub(published[r]) <= oauth.KeySetMaxAge {
				t.Errorf("published at %v, signed at %v", published[r], signed)
			}
			if got := r.publishes(); !slices.Equal(got, []string{next.ID, first[0]}) {
				t.Errorf("published after an hour: %v", got)
			}
		}
		time.Sleep(oauth.MaxTokenTTL + time.Hour)
		for _, r := range replicas {
			if got := r.publishes(); !slices.Equal(got, []string{next.ID}) {
				t.Errorf("published after a day: %v", got)
			}
		}
	})
}
