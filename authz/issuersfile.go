package authz

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/strictjson"
)

// MaxIssuers is the most issuers that a file may have: 100.
const MaxIssuers = 100

// anyTenant stands in a list of tenants for all.
const anyTenant = "*"

// ParseIssuers reads issuers from JSON: docs/authz.md says the form. All of them are
// Foreign. The options are for the keys that are fetched; an entry adds its own. It reads
// the files that entries name, and fetches nothing. It fails when the document or an entry
// is malformed, when an entry does not say for which tenants it speaks, and when two
// entries could name the same user; the error says which entry, and its line.
func ParseIssuers(ctx context.Context, document []byte, opts ...RemoteOption) ([]Issuer, error) {
	var file struct {
		Issuers []json.RawMessage `json:"issuers"`
	}
	if err := decodeStrict(document, &file); err != nil {
		return nil, fmt.Errorf("authz: the issuers: %w", err)
	}
	if len(file.Issuers) == 0 || len(file.Issuers) > MaxIssuers {
		return nil, fmt.Errorf("authz: the issuers: there are %d of them, not 1 to %d", len(file.Issuers), MaxIssuers)
	}
	var list []Issuer
	for at, raw := range file.Issuers {
		issuer, err := parseIssuer(ctx, raw, opts)
		if err != nil {
			return nil, entryError(document, at, err)
		}
		for _, other := range list {
			if err := apart(issuer, other); err != nil {
				return nil, entryError(document, at, err)
			}
		}
		list = append(list, issuer)
	}
	return list, nil
}

// entryError says in which entry of a document a fault is, and in which line that begins.
func entryError(document []byte, at int, err error) error {
	pointer := fmt.Sprintf("/issuers/%d", at)
	line, _ := strictjson.Position(document, pointer)
	return fmt.Errorf("authz: %s in line %d: %w", pointer, line, err)
}

// apart refuses two issuers that could name the same user.
func apart(a, b Issuer) error {
	if a.Issuer == b.Issuer {
		return fmt.Errorf("the issuer %s is there twice", a.Issuer)
	}
	if a.Claims.UserID == noClaim || b.Claims.UserID == noClaim || a.UserNamespace != b.UserNamespace {
		return nil
	}
	if mayShare(a.speaksFor(), b.speaksFor()) {
		return fmt.Errorf("it could name a user of the issuer %s: give it a user.namespace of its own", b.Issuer)
	}
	return nil
}

// speaksFor returns the tenants of an issuer; nil for all.
func (i Issuer) speaksFor() []string {
	if i.TenantID != "" {
		return []string{i.TenantID}
	}
	return i.Tenants
}

func mayShare(a, b []string) bool {
	return a == nil || b == nil || slices.ContainsFunc(a, func(t string) bool { return slices.Contains(b, t) })
}

// entry is an issuer of a file.
type entry struct {
	Preset     string             `json:"preset"`
	Issuer     string             `json:"issuer"`
	Audience   string             `json:"audience"`
	Audiences  []string           `json:"audiences"`
	Keys       entryKeys          `json:"keys"`
	Tenants    []string           `json:"tenants"`
	Tenant     entryID            `json:"tenant"`
	App        entryID            `json:"app"`
	User       entryUser          `json:"user"`
	Scopes     entryScopes        `json:"scopes"`
	Type       string             `json:"type"`
	Types      []string           `json:"types"`
	Algorithms []string           `json:"algorithms"`
	Require    []entryRequirement `json:"require"`
	NoUser     []entryRequirement `json:"noUser"`

	AllowPrivateAddresses bool `json:"allowPrivateAddresses"`
	AllowLoopbackHTTP     bool `json:"allowLoopbackHttp"`
}

type entryKeys struct {
	URL       string          `json:"url"`
	Discovery bool            `json:"discovery"`
	File      string          `json:"file"`
	JWKS      json.RawMessage `json:"jwks"`
}

