package sign

import (
	"strconv"
	"strings"
	"time"
)

// Digits returns the greatest number of digits in the unit, enough up to the year 2286. A longer number is in
// another unit.
func (u Unit) Digits() int {
	switch u {
	case Seconds:
		return 10
	case Milliseconds:
		return 13
	default: // dates are not numbers
		return 0
	}
}

// Parse reads a timestamp strictly: a number has ASCII digits only and no leading zero, a date is exactly RFC 3339.
// If two spellings of one moment were accepted, some receivers would see two messages under one signature.
func (u Unit) Parse(text string) (time.Time, bool) {
	if u == RFC3339 || u == RFC3339Millis {
		return parseDate(text)
	}
	if text == "" || len(text) > u.Digits() || text[0] == '0' || strings.Trim(text, "0123456789") != "" {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	if u == Milliseconds {
		return time.UnixMilli(n), true
	}
	return time.Unix(n, 0), true
}

// parseDate uses UnmarshalText because time.Parse accepts some dates that RFC 3339 forbids; both accept a decimal
// comma.
func parseDate(text string) (time.Time, bool) {
	var t time.Time
	if len(text) > len("2006-01-02T15:04:05.000000000-07:00") || strings.ContainsRune(text, ',') {
		return t, false
	}
	err := t.UnmarshalText([]byte(text))
	return t, err == nil
}

// format writes a time in the unit. ok is false when the unit cannot hold the time, or Parse would refuse the text.
func (u Unit) format(t time.Time) (text string, ok bool) {
	switch u {
	case Seconds:
		text = strconv.FormatInt(t.Unix(), 10)
	case Milliseconds:
		text = strconv.FormatInt(t.UnixMilli(), 10)
	case RFC3339:
		text = t.UTC().Format("2006-01-02T15:04:05Z")
	case RFC3339Millis:
		text = t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	_, ok = u.Parse(text)
	return text, ok
}

// check returns a message's age, and an error if it is outside the tolerance. t is the signed time.
func (l Tolerance) check(t, now time.Time) (age time.Duration, err error) {
	age = now.Sub(t)
	switch {
	case age > l.Past:
		return age, refuse(TimestampExpired, "signed "+span(age)+" ago, at most "+span(l.Past)+" is accepted")
	case l.Future != NoLimit && age < -l.Future: // not -age > …: Sub stops at the smallest Duration, which has no positive
		return age, refuse(TimestampInFuture, "signed "+span(t.Sub(now))+" in the future, at most "+span(l.Future)+
			" is accepted")
	}
	return age, nil
}

// span writes a duration for people: whole seconds, days and hours from two days on, exact below a second.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day {
		return strconv.Itoa(int(d/day)) + "d" + strconv.Itoa(int(d%day/time.Hour)) + "h"
	}
	if d < time.Second {
		return d.String()
	}
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// describe returns the unit's name for error messages.
func (u Unit) describe() string {
	switch u {
	case Seconds:
		return "Unix seconds"
	case Milliseconds:
		return "Unix milliseconds"
	default:
		return "an RFC 3339 time"
	}
}
