package record

import (
	"strings"
	"time"
)

// dateField begins the line of an answer's date, as servers write it.
const dateField = "\nDate: "

// httpDate is how the field Date is written (RFC 9110, section 5.6.7), always in so many bytes.
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// CutDate takes the date out of a head, so that the heads of many answers are one text: rest is the head without the
// value of its first field Date, and at is the date in seconds since 1970. ok is false, and rest is the head, where
// there is no such field, or where PutDate would not write the same bytes.
func CutDate(head string) (rest string, at int64, ok bool) {
	i := strings.Index(head, dateField)
	if i < 0 {
		return head, 0, false
	}
	i += len(dateField)
	value, _, _ := strings.Cut(head[i:], "\r\n")
	date, err := time.Parse(httpDate, value)
	if err != nil || date.Format(httpDate) != value {
		return head, 0, false
	}
	return head[:i] + head[i+len(value):], date.Unix(), true
}

// PutDate is the inverse of CutDate: it puts a date in seconds since 1970 into a head without one.
func PutDate(rest string, at int64) string {
	i := strings.Index(rest, dateField)
	if i < 0 {
		return rest // of a damaged file
	}
	i += len(dateField)
	return rest[:i] + time.Unix(at, 0).UTC().Format(httpDate) + rest[i:]
}
