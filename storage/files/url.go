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
	sealed := h.store.sealToken(at, expiresAt, h.caller.Identity(), method)
	return SignedURL{URL: h.store.publicURL + signedPath + sealed, Method: method, ExpiresAt: expiresAt}, nil
}

// unrevokedExpiry bounds how long a URL may work after its credential has ended: the
// store that signed it does not ask.
const unrevokedExpiry = time.Hour

// mayPresign reports whether the driver's store may sign a URL that works so long.
func (s *Store) mayPresign(expiresIn time.Duration) bool {
	return s.revoked == nil || expiresIn <= unrevokedExpiry
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

// URLMaker is the credential that a signed URL was made with, and what the URL needs of
// it.
type URLMaker struct {
	TenantID string
	AppID    string
	TokenID  string // as in cpodkit.Identity: of a token or an API key

	// KeyDigest is that of the API key, as in cpodkit.Identity; empty for a token.
	KeyDigest string

	// IsOld is set where the URL comes from a version that did not keep KeyDigest. Then
	// TokenID is that of a token or an API key, and AppID may be empty.
	IsOld bool

	Scope string // such as "storage.private.read"
}

// tokenForm is the first part of the token of a signed URL. Tokens of older versions begin
// with a time in milliseconds instead.
const tokenForm = "2"

// sealToken returns the token of a URL for method, which is the binding of its seal, so
// that a URL to read cannot write. It joins the parts with NUL, which none but the last
// can hold. JSON would escape the longest keys beyond the size of a token.
func (s *Store) sealToken(at authorized, expires time.Time, maker cpodkit.Identity, method string) string {
	return s.tokens.Seal(method, fmt.Appendf(nil, tokenForm+"\x00%d\x00%s\x00%s\x00%s\x00%s\x00%s\x00%s",
		expires.UnixMilli(), at.tier, at.root, at.key, url.PathEscape(maker.AppID), maker.KeyDigest, maker.TokenID))
}

// openToken returns the file of a URL that may still be used.
func (s *Store) openToken(ctx context.Context, sealed, method string) (authorized, error) {
	plain, err := s.tokens.Open(method, sealed)
	if err != nil {
		return authorized{}, cpodkit.Errorf(cpodkit.CodeForbidden,
			"This URL was altered, or made for another method or server.")
	}
	at, expires, maker, err := parseToken(string(plain))
	if err != nil {
		return authorized{}, err
	}
	record := cpodkit.RecordFromContext(ctx)
	record.NoteURLMaker(cpodkit.Identity{
		TenantID: maker.TenantID, AppID: maker.AppID, TokenID: maker.TokenID, KeyDigest: maker.KeyDigest,
	})
	if !time.Now().Before(expires) {
		return authorized{}, cpodkit.Errorf(cpodkit.CodeForbidden, "This URL has expired; ask for a new one.")
	}
	action := storage.Read
	if method == http.MethodPut {
		action = storage.Write
	}
	maker.Scope = at.tier.Scope(action)
	if s.revoked != nil && maker.TokenID != "" {
		revoked, err := s.revoked(ctx, maker)
		if err != nil {
			return authorized{}, classified(err)
		}
		if revoked {
			return authorized{}, cpodkit.Errorf(cpodkit.CodeForbidden, "The credential that this URL was made with has ended.")
		}
	}
	if err := s.admit(at.root); err != nil {
		return authorized{}, err
	}
	record.NoteClientID(maker.AppID)
	return at, nil
}

// parseToken reads what sealToken wrote, and the two older forms: one without KeyDigest,
// and one without the app too.
func parseToken(plain string) (at authorized, expires time.Time, maker URLMaker, err error) {
	parts := strings.SplitN(plain, "\x00", 8)
	if parts[0] == tokenForm {
		parts = parts[1:]
	} else {
		maker.IsOld = true
		parts = strings.SplitN(plain, "\x00", 6)
		if n := len(parts); n == 5 || n == 6 { // the missing parts come before the last one
			parts = slices.Insert(parts, n-1, make([]string, 7-n)...)
		}
	}
	if len(parts) != 7 {
		return at, expires, maker, errors.New("files: the token of a signed URL has another form")
	}
	milliseconds, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return at, expires, maker, err
	}
	at = authorized{tier: storage.Tier(parts[1]), root: parts[2], key: parts[3]}
	maker.TenantID, _ = url.PathUnescape(storage.TenantOf(at.root)) // storage.Space has encoded it
	maker.AppID, _ = url.PathUnescape(parts[4])                     // sealToken has escaped it
	maker.KeyDigest, maker.TokenID = parts[5], parts[6]
	return at, time.UnixMilli(milliseconds), maker, nil
}
