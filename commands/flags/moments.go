package flags

import (
	"fmt"
	"strconv"
	"time"

	"github.com/barbhq/barb/units"
)

// ParseTime reads a moment: RFC 3339, Unix seconds, a date, or "now".
func ParseTime(s string, now time.Time) (time.Time, error) {
	if s == "now" || s == "" {
		return now, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n > 1e11 {
			return time.Time{}, fmt.Errorf("%q looks like milliseconds; write Unix seconds", s)
		}
		return time.Unix(n, 0), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04",
		time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: RFC 3339 (2026-01-20T14:32:00Z), Unix seconds or now", s)
}

// ParsePast is ParseTime that also takes an age: 1h means an hour ago.
func ParsePast(s string, now time.Time) (time.Time, error) {
	if d, err := units.ParseDuration(s); err == nil {
		return now.Add(-d), nil
	}
	t, err := ParseTime(s, now)
	if err != nil {
		return t, fmt.Errorf("%q is not an age (1h, 7d) or a time (RFC 3339, Unix seconds)", s)
	}
	return holdable(t), nil
}

// holdable returns a moment as the history can hold it, which counts nanoseconds since 1970 in 64 bits: one in another
// age becomes the first or the last of these.
func holdable(t time.Time) time.Time {
	first, last := time.Date(1970, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	switch {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}
