package flags

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/nearest"
)

const (
	// MaxKey is the most bytes of a key under which an [Editor] keeps a flag.
	MaxKey = 256

	// MaxTenantBytes is the most bytes of all definitions that an [Editor] keeps for a
	// tenant: 64 MiB.
	MaxTenantBytes = 64 << 20

	// MaxListBytes is about how many bytes of definitions a page of a list has at most.
	MaxListBytes = 8 << 20
)

// Editor is for drivers: a source that keeps the flags of each tenant one by one, and in
// which they can be changed. Keys and definitions are checked before they come here.
// Outcomes that callers act on are CodeNotFound, CodePreconditionFailed and
// CodeValidationFailed for a tenant that has [MaxFlags] flags or [MaxTenantBytes].
type Editor interface {
	Source

	// GetFlag returns a flag, or CodeNotFound.
	GetFlag(ctx context.Context, tenantID, key string) (StoredFlag, error)

	// ListFlags returns flags whose keys come after a key, in the order of the bytes of
	// their keys, at most limit of them. It may return fewer, to bound how much it
	// reads; more reports whether there are others.
	ListFlags(ctx context.Context, tenantID, after string, limit int) (flags []StoredFlag, more bool, err error)

	// PutFlag stores a flag, or returns CodePreconditionFailed when what is there does
	// not meet the condition. It returns the flag with its new version and time.
	PutFlag(ctx context.Context, tenantID, key string, definition []byte, c Condition) (StoredFlag, error)

	// DeleteFlag removes a flag. One that is not there is no error, unless the condition
	// asks for it: CodePreconditionFailed.
	DeleteFlag(ctx context.Context, tenantID, key string, c Condition) error
}

// StoredFlag is for drivers: a flag as it is kept.
type StoredFlag struct {
	Key        string
	Definition json.RawMessage // of the flag alone, with its own $evaluators; see [FlagDefinition]
	Version    string          // another one after every write; the ETag without its quotes
	UpdatedAt  time.Time       // zero where it is not known
}

// Condition is for drivers: what must hold of a flag for a write. The zero value is
// nothing.
type Condition struct {
	Version string // that it has; "" for any
	Exists  bool   // that it is there
	Absent  bool   // that it is not there
}

// Holds is for drivers: it reports whether the condition holds for a flag that is there,
// with that version, or is not.
func (c Condition) Holds(exists bool, version string) bool {
	if exists {
		return !c.Absent && (c.Version == "" || c.Version == version)
	}
	return !c.Exists && c.Version == ""
}

// FlagDefinition is for drivers: it returns the definition of one flag that is kept on
// its own. Beside the members of flagd's format the flag may hold $evaluators, for its
// own targeting, and the bucketing in its metadata, which selects the arithmetic of its
// own rollouts. No other flag sees them.
func FlagDefinition(key string, flag []byte) (Definition, error) {
	name, err := json.Marshal(key)
	if err != nil {
		return Definition{}, err
	}
	whole := slices.Concat([]byte(`{"flags":{`), name, []byte{':'}, flag, []byte{'}'})
	if bytes.Contains(flag, []byte(evaluatorsMember)) || bytes.Contains(flag, []byte(Bucketing)) || bytes.Contains(flag, []byte(`\u`)) {
		var members, metadata map[string]json.RawMessage
		if err := json.Unmarshal(flag, &members); err != nil {
			return Definition{}, err
		}
		if evaluators := members[evaluatorsMember]; evaluators != nil {
			whole = slices.Concat(whole, []byte(`,"`+evaluatorsMember+`":`), evaluators)
		}
		_ = json.Unmarshal(members[metadataMember], &metadata) // what is no object is found later
		if bucketing := metadata[Bucketing]; bucketing != nil {
			whole = slices.Concat(whole, []byte(`,"`+metadataMember+`":{"`+Bucketing+`":`), bucketing, []byte{'}'})
		}
	}
	// Evaluators stand in it twice.
	return Definition{Name: key, JSON: append(whole, '}'), MaxBytes: 3 * MaxDefinition}, nil
}

