package client

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Tier says who can read what is stored.
type Tier string

const (
	// Private is this app's own data, and the default.
	Private Tier = "private"
	// User is the data of the user that the token names. Each app writes its own, and reads that of the others too.
	User Tier = "user"
	// Shared is common to all apps of the tenant.
	Shared Tier = "shared"
)

// check leaves "" to mean Private.
func (t Tier) check(op string) error {
	switch t {
	case "", Private, User, Shared:
		return nil
	}
	return invalid(op, cpodkit.CodeBadRequest, "the tier is not %q, %q or %q", Private, User, Shared)
}

func (t Tier) orPrivate() Tier {
	if t == "" {
		return Private
	}
	return t
}

// query has the tier only where it is not the server's default.
func (t Tier) query() url.Values {
	query := url.Values{}
	if t.orPrivate() != Private {
		query.Set("tier", string(t))
	}
	return query
}

// apps says whose data a call on the [User] tier means; the zero value leaves that to the server.
type apps struct {
	named, all bool
	id         string
}

// appUse is what a call can do with other apps' data.
type appUse int

const (
	ownApp  appUse = iota // no other: it writes
	oneApp                // read one key
	anyApps               // list or query
)

// addTo puts the choice into a query where the call can use it.
func (a apps) addTo(op string, query url.Values, tier Tier, use appUse) error {
	if !a.named && !a.all {
		return nil
	}
	switch {
	case tier != User:
		return invalid(op, cpodkit.CodeBadRequest, "App and AllApps are for the tier %q", User)
	case use == ownApp:
		return invalid(op, cpodkit.CodeBadRequest, "App and AllApps are for reading: an app writes its own data only")
	case a.all && use != anyApps:
		return invalid(op, cpodkit.CodeBadRequest, "AllApps is for lists and queries: to read one key, name one app or none")
	case a.all:
		query.Set("app", "*")
		return nil
	case a.id == "*":
		return invalid(op, cpodkit.CodeBadRequest, "App takes one client id: for all apps there is AllApps")
	}
	if _, err := clientIDSegment(op, a.id); err != nil {
		return err
	}
	query.Set("app", a.id)
	return nil
}

// WriteOption refines [Files.Write]: [ContentType], [SHA256], [IfAbsent], [IfMatch].
type WriteOption interface{ applyToWrite(*writing) }

// SetOption refines [Collection.Set], [Flags.Put], [Policy.PutModule], [Policy.PutData], [Secrets.SetGrant] and [Secrets.PutBundle]: [IfAbsent], [IfMatch].
type SetOption interface{ applyToSet(*writing) }

// SecretWriteOption refines [Secrets.Put]: [ForApps], [IfAbsent], [IfMatch], [IfVersion].
type SecretWriteOption interface{ applyToSecret(*writing) }

// UpdateOption refines [Apps.Update], [Flags.Delete] and the calls of [Policy] and [Secrets] that delete: [IfMatch], [IfVersion].
type UpdateOption interface{ applyToUpdate(*writing) }

// KVOption refines [KV.Set]: [TTL], [IfAbsent].
type KVOption interface{ applyToKV(*writing) }

// PageOption picks one page of a list: [Limit], [Cursor].
type PageOption interface {
	FileListOption
	applyToPage(*listing)
}

// FileListOption refines [Files.List]: [Limit], [Cursor], [Delimiter].
type FileListOption interface{ applyToFileList(*listing) }

// writing is what the options of a write say.
type writing struct {
	contentType string
	digest      string // a Content-Digest
	ifAbsent    bool
	ifMatch     *string
	ttl         *time.Duration
	apps        []string // nil for nothing said
}

type contentType string

func (c contentType) applyToWrite(w *writing) { w.contentType = string(c) }

// ContentType is the media type of a file, for example "image/png". Without it a file is application/octet-stream.
func ContentType(mediaType string) WriteOption { return contentType(mediaType) }

type digest string

func (d digest) applyToWrite(w *writing) { w.digest = string(d) }

