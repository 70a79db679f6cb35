package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
)

// NoExpiry is the time left of a key that does not expire.
const NoExpiry time.Duration = -1

const longestTTL = 10 * 365 * 24 * time.Hour

// KV stores short-lived values under keys of up to 512 bytes of UTF-8 without control characters; between slashes,
// no segment is empty, "." or "..". It is safe for concurrent use.
type KV struct {
	api  *api
	tier Tier
}

// Tier returns the keys of another tier.
func (kv *KV) Tier(tier Tier) *KV { return &KV{api: kv.api, tier: tier} }

// Set writes a value of up to 1 MiB under a key, in place of what was there and of its expiry. A string or []byte is
// kept as it is and must be UTF-8; anything else is kept as its JSON.
func (kv *KV) Set(ctx context.Context, key string, value any, options ...KVOption) error {
	const op = "kv.set"
	set, err := kv.call(op, http.MethodPut, key, "", http.StatusNoContent)
	if err != nil {
		return err
	}
	if raw, ok := value.([]byte); ok {
		value = string(raw)
	}
	if text, ok := value.(string); ok && !utf8.ValidString(text) {
		return invalid(op, cpodkit.CodeValidationFailed, "the value is not UTF-8: encode binary values, for example as base64")
	}
	var w writing
	for _, option := range options {
		option.applyToKV(&w)
	}
	var body struct {
		Value json.RawMessage `json:"value"`
		TTL   *int64          `json:"ttl,omitempty"`
	}
	if body.Value, err = encodeJSON(op, value); err != nil {
		return err
	}
	if w.ttl != nil {
		if *w.ttl <= 0 || *w.ttl > longestTTL {
			return invalid(op, cpodkit.CodeValidationFailed, "the TTL is not more than zero and at most 10 years")
		}
		body.TTL = new(wholeSeconds(*w.ttl))
	}
	set.header = http.Header{}
	if set.repeat, err = w.condition(op, set.header); err != nil {
		return err
	}
	if set.data, err = encodeJSON(op, body); err != nil {
		return err
	}
	set.contentType = jsonType
	_, err = kv.api.do(ctx, set)
	return err
}

// Get returns the value under a key; a value that was not a string when set is its JSON. When there is none, found
// is false.
func (kv *KV) Get(ctx context.Context, key string) (value string, found bool, err error) {
	get, err := kv.call("kv.get", http.MethodGet, key, "", http.StatusOK)
	if err != nil {
		return "", false, err
	}
	var got struct {
		Value string `json:"value"`
	}
	err = kv.api.doJSON(ctx, get, &got)
	if isMissing(err) {
		return "", false, nil
	}
	return got.Value, err == nil, err
}

// Exists reports whether there is a value under a key.
func (kv *KV) Exists(ctx context.Context, key string) (bool, error) {
	head, err := kv.call("kv.exists", http.MethodHead, key, "", http.StatusOK)
	if err != nil {
		return false, err
	}
	_, err = kv.api.do(ctx, head)
	if isMissing(err) {
		return false, nil
	}
	return err == nil, err
}

// Incr adds by, which may be negative, to the integer under a key, and returns the sum. It is atomic, starts from 0 and
// keeps the expiry. A value that is no integer, and an overflow of 64 bits, are a [ConflictError]. After another error
// it is unknown whether the sum was made.
func (kv *KV) Incr(ctx context.Context, key string, by int64) (int64, error) {
	const op = "kv.incr"
	incr, err := kv.call(op, http.MethodPost, key, "/incr", http.StatusOK)
	if err != nil {
		return 0, err
	}
	if incr.data, err = encodeJSON(op, map[string]int64{"by": by}); err != nil {
		return 0, err
	}
	incr.contentType, incr.repeat = jsonType, ifUntouched
	var sum struct {
		Value int64 `json:"value"`
	}
	err = kv.api.doJSON(ctx, incr, &sum)
	return sum.Value, err
}

// TTL returns how long the value under a key has left, to the second, or [NoExpiry]. When there is none, found is false.
func (kv *KV) TTL(ctx context.Context, key string) (left time.Duration, found bool, err error) {
	get, err := kv.call("kv.ttl", http.MethodGet, key, "/ttl", http.StatusOK)
	if err != nil {
		return 0, false, err
	}
	var got struct {
		TTL int64 `json:"ttl"`
	}
	err = kv.api.doJSON(ctx, get, &got)
	switch {
	case isMissing(err):
		return 0, false, nil
	case err != nil:
		return 0, false, err
	case got.TTL < 0:
		return NoExpiry, true, nil
	}
	return time.Duration(min(got.TTL, int64(longestTTL/time.Second))) * time.Second, true, nil
}

// Delete removes the value under a key. It succeeds too when there is none.
func (kv *KV) Delete(ctx context.Context, key string) error {
	remove, err := kv.call("kv.delete", http.MethodDelete, key, "", http.StatusNoContent)
	if err != nil {
		return err
	}
	_, err = kv.api.do(ctx, remove)
	return err
}

// DeleteIf removes the value under a key only while it is the given one, atomically, and reports whether it did. It is
// how the holder of a lock gives it back, and cannot take away another's. The value travels in the URL: let it be a
// random name for the holder, not a secret.
func (kv *KV) DeleteIf(ctx context.Context, key, value string) (bool, error) {
	remove, err := kv.call("kv.deleteIf", http.MethodDelete, key, "", http.StatusNoContent)
	if err != nil {
		return false, err
	}
	remove.query.Set("ifValue", value)
	remove.repeat = ifUntouched
	_, err = kv.api.do(ctx, remove)
	if _, changed := errors.AsType[*PreconditionFailedError](err); changed || isMissing(err) {
		return false, nil
	}
	return err == nil, err
}

// call is the common part of what acts on one key.
func (kv *KV) call(op, method, key, below string, success ...int) (*call, error) {
	segment, err := keySegment(op, key)
	if err != nil {
		return nil, err
	}
	if err := kv.tier.check(op); err != nil {
		return nil, err
	}
	return &call{
		op: op, method: method, path: "/v1/storage/kv/" + segment + below, query: kv.tier.query(),
		repeat: always, success: success,
	}, nil
}
