package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	neturl "net/url"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/watch"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
	"github.com/cpodkit/cpodkit/oauth/pages"
	"github.com/cpodkit/cpodkit/storage"
)

const (
	usersVariable = "CPOD_USERS"
	usersName     = "users and sessions" // in what erasures print
)

// userSources say how users sign in.
type userSources struct {
	local bool
	file  string // that lists the OpenID providers; "" for none
}

func readUserSources(s *settings) (sources userSources) {
	text := s.get(usersVariable, "local:",
		"how users sign in: `local:`, with passwords that are kept here; `oidc:FILE`, at the OpenID providers that a JSON file lists; both, separated by a space; or `off`")
	var schemes []string
	for source := range strings.FieldsSeq(text) {
		switch file, isFile := strings.CutPrefix(source, "oidc:"); {
		case source == "local:":
			sources.local = true
		case isFile && file != "" && sources.file == "":
			sources.file = file
			data, err := os.ReadFile(file) // so that a wrong one shows at the start
			if err == nil {
				_, err = upstreams{}.parse(data)
			}
			if err != nil {
				s.fail(usersVariable, "%s: %w", file, err)
			}
		case source != off || text != off:
			s.fail(usersVariable, "want local:, oidc:FILE, both with a space between them, or off")
		}
		schemes = append(schemes, scheme(source))
	}
	s.backends = append(s.backends, slog.String("users", strings.Join(schemes, " ")))
	return sources
}

// upstreams are the OpenID providers of a file. What is unchanged after an edit keeps the keys
// that it has.
type upstreams struct {
	configs []oauth.UpstreamConfig
	list    []*oauth.Upstream
	log     *slog.Logger
}

// parse returns what a new content of the file lists.
func (u upstreams) parse(data []byte) (upstreams, error) {
	next := upstreams{log: u.log}
	var err error
	if next.configs, err = oauth.ParseUpstreams(data); err != nil {
		return u, err
	}
	if len(next.configs) == 0 {
		return u, errors.New("it lists no provider")
	}
	for _, config := range next.configs {
		same := slices.IndexFunc(u.configs, func(old oauth.UpstreamConfig) bool { return reflect.DeepEqual(old, config) })
		if same >= 0 {
			next.list = append(next.list, u.list[same])
			continue
		}
		config.KeyOptions = []authz.RemoteOption{authz.WithKeyLog(u.log)}
		provider, err := oauth.NewUpstream(config)
		if err != nil {
			return u, err
		}
		next.list = append(next.list, provider)
	}
	return next, nil
}

// watchUpstreams reads the file, and follows it.
func watchUpstreams(ctx context.Context, file string, log *slog.Logger) (*watch.Watcher[upstreams], error) {
	last := upstreams{log: log}
	return watch.Open(ctx, file, func(files watch.Files) (upstreams, error) {
		for _, data := range files { // one
			var err error
			if last, err = last.parse(data); err != nil {
				return upstreams{}, err
			}
		}
		return last, nil
	}, watch.WithLog(log))
}

// usersPart is how users sign in, and the users who are kept here. It comes before the
// authorization server, which asks it who is there.
func usersPart(s *settings) part {
	sources := readUserSources(s)
	return part{
		name: usersName,
		data: func(_ context.Context, h *house) (data, error) { return keptUsers{h}, nil },
		open: func(ctx context.Context, h *house) (opened, error) {
			h.inMemory = append(h.inMemory, namedData{usersName, userTokens{h}})
			users, err := openUsers(h, func(ctx context.Context, tenantID, userID string) error {
				_, err := h.endUser(ctx, tenantID, userID)
				return err
			})
			if err != nil {
				return opened{}, err
			}
			config := oauth.SessionsConfig{
				PublicURL: h.publicURL, Store: h.records.sessions, Secret: h.ring.Secret("sign-in"), Apps: h.records.apps,
				DefaultTenant: defaultTenant, TenantExists: h.servesTenant, Limiter: h.limiter, Log: h.log,
				Meters: h.telemetry.meters,
			}
			var file *watch.Watcher[upstreams]
			if sources.file != "" {
				if file, err = watchUpstreams(ctx, sources.file, h.log); err != nil {
					return opened{}, fmt.Errorf("%s: %w", usersVariable, err)
				}
				config.Upstreams = file.Current().list
			}
			isOff := !sources.local && file == nil
			if sources.local || isOff { // for its routes
				config.Local = users
			}
			sessions, err := oauth.NewSessions(config)
			if err != nil {
				return opened{}, fmt.Errorf("%s: %w", usersVariable, err)
			}
			o := opened{routes: users.Routes()}
			if !sources.local {
				o.routes = notSupported(o.routes, cpodkit.WriteError, "Users are not kept on this server.")
			}
			if isOff {
				o.routes = append(o.routes, notSupported(sessions.Routes(), pages.WriteError, "Users cannot sign in on this server.")...)
				return o, nil
			}
			h.signIn = sessions
			o.routes = append(o.routes, sessions.Routes()...)
			o.run = []func(context.Context){sessions.Run}
			if file != nil {
				o.ready = []dependency{{"users", pingFunc(func(context.Context) error { return file.Err() }), true}}
				o.run = append(o.run, func(ctx context.Context) {
					file.Run(ctx, func(_ context.Context, now upstreams) error { return sessions.SetUpstreams(now.list...) })
				})
			}
			return o, nil
		},
	}
}