// SHA256 is the checksum of the content. The server stores nothing when it reads
// other bytes: then the write fails with a [ValidationError] of the code
// digest_mismatch.
func SHA256(sum [sha256.Size]byte) WriteOption {
	return digest("sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":")
}

// Absence is the condition that [IfAbsent] makes.
type Absence struct{}

func (Absence) applyToWrite(w *writing)  { w.ifAbsent = true }
func (Absence) applyToSet(w *writing)    { w.ifAbsent = true }
func (Absence) applyToKV(w *writing)     { w.ifAbsent = true }
func (Absence) applyToSecret(w *writing) { w.ifAbsent = true }

// IfAbsent writes only when there is nothing under the key yet; else the write fails with a
// [PreconditionFailedError]. One of many concurrent writers succeeds.
func IfAbsent() Absence { return Absence{} }

// Match is the condition that [IfMatch] makes.
type Match string

func (m Match) applyToWrite(w *writing)  { w.ifMatch = (*string)(&m) }
func (m Match) applyToSet(w *writing)    { w.ifMatch = (*string)(&m) }
func (m Match) applyToUpdate(w *writing) { w.ifMatch = (*string)(&m) }
func (m Match) applyToSecret(w *writing) { w.ifMatch = (*string)(&m) }

// IfMatch writes only over the very state that the tag names, [File.ETag], [Document.Version],
// [Flag.Version], [App.ETag], [SecretGrant.Version] or [SecretBundle.Version]; else the write fails with a
// [PreconditionFailedError].
func IfMatch(tag string) Match { return Match(tag) }

// IfVersion writes or deletes a secret only while n is its newest version; else the call fails with a
// [PreconditionFailedError].
func IfVersion(n int64) Match { return Match(strconv.FormatInt(n, 10)) }

type forApps []string

func (f forApps) applyToSecret(w *writing) { w.apps = append([]string{}, f...) }

// ForApps says which apps may read a secret, by their client ids.
func ForApps(clientIDs ...string) SecretWriteOption { return forApps(clientIDs) }

type ttl time.Duration

func (t ttl) applyToKV(w *writing) { w.ttl = (*time.Duration)(&t) }

// TTL is how long a key lives, from the write on: more than zero, at most 10 years, rounded up to a whole second.
func TTL(life time.Duration) KVOption { return ttl(life) }

// condition puts the conditions into a header, and says how far the call may then be repeated.
func (w *writing) condition(op string, header http.Header) (repetition, error) {
	switch {
	case w.ifAbsent && w.ifMatch != nil:
		return 0, invalid(op, cpodkit.CodeBadRequest, "IfAbsent and IfMatch exclude each other")
	case w.ifAbsent:
		header.Set("If-None-Match", "*")
	case w.ifMatch != nil:
		tag := *w.ifMatch
		if tag == "" || !isVisibleASCII(tag) || strings.Contains(tag, `"`) {
			return 0, invalid(op, cpodkit.CodeBadRequest, "the tag of IfMatch is not one that the server has given")
		}
		header.Set("If-Match", `"`+tag+`"`)
	default:
		return always, nil
	}
	return ifUntouched, nil
}

// listing is what the options of a list say.
type listing struct {
	limit     int
	cursor    string
	delimiter string
}

type limit int

func (l limit) applyToPage(p *listing)     { p.limit = int(l) }
func (l limit) applyToFileList(p *listing) { p.limit = int(l) }

// Limit is the number of items on a page, 1 to 500; the server's default is 50.
func Limit(items int) PageOption { return limit(items) }

type cursor string

func (c cursor) applyToPage(p *listing)     { p.cursor = string(c) }
func (c cursor) applyToFileList(p *listing) { p.cursor = string(c) }

// Cursor continues a list after the page whose NextCursor it is.
func Cursor(next string) PageOption { return cursor(next) }

type delimiter string

func (d delimiter) applyToFileList(p *listing) { p.delimiter = string(d) }

// Delimiter gathers all keys that go on after it, beyond the prefix, into one entry of [FilePage.Prefixes]: with "/"
// a list reads like a folder.
func Delimiter(text string) FileListOption { return delimiter(text) }

func (p *listing) addTo(query url.Values) {
	if p.limit != 0 {
		query.Set("limit", strconv.Itoa(p.limit))
	}
	if p.cursor != "" {
		query.Set("cursor", p.cursor)
	}
	if p.delimiter != "" {
		query.Set("delimiter", p.delimiter)
	}
}

// wholeSeconds rounds up, so that nothing ends sooner than asked.
func wholeSeconds(d time.Duration) int64 {
	seconds := int64(d / time.Second)
	if d%time.Second > 0 {
		seconds++
	}
	return seconds
}
