package rest

import "time"

// timeLayout is RFC 3339 with three fraction digits, so that the order of texts
// is the order of times.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Time is a time as answers show it: RFC 3339, UTC, with exactly three fraction
// digits. What is below a millisecond is cut off.
type Time time.Time

// AppendTime appends t as answers show it, without quotes.
func AppendTime(b []byte, t time.Time) []byte { return t.UTC().AppendFormat(b, timeLayout) }

// MarshalText implements [encoding.TextMarshaler].
func (t Time) MarshalText() ([]byte, error) { return AppendTime(nil, time.Time(t)), nil }

// IsZero lets the tag omitzero leave out a time that there is none of.
func (t Time) IsZero() bool { return time.Time(t).IsZero() }
