package deliver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// RetryOn is the set of outcomes that are worth another attempt. The zero value is the empty set.
type RetryOn struct {
	Statuses     []int // single ones
	ClientErrors bool  // "4xx"
	ServerErrors bool  // "5xx": all but 501, 505 and 511, which repeat themselves; name those to have them too
	Network      bool  // no answer, or none that is HTTP
}

// DefaultRetryOn returns the set "408,425,429,5xx,network".
func DefaultRetryOn() RetryOn {
	return RetryOn{Statuses: []int{408, 425, 429}, ServerErrors: true, Network: true}
}

// Status reports whether an answer with this status is in the set. 410 never is, nor is anything below 400.
func (r RetryOn) Status(status int) bool {
	switch {
	case status < 400 || status > 599 || status == 410:
		return false
	case slices.Contains(r.Statuses, status):
		return true
	case status < 500:
		return r.ClientErrors
	}
	return r.ServerErrors && status != 501 && status != 505 && status != 511
}

// String returns the set as ParseRetryOn reads it.
func (r RetryOn) String() string {
	var items []string
	for _, status := range r.Statuses {
		items = append(items, strconv.Itoa(status))
	}
	if r.ClientErrors {
		items = append(items, "4xx")
	}
	if r.ServerErrors {
		items = append(items, "5xx")
	}
	if r.Network {
		items = append(items, "network")
	}
	return strings.Join(items, ",")
}

// ParseRetryOn reads a list such as "408,425,429,5xx,network". The error names the item that is none.
func ParseRetryOn(s string) (RetryOn, error) {
	var r RetryOn
	for item := range strings.SplitSeq(s, ",") {
		switch item = strings.TrimSpace(item); item {
		case "network":
			r.Network = true
		case "4xx":
			r.ClientErrors = true
		case "5xx":
			r.ServerErrors = true
		default:
			status, err := strconv.Atoi(item)
			if err != nil || len(item) != 3 || status < 400 || status > 599 {
				return RetryOn{}, fmt.Errorf("retry-on %q is not a status from 400 to 599, 4xx, 5xx or network", item)
			}
			r.Statuses = append(r.Statuses, status)
		}
	}
	return r, nil
}
