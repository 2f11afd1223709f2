package deliver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// RetryOn is the set of outcomes that are worth another attempt. The zero value is the empty set.
type RetryOn struct {
	Statuses     []int // single ones
	Except       []int // "!404": never these, whatever else is in the set
	Any          bool  // "any": every status but 2xx, and Network
	Redirects    bool  // "3xx": they are not followed, but tried again
	ClientErrors bool  // "4xx"
	ServerErrors bool  // "5xx": all but 501, 505 and 511, which repeat themselves; name those to have them too
	Network      bool  // no answer, or none that is HTTP
	Connect      bool  // "connect": of Network only when no connection came about, TLS with it
	Timeout      bool  // "timeout": of Network only when the request went out and no answer came in time
}

// DefaultRetryOn returns the set "408,425,429,5xx,network".
func DefaultRetryOn() RetryOn {
	return RetryOn{Statuses: []int{408, 425, 429}, ServerErrors: true, Network: true}
}

// Status reports whether an answer with this status is in the set. 410 never is, nor is anything below 300. 600 to 999,
// which HTTP does not define, count as server errors (RFC 9110, section 15).
func (r RetryOn) Status(status int) bool {
	switch {
	case status < 300 || status > 999 || status == 410 || slices.Contains(r.Except, status):
		return false
	case r.Any || slices.Contains(r.Statuses, status):
		return true
	case status < 400:
		return r.Redirects
	case status < 500:
		return r.ClientErrors
	}
	return r.ServerErrors && status != 501 && status != 505 && status != 511
}

// failure reports whether an attempt without an answer is in the set.
func (r RetryOn) failure(f *record.Failure) bool {
	switch {
	case r.Any || r.Network:
		return true
	case isUnconnected(f):
		return r.Connect
	}
	return r.Timeout && f.Kind == record.FailTimeout
}

// isUnconnected reports whether no connection was made.
func isUnconnected(f *record.Failure) bool {
	switch f.Kind {
	case record.FailDNS, record.FailRefused, record.FailTLS:
		return true
	case record.FailTimeout, record.FailReset:
		return !f.Ambiguous
	}
	return false
}

// retryWord is an item of the set that is not a number.
type retryWord struct {
	name string
	set  *bool
}

func (r *RetryOn) words() []retryWord {
	return []retryWord{
		{"any", &r.Any}, {"3xx", &r.Redirects}, {"4xx", &r.ClientErrors}, {"5xx", &r.ServerErrors},
		{"network", &r.Network}, {"connect", &r.Connect}, {"timeout", &r.Timeout},
	}
}

// String returns the set as ParseRetryOn reads it.
func (r RetryOn) String() string {
	var items []string
	for _, status := range r.Statuses {
		items = append(items, strconv.Itoa(status))
	}
	for _, word := range r.words() {
		if *word.set {
			items = append(items, word.name)
		}
	}
	for _, status := range r.Except {
		items = append(items, "!"+strconv.Itoa(status))
	}
	return strings.Join(items, ",")
}

// ParseRetryOn reads a list such as "408,425,429,5xx,network" or "any,!404". The error names the item that is none.
func ParseRetryOn(s string) (RetryOn, error) {
	var r RetryOn
	for item := range strings.SplitSeq(s, ",") {
		item = strings.TrimSpace(item)
		words := r.words()
		if i := slices.IndexFunc(words, func(w retryWord) bool { return w.name == item }); i >= 0 {
			*words[i].set = true
			continue
		}
		digits, except := strings.CutPrefix(item, "!")
		status, err := strconv.Atoi(digits)
		switch {
		case err != nil || len(digits) != 3 || status < 300 || status > 999:
			return RetryOn{}, fmt.Errorf("retry-on %q is not a status from 300 to 999, 3xx, 4xx, 5xx, any, network, "+
				"connect or timeout", item)
		case except:
			r.Except = append(r.Except, status)
		default:
			r.Statuses = append(r.Statuses, status)
		}
	}
	return r, nil
}
