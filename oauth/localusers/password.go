package localusers

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/oauth"
)

// Limits of passwords.
const (
	MinPassword = 12  // characters
	MaxPassword = 256 // bytes
)

// Cost is what one hash costs: Argon2id (RFC 9106) with these parameters.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
	Lanes  uint8 // that run at the same time
}

// DefaultCost is the second recommended option of RFC 9106 section 4: 64 MiB, 3 passes, 4
// lanes.
func DefaultCost() Cost { return Cost{Memory: 64 << 10, Passes: 3, Lanes: 4} }

// check refuses a cost below what OWASP's Password Storage Cheat Sheet calls the least, and
// one that no server can bear.
func (c Cost) check() error {
	if c.Lanes < 1 || c.Passes < 1 || c.Memory < 7<<10 || c.Passes > 1000 || c.Memory > 4<<20 ||
		uint64(c.Memory)*uint64(c.Passes) < 35<<10 {
		return fmt.Errorf("localusers: the cost %+v is too low or too high: at least 7 MiB, memory times passes at least 35 MiB, at most 4 GiB", c)
	}
	return nil
}

const (
	saltBytes = 16
	keyBytes  = 32

	// hashWait is how long somebody waits for a place to hash.
	hashWait = 5 * time.Second
)

// hash is Argon2id's result with all that it takes to compute it again.
type hash struct {
	cost      Cost
	salt, key []byte
}

// String returns the hash in the form of the Password Hashing Competition.
func (h hash) String() string {
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.Memory, h.cost.Passes, h.cost.Lanes,
		e.EncodeToString(h.salt), e.EncodeToString(h.key))
}

var errHash = errors.New("localusers: the stored hash of a password is malformed")

func parseHash(text string) (h hash, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return hash{}, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.cost.Memory, &h.cost.Passes, &h.cost.Lanes); err != nil {
		return hash{}, errHash
	}
	var errSalt, errKey error
	h.salt, errSalt = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, errKey = base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errKey != nil || len(h.salt) < 8 || len(h.key) != keyBytes || h.cost.check() != nil || h.String() != text {
		return hash{}, errHash
	}
	return h, nil
}

// hasher computes hashes, a few at once: each takes memory and a core.
type hasher struct {
	cost  Cost
	slots chan struct{}
	dummy hash // which no password fits
	calls *portable.Operation
}

func newHasher(cost Cost, atOnce int, calls *portable.Operation) *hasher {
	h := &hasher{cost: cost, slots: make(chan struct{}, atOnce), calls: calls}
	h.dummy = hash{cost: cost, salt: random(saltBytes), key: random(keyBytes)}
	return h
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func (h *hasher) compute(ctx context.Context, password string, salt []byte, cost Cost) (key []byte, err error) {
	ctx, call := h.calls.Start(ctx)
	defer func() { call.Measure(ctx, err) }()
	timer := time.NewTimer(hashWait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-timer.C:
		return nil, cpodkit.Errorf(cpodkit.CodeUnavailable, "Too many users sign in at once; try again.")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, cost.Passes, cost.Memory, cost.Lanes, keyBytes), nil
}

// hash returns the hash of a new password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	fresh := hash{cost: h.cost, salt: random(saltBytes)}
	var err error
	fresh.key, err = h.compute(ctx, password, fresh.salt, h.cost)
	return fresh.String(), err
}

// matches reports whether a password is that of a stored hash. "" stands for no password,
// takes the same work, and is never matched. outdated says that the hash has another cost
// than new ones.
func (h *hasher) matches(ctx context.Context, password, stored string) (ok, outdated bool, err error) {
	want := h.dummy
	if stored != "" {
		if want, err = parseHash(stored); err != nil {
			return false, false, err
		}
	}
	key, err := h.compute(ctx, password, want.salt, want.cost)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(key, want.key) == 1 && stored != ""
	return ok, ok && want.cost != h.cost, nil
}

// checkPassword returns why a new password is not taken, in words for its user.
func checkPassword(password, email string) error {
	folded, isEmail := oauth.NormalEmail(password)
	switch {
	case !utf8.ValidString(password) || utf8.RuneCountInString(password) < MinPassword:
		return cpodkit.Errorf(cpodkit.CodeBadRequest, "The password must have at least %d characters.", MinPassword)
	case len(password) > MaxPassword:
		return cpodkit.Errorf(cpodkit.CodeBadRequest, "The password must have at most %d bytes.", MaxPassword)
	case isEmail && folded == email:
		return cpodkit.Errorf(cpodkit.CodeBadRequest, "The password must not be the e-mail address.")
	case strings.Trim(password, password[:1]) == "":
		return cpodkit.Errorf(cpodkit.CodeBadRequest, "The password must not be one repeated character.")
	}
	return nil
}
