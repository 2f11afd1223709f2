// Package schema is the JSON that scripts rely on.
//
// The names of its fields are a contract: fields may be added, and none is renamed or removed. The files in testdata
// hold every object byte for byte.
package schema

import (
	"net/url"
	"time"
)

// Stamp formats a time for all objects: RFC 3339 in UTC with milliseconds.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// hostname returns the host of a URL without its port, "" for text that is not a URL.
func hostname(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