// openUsers opens the users who are kept here. ended ends what a user has begun.
func openUsers(h *house, ended func(ctx context.Context, tenantID, userID string) error) (*localusers.Users, error) {
	return localusers.New(h.records.users, h.publicURL, localusers.WithEnded(ended),
		localusers.WithCursorSecret(h.ring.Secret("users")), localusers.WithLog(h.log),
		localusers.WithTelemetry(h.telemetry.tracers, h.telemetry.meters))
}

// endUser ends what a user has begun here: sessions first, so that nothing new comes of
// them, and then what the user has granted. It returns how many sessions there were.
func (h *house) endUser(ctx context.Context, tenantID, userID string) (int, error) {
	n, err := h.records.sessions.DeleteUser(ctx, tenantID, userID)
	if err == nil {
		_, err = oauth.DeleteGrants(ctx, h.records.grants, h.revocations, tenantID, userID)
	}
	return n, err
}

// servesTenant reports whether users of a tenant may sign in.
func (h *house) servesTenant(ctx context.Context, tenantID string) (bool, error) {
	exists, err := h.tenantExists(ctx, tenantID)
	if err != nil || !exists {
		return false, err
	}
	closed, err := h.isClosed(ctx, tenantID)
	return !closed, err
}

// notSupported keeps the routes of what is switched off, and answers 501 on them.
func notSupported(
	routes []cpodkit.Route, writeError func(http.ResponseWriter, *http.Request, error), detail string,
) []cpodkit.Route {
	routes = slices.Clone(routes)
	for i := range routes {
		routes[i].Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			writeError(w, r, cpodkit.Errorf(cpodkit.CodeNotSupported, "%s", detail))
		})
	}
	return routes
}

// keptUsers are users, their sessions and grants, as data of tenants and users.
type keptUsers struct{ *house }

// ofRealm returns whose a realm is; the user is "" for all of the tenant.
func ofRealm(realm storage.Realm) (tenantID, userID string, err error) {
	root, err := realm.Root()
	if err != nil {
		return "", "", err
	}
	tenant, user, _ := strings.Cut(root, "/")
	if tenantID, err = neturl.PathUnescape(tenant); err != nil {
		return "", "", err
	}
	userID, err = neturl.PathUnescape(strings.TrimSuffix(strings.TrimPrefix(user, "users/"), "/"))
	return tenantID, userID, err
}

// Measure implements [data].
func (k keptUsers) Measure(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	tenantID, userID, err := ofRealm(realm)
	if err != nil {
		return storage.Amount{}, err
	}
	sessions, err := k.records.sessions.Count(ctx, tenantID, userID)
	if err != nil {
		return storage.Amount{}, err
	}
	accounts := 0
	if userID == "" {
		accounts, err = k.records.users.Count(ctx, tenantID)
	} else if _, err = k.records.users.Get(ctx, tenantID, userID); err == nil {
		accounts = 1
	} else if errors.Is(err, cpodkit.CodeNotFound) {
		err = nil
	}
	return storage.Amount{Items: int64(sessions + accounts)}, err
}

// Erase implements [data].
func (k keptUsers) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	amount, err := k.Measure(ctx, realm)
	if err != nil {
		return storage.Amount{}, err
	}
	tenantID, userID, err := ofRealm(realm)
	if err != nil {
		return storage.Amount{}, err
	}
	if userID != "" {
		return amount, k.eraseUser(ctx, tenantID, userID)
	}
	_, err = k.records.sessions.DeleteTenant(ctx, tenantID)
	return amount, errors.Join(err, k.records.grants.DeleteAll(ctx, oauth.GrantFilter{TenantID: tenantID}), k.records.users.DeleteTenant(ctx, tenantID))
}

// eraseUser erases a user, who may be of an upstream provider.
func (k keptUsers) eraseUser(ctx context.Context, tenantID, userID string) error {
	const attempts = 10
	for range attempts {
		account, err := k.records.users.Get(ctx, tenantID, userID)
		if errors.Is(err, cpodkit.CodeNotFound) {
			_, err := k.endUser(ctx, tenantID, userID)
			return err
		}
		if err == nil {
			err = k.records.users.Delete(ctx, account)
		}
		if err != nil && !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return err
		}
	}
	return errors.New("the user is being changed by others")
}

// userTokens are the access tokens of users, which a running server ends in its memory when
// a command erases or disables a user. It ends the sessions before, so that no new ones come.
type userTokens struct{ *house }

// Measure implements [data].
func (userTokens) Measure(context.Context, storage.Realm) (storage.Amount, error) {
	return storage.Amount{}, nil
}

// Erase implements [data]. Those of a whole tenant end with its apps.
func (t userTokens) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	tenantID, userID, err := ofRealm(realm)
	if err != nil || userID == "" {
		return storage.Amount{}, err
	}
	n, err := t.endUser(ctx, tenantID, userID)
	return storage.Amount{Items: int64(n)}, err
}
