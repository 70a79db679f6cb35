package kv

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// Handle is the entries of one identity in one tier. Every call checks the
// identity's scope for the tier, and the key (see [storage.CheckKey]). A handle
// is a small value, safe for concurrent use.
//
// Errors are [cpodkit.Error] values. Besides those that a method names they are
// missing_token, invalid_scope, user_required, forbidden, invalid_key, unavailable
// while the driver cannot serve, timeout when the context's deadline passed, and
// internal. A cancelled context's error is returned as it is.
type Handle struct {
	store  *Store
	caller storage.Caller
}

// SetOptions are the conditions of a Set.
type SetOptions struct {
	// TTL is how long the entry lives, from 1 ms to [MaxTTL]; 0 means until it is
	// deleted. Some drivers round it to whole milliseconds.
	TTL time.Duration

	// IfAbsent makes Set fail with precondition_failed when there is an entry.
	IfAbsent bool
}

// Tier returns the identity's entries in another tier.
func (h Handle) Tier(tier storage.Tier) Handle {
	h.caller.Tier = tier
	return h
}

// Set stores value, UTF-8 of up to [MaxValue] bytes, and replaces what was there
// together with its time to live. A nil opts is the zero SetOptions. Its errors
// are payload_too_large, validation_failed and precondition_failed.
func (h Handle) Set(ctx context.Context, key, value string, opts *SetOptions) error {
	path, err := h.path(key, storage.Write)
	if err != nil {
		return err
	}
	if opts == nil {
		opts = &SetOptions{}
	}
	return h.store.setAt(ctx, path, value, *opts)
}

// setAt is Set for a path that is authorized.
func (s *Store) setAt(ctx context.Context, path, value string, opts SetOptions) error {
	switch {
	case opts.TTL != 0 && (opts.TTL < time.Millisecond || opts.TTL > MaxTTL):
		return invalid("/ttl", "must be 1 ms to 10 years")
	case len(value) > MaxValue:
		return cpodkit.Errorf(cpodkit.CodePayloadTooLarge,
			"The value has %d bytes; at most %d are allowed.", len(value), MaxValue)
	case !utf8.ValidString(value):
		return invalid("/value", "must be UTF-8; encode other bytes in base64")
	}
	leave, err := storage.Enter(s.gate, path)
	if err != nil {
		return err
	}
	defer leave()
	ctx, call := s.set.Start(ctx)
	stored, err := s.driver.Set(ctx, path, value, opts.TTL, opts.IfAbsent)
	if err = call.End(ctx, err); err != nil {
		return err
	}
	if !stored {
		return cpodkit.Errorf(cpodkit.CodePreconditionFailed, "There is an entry with this key already.")
	}
	return nil
}

// Get returns the value; not_found when there is none.
func (h Handle) Get(ctx context.Context, key string) (string, error) {
	path, err := h.path(key, storage.Read)
	if err != nil {
		return "", err
	}
	ctx, call := h.store.get.Start(ctx)
	value, err := h.store.driver.Get(ctx, path)
	return value, call.End(ctx, err)
}

// Exists reports whether there is an entry.
func (h Handle) Exists(ctx context.Context, key string) (bool, error) {
	path, err := h.path(key, storage.Read)
	if err != nil {
		return false, err
	}
	ctx, call := h.store.exists.Start(ctx)
	exists, err := h.store.driver.Exists(ctx, path)
	return exists, call.End(ctx, err)
}

// Delete removes the entry; one that is not there is no error.
func (h Handle) Delete(ctx context.Context, key string) error {
	_, err := h.remove(ctx, key, nil)
	return err
}

// DeleteIf removes the entry if it holds value, in one step. Else, and also when
// there is none, it is precondition_failed: whoever gives back a lock learns
// that it was lost.
func (h Handle) DeleteIf(ctx context.Context, key, value string) error {
	removed, err := h.remove(ctx, key, &value)
	if err == nil && !removed {
		return cpodkit.Errorf(cpodkit.CodePreconditionFailed, "The entry does not hold this value, or not any more.")
	}
	return err
}

func (h Handle) remove(ctx context.Context, key string, ifValue *string) (bool, error) {
	path, err := h.path(key, storage.Write)
	if err != nil {
		return false, err
	}
	ctx, call := h.store.remove.Start(ctx)
	removed, err := h.store.driver.Delete(ctx, path, ifValue)
	return removed, call.End(ctx, err)
}

// Incr adds by, which may be 0 or negative, to the integer that the entry
// holds, in one step, and returns the sum. An entry that is not there counts
// as 0 and is made without a time to live; one that is there keeps its own. It
// is conflict when the entry holds no decimal 64-bit integer or the sum would
// be none; the entry then stays as it is.
func (h Handle) Incr(ctx context.Context, key string, by int64) (int64, error) {
	path, err := h.path(key, storage.Write)
	if err != nil {
		return 0, err
	}
	return h.store.incrAt(ctx, path, by)
}

// incrAt is Incr for a path that is authorized.
func (s *Store) incrAt(ctx context.Context, path string, by int64) (int64, error) {
	leave, err := storage.Enter(s.gate, path)
	if err != nil {
		return 0, err
	}
	defer leave()
	ctx, call := s.incr.Start(ctx)
	sum, err := s.driver.Incr(ctx, path, by)
	return sum, call.End(ctx, err)
}

// TTL returns how long the entry still lives, 0 for one without an end;
// not_found when there is none.
func (h Handle) TTL(ctx context.Context, key string) (time.Duration, error) {
	path, err := h.path(key, storage.Read)
	if err != nil {
		return 0, err
	}
	ctx, call := h.store.ttl.Start(ctx)
	left, err := h.store.driver.TTL(ctx, path)
	return left, call.End(ctx, err)
}

// path checks the identity and the key, and returns where the entry lives.
func (h Handle) path(key string, action storage.Action) (string, error) {
	space, err := h.caller.Authorize(action)
	if err != nil {
		return "", err
	}
	if err := storage.CheckKey(key); err != nil {
		return "", err
	}
	return space.Root() + key, nil
}
