package files

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/storage"
)

// How long a signed URL works.
const (
	DefaultURLExpiry = time.Hour
	MaxURLExpiry     = 7 * 24 * time.Hour
)

// URLOptions choose what a signed URL does.
type URLOptions struct {
	Method    string        // GET (with HEAD), the default, or PUT
	ExpiresIn time.Duration // 1 s to [MaxURLExpiry]; 0 is [DefaultURLExpiry]
}

// SignedURL works without a token until it expires: whoever has it has the
// right.
type SignedURL struct {
	URL       string    `json:"url"`
	Method    string    `json:"method"`
	ExpiresAt time.Time `json:"expiresAt"` // UTC
}

// MarshalJSON writes ExpiresAt with three fraction digits, as the answers of the
// routes have it.
func (u SignedURL) MarshalJSON() ([]byte, error) {
	type fields SignedURL
	return json.Marshal(struct {
		fields
		ExpiresAt rest.Time `json:"expiresAt"` // instead of the one of fields
	}{fields(u), rest.Time(u.ExpiresAt)})
}

// SignURL makes a URL for one file, which need not be there yet. GET needs the
// tier's read scope and PUT its write scope, now and not later. The driver signs
// where it can, else the store does, on the URL of [WithPublicURL]; without
// either it is not_supported. Options out of range are validation_failed.
//
// In the user tier a URL for GET reads the file that [Handle.Open] would open
// now, also another app's; a conflict when several apps have one. When there is
// none yet, it is the app's own.
func (h Handle) SignURL(ctx context.Context, key string, opts URLOptions) (SignedURL, error) {
	method := cmp.Or(opts.Method, http.MethodGet)
	expiresIn := cmp.Or(opts.ExpiresIn, DefaultURLExpiry)
	if method != http.MethodGet && method != http.MethodPut {
		return SignedURL{}, errMethod()
	}
	if expiresIn < time.Second || expiresIn > MaxURLExpiry {
		return SignedURL{}, errExpiresIn()
	}
	at, err := h.forSigning(ctx, method, key)
	if err != nil {
		return SignedURL{}, err
	}
	expiresAt := time.Now().Add(expiresIn).UTC().Truncate(time.Millisecond)
	if presigner, ok := h.store.driver.(Presigner); ok && h.store.mayPresign(expiresIn) {
		ctx, call := h.store.calls.presign.Start(ctx)
		signed, err := presigner.PresignURL(ctx, at.name(), method, expiresIn)
		if err = call.End(ctx, err); err == nil {
			return SignedURL{URL: signed, Method: method, ExpiresAt: expiresAt}, nil
		}
		if !errors.Is(err, cpodkit.CodeNotSupported) {
			return SignedURL{}, err
		}
	}
	if h.store.publicURL == "" {
		return SignedURL{}, cpodkit.Errorf(cpodkit.CodeNotSupported,
			"This server has no public URL configured, so it cannot sign URLs.")
	}
	sealed := h.store.sealToken(token{at, expiresAt, h.caller.AppID(), h.caller.TokenID()}, method)
	return SignedURL{URL: h.store.publicURL + signedPath + sealed, Method: method, ExpiresAt: expiresAt}, nil
}

// unrevokedExpiry bounds how long a URL may work after its token was revoked: the
// store that signed it does not ask.
const unrevokedExpiry = time.Hour

// mayPresign reports whether the driver's store may sign a URL that works so long.
func (s *Store) mayPresign(expiresIn time.Duration) bool {
	return s.revoked == nil || s.publicURL == "" || expiresIn <= unrevokedExpiry
}

// forSigning returns the key that a URL is for.
func (h Handle) forSigning(ctx context.Context, method, key string) (authorized, error) {
	if method == http.MethodPut {
		return h.forWriting(key)
	}
	var first, found authorized
	err := h.read(ctx, key, func(at authorized) error {
		if first == (authorized{}) {
			first = at
		}
		found = at
		if at.app == "" { // nowhere else to look
			return nil
		}
		_, err := h.store.stat(ctx, at.name())
		return err
	})
	if errors.Is(err, cpodkit.CodeNotFound) {
		return first, nil
	}
	return found, err
}

func invalidMember(pointer, detail string) error {
	return cpodkit.ValidationError(cpodkit.FieldError{Pointer: pointer, Detail: detail})
}

func errMethod() error { return invalidMember("/method", "must be GET or PUT") }

func errExpiresIn() error {
	return invalidMember("/expiresIn", fmt.Sprintf("must be from 1 to %d seconds", int(MaxURLExpiry.Seconds())))
}

// signedPath is where the store serves its signed URLs.
const signedPath = "/v1/storage/signed/"

// token is what a signed URL carries. The method is the binding of its seal, so
// that a URL to read cannot write.
type token struct {
	authorized
	expires time.Time
	appID   string // of who made it
	tokenID string // of the token that it was made with
}

// sealToken joins the parts with NUL, which none but the last can hold. JSON would
// escape the longest keys beyond the size of a token.
func (s *Store) sealToken(t token, method string) string {
	return s.tokens.Seal(method, fmt.Appendf(nil, "%d\x00%s\x00%s\x00%s\x00%s\x00%s",
		t.expires.UnixMilli(), t.tier, t.root, t.key, url.PathEscape(t.appID), t.tokenID))
}

func (s *Store) openToken(ctx context.Context, sealed, method string) (authorized, error) {
	plain, err := s.tokens.Open(method, sealed)
	if err != nil {
		return authorized{}, cpodkit.Errorf(cpodkit.CodeForbidden,
			"This URL was altered, or made for another method or server.")
	}
	parts := strings.SplitN(string(plain), "\x00", 6)
	if len(parts) == 5 { // made before URLs named their app
		parts = slices.Insert(parts, 4, "")
	}
	if len(parts) != 6 {
		return authorized{}, errors.New("files: the token of a signed URL has another form")
	}
	expires, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return authorized{}, err
	}
	if !time.Now().Before(time.UnixMilli(expires)) {
		return authorized{}, cpodkit.Errorf(cpodkit.CodeForbidden, "This URL has expired; ask for a new one.")
	}
	if s.revoked != nil && parts[5] != "" {
		revoked, err := s.revoked(ctx, parts[5])
		if err != nil {
			return authorized{}, classified(err)
		}
		if revoked {
			return authorized{}, cpodkit.Errorf(cpodkit.CodeForbidden, "This URL was made with a token that has been revoked.")
		}
	}
	if err := s.admit(parts[2]); err != nil {
		return authorized{}, err
	}
	appID, _ := url.PathUnescape(parts[4]) // sealToken has escaped it
	cpodkit.RecordFromContext(ctx).NoteClientID(appID)
	return authorized{root: parts[2], key: parts[3], tier: storage.Tier(parts[1])}, nil
}
