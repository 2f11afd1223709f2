package record

import "time"

// RequestOf parses a stored head. It returns an empty request if the head is malformed or "".
func RequestOf(head string) (told Request) {
	if head != "" {
		told, _ = ParseRequest(head, "http")
	}
	return told
}

// ResponseOf is RequestOf for a response.
func ResponseOf(head string) (told Response) {
	if head != "" {
		if r, err := ParseResponse(head); err == nil {
			told = *r
		}
	}
	return told
}

// Nanos is a time in ns since 1970; the zero time is 0.
func Nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// TimeOf is the inverse of Nanos, in UTC.
func TimeOf(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}
