package commands

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/gateway"
)

// refusalKind is why something was refused. Both texts are ours: how many kinds there are is not for a stranger to say.
type refusalKind struct {
	reason string // as it stands in the JSON
	words  string // as the summary counts it
}

// refusalReasons are those kinds that an error tells.
var refusalReasons = []struct {
	err  error
	kind refusalKind
}{
	{listen.ErrNotAllowed, refusalKind{"ip_not_allowed", "by --allow-ip"}},
	{listen.ErrHandshake, refusalKind{"tls_handshake", "TLS handshake"}},
	{listen.ErrPlain, refusalKind{"plain_http", "400 plain http"}},
	{listen.ErrTLS, refusalKind{"tls", "TLS to plain http"}},
	{listen.ErrNoRoom, refusalKind{"no_room", "503 no room"}},
	{listen.ErrStopped, refusalKind{"stopped", "cut off by the end"}},
	{listen.ErrEnough, refusalKind{"enough", "503 after --count"}},
	{io.ErrUnexpectedEOF, refusalKind{"broken_off", "400 broken off"}},
}

// refusalStatuses are those kinds that the status tells.
var refusalStatuses = map[int]refusalKind{
	http.StatusBadRequest:                  {"malformed", "400"},
	http.StatusRequestTimeout:              {"too_slow", "408 too slow"},
	http.StatusRequestEntityTooLarge:       {"too_large", "413 too large"},
	http.StatusRequestURITooLong:           {"target_too_long", "414 target too long"},
	http.StatusExpectationFailed:           {"expectation", "417 expectation"},
	http.StatusTooManyRequests:             {"rate_limited", "by --rate-limit"},
	http.StatusRequestHeaderFieldsTooLarge: {"head_too_large", "431 head too large"},
	http.StatusNotImplemented:              {"not_implemented", "501 not implemented"},
	http.StatusServiceUnavailable:          {"not_stored", "503 not stored"},
	http.StatusHTTPVersionNotSupported:     {"version", "505 version"},
}

// kindOfRefusal returns why something was refused; ok is false for trouble that nobody was refused for.
func kindOfRefusal(r listen.Refusal) (kind refusalKind, ok bool) {
	for _, known := range refusalReasons {
		if errors.Is(r.Err, known.err) {
			return known.kind, true
		}
	}
	kind, ok = refusalStatuses[r.Status]
	return kind, ok
}

// A flood of refusals must not become a flood of lines: of each kind one line a minute, and so many objects a second.
const (
	refusalLines   = time.Minute
	refusalObjects = 20
)

// refusals counts what was refused, and tells of it.
type refusals struct {
	mu     sync.Mutex
	counts map[refusalKind]int64
	lines  gateway.Gathering
	events gateway.Gathering
}

func (g *listener) newRefusals() *refusals {
	return &refusals{counts: map[refusalKind]int64{},
		lines:  gateway.Gathering{Every: refusalLines, Most: 1, Tell: g.sayRefusal},
		events: gateway.Gathering{Every: time.Second, Most: refusalObjects, Tell: g.emitRefusal}}
}

// end tells of what was gathered since.
func (r *refusals) end() {
	r.lines.End()
	r.events.End()
}

// refused is told of what did not become an exchange, and of trouble on the way.
func (g *listener) refused(r listen.Refusal) {
	kind, ok := kindOfRefusal(r)
	if !ok {
		g.refusals.lines.See(fmt.Sprintf("trouble %d", r.Status), r)
		return
	}
	g.watch.metrics.Refused(r.Status)
	g.refusals.mu.Lock()
	g.refusals.counts[kind]++
	g.refusals.mu.Unlock()
	if g.json {
		g.refusals.events.See(kind.reason, r)
	}
	switch {
	case g.verbose:
		g.sayRefusal(r, 1)
	case !g.quiet || kind.reason == "not_stored":
		g.refusals.lines.See(kind.reason, r)
	}
}

// sayRefusal writes a line about one that was refused, or about so many more of which it is an example.
func (g *listener) sayRefusal(r listen.Refusal, count int) {
	text := g.refusalText(r)
	if count > 1 {
		text = fmt.Sprintf("%d more, such as: %s", count, text)
	}
	g.note("%s", text)
}

// refusalText is the line about one that was refused.
func (g *listener) refusalText(r listen.Refusal) string {
	kind, ok := kindOfRefusal(r)
	from := "from " + cmp.Or(r.Remote, "somebody")
	switch {
	case !ok:
		return fmt.Sprintf("warning: %v", r.Err)
	case errors.Is(r.Err, listen.ErrNotAllowed):
		return "refused a connection " + from + ": not in --allow-ip"
	case errors.Is(r.Err, listen.ErrTLS):
		return fmt.Sprintf("warning: %v; send to http:// instead", r.Err)
	case errors.Is(r.Err, listen.ErrPlain):
		return fmt.Sprintf("warning: %v; send to https:// instead", r.Err)
	case errors.Is(r.Err, listen.ErrHandshake):
		return fmt.Sprintf("warning: %v; does the sender trust the certificate?", r.Err)
	case kind.reason == "not_stored":
		return fmt.Sprintf("warning: not stored, answered %d: %v", r.Status, r.Err)
	}
	what := "refused " + cmp.Or(strings.TrimSpace(r.Method+" "+ui.Clip(r.Path, 120)), "a request")
	text := fmt.Sprintf("%s %s: %d %v", what, from, r.Status, r.Err)
	switch {
	case r.Status == 0:
		text = fmt.Sprintf("%s %s: %v", what, from, r.Err)
	case r.Status == http.StatusRequestEntityTooLarge && g.answers.Platform != nil:
		text += " (--platform " + g.answers.Platform.Name + ")"
	case kind.reason == "no_room":
		text += " (--max-inflight)"
	case kind.reason == "rate_limited":
		text = fmt.Sprintf("%s %s: 429 (--rate-limit %s)", what, from, g.entrance.rateText)
	}
	return text
}

func (g *listener) emitRefusal(r listen.Refusal, count int) {
	kind, _ := kindOfRefusal(r)
	line := schema.NewRefused(kind.reason, count, g.Now())
	line.At(r.Status, r.Remote, r.Method, r.Path)
	g.printing.Lock()
	defer g.printing.Unlock()
	if err := g.emit(line); err != nil && g.broken == nil {
		g.broken = err
	}
}

// text is what was refused, as the summary says it; "" for nothing. What there was most of comes first.
func (r *refusals) text(rate string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	kinds := make([]refusalKind, 0, len(r.counts))
	for kind := range r.counts {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b refusalKind) int {
		return cmp.Or(cmp.Compare(r.counts[b], r.counts[a]), cmp.Compare(a.words, b.words))
	})
	var words []string
	for _, kind := range kinds {
		switch n := r.counts[kind]; kind.reason {
		case "ip_not_allowed":
			words = append(words, fmt.Sprintf("%d %s", n, kind.words))
		case "rate_limited":
			words = append(words, fmt.Sprintf("%d %s %s", n, kind.words, rate))
		default:
			words = append(words, fmt.Sprintf("%d × %s", n, kind.words))
		}
	}
	return strings.Join(words, ", ")
}
