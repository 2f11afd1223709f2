package commands

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/gateway"
)

func (g *listener) newRefusals() *gateway.Refusals {
	var object func(listen.Refusal, int)
	if g.sh.JSON {
		object = g.emitRefusal
	}
	f := gateway.NewRefusals(g.sayRefusal, object)
	f.Verbose, f.Quiet = g.sh.Verbose, g.sh.Quiet
	return f
}

// refused is told of what did not become an exchange, and of trouble on the way.
func (g *listener) refused(r listen.Refusal) {
	if gateway.ReasonOf(r) != "" {
		g.metrics.Refused(r.Status)
	}
	g.refusals.See(r)
}

// sayRefusal writes a line about a refusal, or about count more refusals with this example.
func (g *listener) sayRefusal(r listen.Refusal, count int) {
	text := g.refusalText(r)
	if count > 1 {
		text = fmt.Sprintf("%d more, for example: %s", count, text)
	}
	g.sh.Note("%s", text)
}

// refusalText returns the line about a refusal.
func (g *listener) refusalText(r listen.Refusal) string {
	reason := gateway.ReasonOf(r)
	from := "from " + cmp.Or(r.Remote, "somebody")
	switch {
	case reason == "":
		return fmt.Sprintf("warning: %v", r.Err)
	case errors.Is(r.Err, listen.ErrNotAllowed):
		return "rejected a connection " + from + ": not in --allow-ip"
	case errors.Is(r.Err, listen.ErrTLS):
		return fmt.Sprintf("warning: %v; send to http:// instead", r.Err)
	case errors.Is(r.Err, listen.ErrPlain):
		return fmt.Sprintf("warning: %v; send to https:// instead", r.Err)
	case errors.Is(r.Err, listen.ErrHandshake):
		return fmt.Sprintf("warning: %v; does the sender trust the certificate?", r.Err)
	case reason == gateway.NotStored:
		return fmt.Sprintf("warning: not stored, answered %d: %v", r.Status, r.Err)
	}
	what := "rejected " + cmp.Or(strings.TrimSpace(r.Method+" "+ui.Clip(r.Path, 120)), "a request")
	text := fmt.Sprintf("%s %s: %d %v", what, from, r.Status, r.Err)
	switch {
	case r.Status == 0:
		text = fmt.Sprintf("%s %s: %v", what, from, r.Err)
	case r.Status == http.StatusRequestEntityTooLarge && g.gate.Answers.Platform != nil:
		text += " (--platform " + g.gate.Answers.Platform.Name + ")"
	case reason == "no_room":
		text += " (--max-inflight)"
	case reason == "rate_limited":
		text = fmt.Sprintf("%s %s: 429 (--rate-limit %s)", what, from, g.endpoint.RateText)
	}
	return text
}

func (g *listener) emitRefusal(r listen.Refusal, count int) {
	line := schema.NewRefused(gateway.ReasonOf(r), count, g.sh.Now())
	line.At(r.Status, r.Remote, r.Method, r.Path)
	g.sh.Printing.Lock()
	defer g.sh.Printing.Unlock()
	g.sh.Breaks(g.sh.Emit(line))
}