const (
	evaluatorsMember = "$evaluators"
	metadataMember   = "metadata"
)

// checkKey refuses what no flag of an Editor is kept under.
func checkKey(key string) error {
	var fault string
	switch {
	case key == "" || len(key) > MaxKey:
		fault = fmt.Sprintf("has %d bytes; 1 to %d are allowed", len(key), MaxKey)
	case !utf8.ValidString(key):
		fault = "is not UTF-8"
	case strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c == 0x7f }):
		fault = "has a control character"
	case slices.ContainsFunc(strings.Split(key, "/"), func(part string) bool { return part == "" || part == "." || part == ".." }):
		fault = "has an empty part between slashes, or one of dots" // no path leads there
	default:
		return nil
	}
	return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The key of the flag %s.", fault)
}

// checkFlag refuses a definition of one flag that cannot be kept. Pointers are into the
// definition.
func checkFlag(key string, flag []byte) error {
	if len(flag) > MaxDefinition {
		return invalid("", fmt.Sprintf("the definition has %d bytes; at most %d are allowed", len(flag), MaxDefinition))
	}
	var members map[string]json.RawMessage
	if err := decodeBody(flag, &members); err != nil {
		return err
	}
	known := []string{"state", "variants", "defaultVariant", "targeting", metadataMember, evaluatorsMember}
	var faults []cpodkit.FieldError
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(known, name) {
			faults = append(faults, cpodkit.FieldError{
				Pointer: (*place)(nil).member(name).pointer(),
				Detail:  fmt.Sprintf("is not a member of a flag; the nearest is %q", nearest.Name(name, known)),
			})
		}
	}
	if len(faults) > 0 {
		return refused(faults[:min(len(faults), maxFaults)])
	}
	d, err := FlagDefinition(key, flag)
	if err != nil {
		return err
	}
	_, found, err := parse(d.JSON, d.MaxBytes)
	if e, ok := err.(*cpodkit.Error); ok { //nolint:errorlint // parse returns no other
		found = e.Fields
	}
	if len(found) == 0 {
		return err
	}
	outer := (*place)(nil).member("flags").member(key).pointer()
	for i := range found {
		found[i].Pointer = strings.TrimPrefix(found[i].Pointer, outer)
	}
	return refused(found)
}

// editor returns the source as one that can be changed, or not_supported.
func (f *Flags) editor() (Editor, error) {
	if e, ok := f.source.(Editor); ok {
		return e, nil
	}
	return nil, cpodkit.Errorf(cpodkit.CodeNotSupported, "The flags of this server come from a source that this call cannot change.")
}

// loaded returns the flags of a source that is no Editor, in the order of their keys, as
// its definitions hold them. Their versions are digests.
func loaded(ctx context.Context, source Source, tenantID string) ([]StoredFlag, error) {
	definitions, err := source.Load(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	byKey := map[string]StoredFlag{}
	for _, d := range definitions {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(d.JSON, &members); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
		for key, flag := range split(members["flags"]) {
			digest := sha256.Sum256(flag)
			byKey[key] = StoredFlag{Key: key, Definition: flag, Version: hex.EncodeToString(digest[:16])}
		}
	}
	return slices.SortedFunc(maps.Values(byKey), func(a, b StoredFlag) int { return strings.Compare(a.Key, b.Key) }), nil
}

// split returns the flags of a definition by their keys. They are an object, or an array
// of objects with a key each.
func split(flags json.RawMessage) map[string]json.RawMessage {
	byKey := map[string]json.RawMessage{}
	var elements []json.RawMessage
	if json.Unmarshal(flags, &elements) != nil {
		_ = json.Unmarshal(flags, &byKey) // it was compiled
		return byKey
	}
	for _, element := range elements {
		var flag struct {
			Key string `json:"key"`
		}
		if json.Unmarshal(element, &flag) == nil {
			byKey[flag.Key] = element
		}
	}
	return byKey
}
