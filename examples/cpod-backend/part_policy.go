package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	neturl "net/url"
	"os"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // policies know time zones, also in an image without them

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/api"
	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/backends/docstore/policystore"
	"github.com/cpodkit/cpodkit/storage"
)

const (
	policyVariable      = "CPOD_POLICY"
	policyKeyVariable   = "CPOD_POLICY_KEY"
	policyTokenVariable = "CPOD_POLICY_TOKEN" //nolint:gosec // the name of a variable
)

// policySettings are the variables of the operator's policy.
type policySettings struct {
	place    string // a folder, a file or a URL; "" for none
	isRemote bool
	keyFile  string
	token    string
	interval time.Duration
	sampling int
	days     int
	wraps    []rego.WrapOption
}

func readPolicySettings(s *settings) policySettings {
	p := policySettings{
		place: s.optional(policyVariable, "",
			"the operator's policy in Rego: a folder, a bundle of the Open Policy Agent in a file, or the https URL of one; a change takes effect without a restart; unset: routes go by scopes alone"),
		keyFile: s.optional(policyKeyVariable, "", "file of the public keys, in PEM, of which one has signed the bundle; unset: signatures are not looked at"),
		token:   s.optional(policyTokenVariable, "", "bearer token for the URL of the bundle"),
	}
	p.interval = time.Duration(s.number("CPOD_POLICY_POLL_SECONDS", "1", "1", "seconds between two looks at the policy", 1, 86400)) * time.Second
	p.sampling = s.number("CPOD_POLICY_SAMPLE", "1000", "1000",
		"one in so many decisions that allow a call of a route is logged, 0 for none; all others are logged", 0, 1_000_000_000)
	p.days = s.number("CPOD_POLICY_KEEP_DAYS", "7", "7", "days for which logged decisions are kept", 1, 365)
	p.isRemote = strings.Contains(p.place, "://")
	if u, err := neturl.Parse(p.place); p.isRemote && (err != nil || u.User != nil) {
		s.fail(policyVariable, "the URL is malformed, or holds a user: the token is for CPOD_POLICY_TOKEN")
	}
	if p.place == "" && p.keyFile != "" {
		s.fail(policyKeyVariable, "there is no bundle: set CPOD_POLICY")
	}
	if !p.isRemote && p.token != "" {
		s.fail(policyTokenVariable, "CPOD_POLICY is not a URL")
	}
	p.readInputs(s)
	return p
}

// readInputs reads what policies see of a call besides.
func (p *policySettings) readInputs(s *settings) {
	const headers, bodies = "CPOD_POLICY_HEADERS", "CPOD_POLICY_BODIES"
	split := func(text string) []string {
		return strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' })
	}
	if names := split(s.optional(headers, "", "names of the headers that the policy on routes sees, separated by commas")); len(names) > 0 {
		p.wraps = append(p.wraps, rego.WithHeaders(names...))
	}
	for _, entry := range split(s.optional(bodies, "",
		"routes whose JSON bodies the policy sees, with their most bytes, separated by commas: `createJob=65536`")) {
		name, size, _ := strings.Cut(entry, "=")
		most, err := strconv.ParseInt(size, 10, 64)
		switch {
		case err != nil:
			s.fail(bodies, "want names of routes with numbers of bytes: createJob=65536")
		case !bytes.Contains(api.Spec(), []byte("operationId: "+name+"\n")):
			s.fail(bodies, "there is no route %q", name)
		}
		p.wraps = append(p.wraps, rego.WithBody(name, most))
	}
}

