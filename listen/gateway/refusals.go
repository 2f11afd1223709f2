package gateway

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/barbhq/barb/listen"
)

// refusalErrors are the reasons that an error tells.
var refusalErrors = []struct {
	err    error
	reason string
}{
	{listen.ErrNotAllowed, "ip_not_allowed"},
	{listen.ErrHandshake, "tls_handshake"},
	{listen.ErrPlain, "plain_http"},
	{listen.ErrTLS, "tls"},
	{listen.ErrNoRoom, "no_room"},
	{listen.ErrStopped, "stopped"},
	{listen.ErrEnough, "enough"},
	{io.ErrUnexpectedEOF, "broken_off"},
}

// refusalStatuses are the reasons that the status tells.
var refusalStatuses = map[int]string{
	http.StatusBadRequest:                  "malformed",
	http.StatusRequestTimeout:              "too_slow",
	http.StatusRequestEntityTooLarge:       "too_large",
	http.StatusRequestURITooLong:           "target_too_long",
	http.StatusExpectationFailed:           "expectation",
	http.StatusTooManyRequests:             "rate_limited",
	http.StatusRequestHeaderFieldsTooLarge: "head_too_large",
	http.StatusNotImplemented:              "not_implemented",
	http.StatusServiceUnavailable:          NotStored,
	http.StatusHTTPVersionNotSupported:     "version",
}

// NotStored is the reason for what the history could not take.
const NotStored = "not_stored"

// ReasonOf returns why something was refused, as it stands in the JSON; "" for trouble that nobody was refused for. How
// many reasons there are is not for a stranger to say.
func ReasonOf(r listen.Refusal) string {
	for _, known := range refusalErrors {
		if errors.Is(r.Err, known.err) {
			return known.reason
		}
	}
	return refusalStatuses[r.Status]
}

// A flood of refusals must not become a flood of lines: of each reason one line a minute, and so many objects a second.
const (
	refusalLines   = time.Minute
	refusalObjects = 20
)

// Refusals counts what was refused, by reason, and tells of it without a flood. Its methods may be called from several
// goroutines at once.
type Refusals struct {
	Verbose bool // a line for each
	Quiet   bool // lines only for what was not stored, and for trouble

	mu      sync.Mutex
	counts  map[string]int64
	lines   gathering
	objects gathering
}

// NewRefusals returns what tells of refusals with line, and in greater detail with object unless that is nil. Both are
// given one refusal as an example, and how many it stands for.
func NewRefusals(line, object func(example listen.Refusal, count int)) *Refusals {
	return &Refusals{counts: map[string]int64{},
		lines:   gathering{every: refusalLines, most: 1, tell: line},
		objects: gathering{every: time.Second, most: refusalObjects, tell: object}}
}

// See counts what did not become an exchange, and tells of it and of trouble on the way.
func (f *Refusals) See(r listen.Refusal) {
	reason := ReasonOf(r)
	if reason == "" {
		f.lines.see("trouble "+strconv.Itoa(r.Status), r)
		return
	}
	f.mu.Lock()
	f.counts[reason]++
	f.mu.Unlock()
	if f.objects.tell != nil {
		f.objects.see(reason, r)
	}
	switch {
	case f.Verbose:
		f.lines.tell(r, 1)
	case !f.Quiet || reason == NotStored:
		f.lines.see(reason, r)
	}
}

// End tells of what was gathered since. See may not be called after it.
func (f *Refusals) End() {
	f.lines.end()
	f.objects.end()
}

// Counts returns how many were refused, by reason.
func (f *Refusals) Counts() map[string]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.counts)
}