type entryID struct {
	Claim string `json:"claim"`
	Fixed string `json:"fixed"`
}

type entryUser struct {
	Claim        string  `json:"claim"`
	Namespace    *string `json:"namespace"`
	LongSubjects string  `json:"longSubjects"`
}

type entryScopes struct {
	Claim  string       `json:"claim"`
	Groups *entryGroups `json:"groups"`
}

type entryGroups struct {
	Claim string              `json:"claim"`
	Table map[string][]string `json:"table"`
}

type entryRequirement struct {
	Claim  string   `json:"claim"`
	Values []string `json:"values"`
	Absent bool     `json:"absent"`
}

func decodeStrict(data []byte, into any) error {
	faults, err := strictjson.Unmarshal(data, into)
	if err != nil {
		return err
	}
	var all []error
	for _, fault := range faults {
		all = append(all, fmt.Errorf("%s %s", fault.Pointer, fault.Detail))
	}
	return errors.Join(all...)
}

func parseIssuer(ctx context.Context, raw json.RawMessage, opts []RemoteOption) (Issuer, error) {
	var e entry
	if err := decodeStrict(raw, &e); err != nil {
		return Issuer{}, err
	}
	preset := Preset{Issuer: Issuer{Foreign: true}}
	if e.Preset != "" {
		var err error
		if preset, err = presetOf(e.Preset); err != nil {
			return Issuer{}, err
		}
	}
	i := preset.Issuer
	if err := e.apply(&i, preset.IsShared); err != nil {
		return Issuer{}, err
	}
	var err error
	if i.Keys, err = e.keys(ctx, opts); err != nil {
		return Issuer{}, err
	}
	if _, err = compile(i); err != nil {
		return Issuer{}, err
	}
	var source bytes.Buffer
	err = json.Compact(&source, raw)
	i.source = source.String()
	return i, err
}

// apply sets what the entry says.
func (e *entry) apply(i *Issuer, isShared bool) error {
	i.Issuer, i.Audience, i.Audiences = e.Issuer, e.Audience, e.Audiences
	i.Algorithms = e.Algorithms
	if e.Type != "" && e.Types != nil {
		return errors.New("it has both type and types")
	}
	if e.Type != "" {
		i.Type, i.Types = e.Type, nil
	}
	if e.Types != nil {
		i.Types = e.Types
	}
	require, err1 := requirements(e.Require)
	noUser, err2 := requirements(e.NoUser)
	i.Require, i.NoUser = append(i.Require, require...), append(i.NoUser, noUser...)
	return errors.Join(err1, err2, e.applyTenant(i, isShared), e.applyApp(i), e.applyUser(i), e.applyScopes(i))
}

func requirements(list []entryRequirement) ([]Requirement, error) {
	var all []Requirement
	for _, r := range list {
		if r.Claim == "" || r.Absent == (len(r.Values) > 0) {
			return nil, errors.New("a requirement has a claim, and either values or absent")
		}
		all = append(all, Requirement{Claim: r.Claim, Values: r.Values})
	}
	return all, nil
}

func (e *entry) applyTenant(i *Issuer, isShared bool) error {
	switch {
	case e.Tenant.Fixed != "" && (e.Tenant.Claim != "" || e.Tenants != nil):
		return errors.New("its tenant is fixed: it has neither tenant.claim nor tenants")
	case e.Tenant.Fixed != "":
		if isShared && len(e.Require) == 0 {
			return errors.New("everybody can get tokens of this issuer: require what tells yours from others'")
		}
		i.TenantID, i.Claims.TenantID = e.Tenant.Fixed, ""
		return nil
	case e.Tenant.Claim != "":
		i.Claims.TenantID = e.Tenant.Claim
	case i.Claims.TenantID == "" && e.Preset != "cpod-backend":
		return errors.New("it needs a tenant: fixed, or a claim")
	}
	if len(e.Tenants) == 0 {
		return fmt.Errorf("it needs tenants: those for which it speaks, or [%q] for all", anyTenant)
	}
	if i.Tenants = e.Tenants; !slices.Contains(e.Tenants, anyTenant) {
		return nil
	}
	if isShared || len(e.Tenants) > 1 {
		return fmt.Errorf("%q stands alone, and not for an issuer whose tokens everybody can get", anyTenant)
	}
	i.Tenants = nil
	return nil
}