// policyPart is policies in Rego: the operator's and those of tenants, on every route and
// under /v1/policy.
func policyPart(s *settings) part {
	p := readPolicySettings(s)
	return part{name: "policies", data: func(_ context.Context, h *house) (data, error) {
		store, err := openPolicyStore(h)
		return keptPolicies{store}, err
	}, open: func(ctx context.Context, h *house) (opened, error) {
		store, err := openPolicyStore(h)
		if err != nil {
			return opened{}, err
		}
		opts := []rego.Option{
			rego.WithSecret(h.ring.Secret("policy")), rego.WithMasker(h.maskInput), rego.WithSampling(p.sampling), rego.WithRetention(time.Duration(p.days) * 24 * time.Hour),
			rego.WithLog(h.log), rego.WithTelemetry(h.telemetry.tracers, h.telemetry.meters),
		}
		source, err := p.open(ctx, h)
		if err != nil {
			return opened{}, fmt.Errorf("%s: %w", policyVariable, err)
		}
		if source != nil {
			opts = append(opts, rego.WithSource(source))
		}
		engine, err := rego.New(store, opts...)
		if err != nil {
			return opened{}, fmt.Errorf("%s: %w", policyVariable, err)
		}
		around, err := engine.Wrap(p.wraps...)
		if err != nil {
			return opened{}, err
		}
		h.decider = engine
		h.inMemory = append(h.inMemory, namedData{"policies", compiledPolicies{engine}})
		return opened{
			routes: engine.Routes(),
			wraps:  []wrap{{innermost, around}},
			ready:  []dependency{{"policy", engine, true}}, // the last good one goes on
			run:    []func(context.Context){func(ctx context.Context) { _ = engine.Run(ctx) }},
		}, nil
	}}
}

// open returns where the operator's policy is; nil for none.
func (p policySettings) open(ctx context.Context, h *house) (rego.Source, error) {
	if p.place == "" {
		return nil, nil //nolint:nilnil // no policy, and no error
	}
	opts := []rego.SourceOption{rego.WithSourceLog(h.log), rego.WithSourceInterval(p.interval)}
	if p.keyFile != "" {
		keys, err := os.ReadFile(p.keyFile)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", policyKeyVariable, err)
		}
		opts = append(opts, rego.WithBundleKeys(keys))
	}
	if p.isRemote {
		if p.token != "" {
			opts = append(opts, rego.WithBundleToken(func(context.Context) (string, error) { return p.token, nil }))
		}
		return rego.NewBundleURL(ctx, p.place, opts...)
	}
	about, err := os.Stat(p.place)
	if err != nil {
		return nil, err
	}
	if about.IsDir() {
		return rego.NewDir(ctx, p.place, opts...)
	}
	return rego.NewBundleFile(ctx, p.place, opts...)
}

// maskInput masks the input of a decision before it is stored.
func (h *house) maskInput(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
	if h.masker == nil {
		return nil, errors.New("there is no masking")
	}
	return h.masker.MaskJSON(nil, input)
}

func openPolicyStore(h *house) (*policystore.Store, error) {
	opts := []policystore.Option{policystore.WithLog(h.log)}
	if h.cluster != nil {
		opts = append(opts, policystore.WithNotices(h.cluster.Topic("policies")))
	}
	return policystore.New(h.db, opts...)
}

// keptPolicies are the policies and logged decisions in the database, as data of tenants.
type keptPolicies struct{ store *policystore.Store }

// Measure implements [data].
func (k keptPolicies) Measure(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, k.store.MeasureTenant)
}

// Erase implements [data].
func (k keptPolicies) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, k.store.DeleteTenant)
}

// compiledPolicies are the policies of tenants in the memory of this server.
type compiledPolicies struct{ engine *rego.Engine }

// Measure implements [data].
func (compiledPolicies) Measure(context.Context, storage.Realm) (storage.Amount, error) {
	return storage.Amount{}, nil
}

// Erase implements [data]: a later tenant of the same name sees nothing of the erased one.
func (c compiledPolicies) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, func(ctx context.Context, tenantID string) (int, int64, error) {
		return 0, 0, c.engine.Refresh(ctx, tenantID)
	})
}

var _ cpodkit.Pinger = (*rego.Engine)(nil)