func (e *entry) applyApp(i *Issuer) error {
	switch {
	case e.App.Fixed != "" && e.App.Claim != "":
		return errors.New("its app is either fixed or a claim")
	case e.App.Fixed != "":
		i.AppID = e.App.Fixed
	case e.App.Claim != "":
		i.Claims.AppID = e.App.Claim
	case i.Claims.AppID == "" && e.Preset != "cpod-backend":
		return errors.New("it needs an app: fixed, or a claim")
	}
	return nil
}

func (e *entry) applyUser(i *Issuer) error {
	switch {
	case e.User.Claim != "":
		i.Claims.UserID = e.User.Claim
	case e.Preset == "":
		i.Claims.UserID = noClaim
	}
	switch e.User.LongSubjects {
	case "hash":
		i.LongSubjects = true
	case "", "refuse":
	default:
		return errors.New(`user.longSubjects is "hash" or "refuse"`)
	}
	if i.Claims.UserID == noClaim {
		return nil
	}
	if e.User.Namespace == nil {
		return errors.New(`it needs a user.namespace: what begins the ids of its users, or "" when they are the server's own`)
	}
	i.UserNamespace = *e.User.Namespace
	return nil
}

func (e *entry) applyScopes(i *Issuer) error {
	switch {
	case e.Scopes.Claim != "":
		i.Claims.Scope = e.Scopes.Claim
	case e.Preset == "":
		i.Claims.Scope = noClaim
	}
	if e.Scopes.Groups == nil {
		return nil
	}
	if e.Scopes.Groups.Claim != "" {
		i.Groups.Claim = e.Scopes.Groups.Claim
	}
	if i.Groups.Claim == "" {
		return errors.New("scopes.groups needs a claim")
	}
	i.Groups.Scopes = map[string]cpodkit.Scopes{}
	for group, scopes := range e.Scopes.Groups.Table {
		for _, scope := range scopes {
			if !cpodkit.ValidScope(scope) {
				return fmt.Errorf("scopes.groups gives %q the scope %q, which is not one", group, scope)
			}
		}
		i.Groups.Scopes[group] = scopes
	}
	return nil
}

func (e *entry) keys(ctx context.Context, opts []RemoteOption) (KeySource, error) {
	ways := 0
	for _, there := range []bool{e.Keys.URL != "", e.Keys.Discovery, e.Keys.File != "", e.Keys.JWKS != nil} {
		if there {
			ways++
		}
	}
	if ways > 1 {
		return nil, errors.New("its keys are one of url, discovery, file and jwks")
	}
	opts = append(slices.Clone(opts), WithKeyAlgorithms(e.Algorithms...))
	if e.AllowPrivateAddresses {
		opts = append(opts, WithUnsafePrivateAddresses())
	}
	if e.AllowLoopbackHTTP {
		opts = append(opts, WithUnsafeLoopbackHTTP())
	}
	switch {
	case e.Keys.JWKS != nil:
		return ParseKeySet(e.Keys.JWKS, e.Algorithms...)
	case e.Keys.File != "":
		var o remoteOptions
		for _, opt := range opts {
			opt(&o)
		}
		return OpenKeys(ctx, e.Keys.File, o.log, e.Algorithms...)
	case e.Keys.URL != "":
		return NewRemoteKeys(e.Issuer, e.Keys.URL, opts...)
	}
	return DiscoverKeys(e.Issuer, opts...)
}
