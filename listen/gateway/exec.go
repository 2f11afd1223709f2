package gateway

import (
	"context"
	"net/http"
	"strings"

	"github.com/barbhq/barb/listen/command"
	"github.com/barbhq/barb/store/record"
)

// Runner is the command that runs for webhooks.
type Runner struct {
	*command.Command
	Unverified bool // it runs for webhooks whose signature is not checked
}

// isLearnt reports whether a webhook was verified with a secret that a handshake brought since the listener started. A
// handshake is not signed, so the secret may be a stranger's own. No reference of --secret begins so.
func isLearnt(v record.Verdict) bool { return strings.HasPrefix(v.Secret, "handshake:") }

// runs reports whether the command runs for a webhook: for one that was verified with a secret that barb was given, and
// with Unverified for what no web page has sent.
func (g *Gateway) runs(x *record.Exchange) bool {
	if g.Runner == nil || x.Verdict.Status != record.Valid && !g.Runner.Unverified {
		return false
	}
	distrusted, _ := g.distrusts(x)
	return distrusted == 0 && x.Verdict.Status != record.Invalid
}

// distrusts says why the command must not run for a webhook although it was meant to, and the status that keeps its
// sender from taking it for worked on; 0 when there is no such reason.
func (g *Gateway) distrusts(x *record.Exchange) (status int, why string) {
	switch r := g.Runner; {
	case r == nil, x.Verdict.Status == record.Invalid:
		return 0, ""
	case !r.Unverified && isLearnt(x.Verdict):
		return http.StatusServiceUnavailable,
			"its secret came from a handshake, which anybody can send; restart with --secret"
	case r.Unverified && (x.Verdict.Status != record.Valid || isLearnt(x.Verdict)):
		if sent := g.fromPage(&x.Request); sent != "" {
			return http.StatusForbidden, "a web page may have sent it (" + sent + "), and its signature is not verified"
		}
	}
	return 0, ""
}

// execute runs the command for a webhook. A nil answer means that all is well, or that nothing was to be run.
func (h *Hook) execute(ctx context.Context) *record.Response {
	g, x := h.Gateway, h.Exchange
	if status, why := g.distrusts(x); status != 0 {
		g.Tell(Event{Kind: CommandRefused, ID: x.ID, Detail: why})
		return textAnswer(status, "the command was not run\n")
	}
	if !g.runs(x) {
		return nil
	}
	if !g.Runner.Acquire(ctx) {
		g.Tell(Event{Kind: CommandBusy, ID: x.ID})
		return comeAgain("5", "too many webhooks in progress\n")
	}
	defer g.Runner.Release()
	x.Run = g.runCommand(ctx, x, "0")
	switch x.Run.Exit {
	case 0:
		return nil
	case command.TimedOut:
		return textAnswer(http.StatusGatewayTimeout, "the command took too long\n")
	}
	return textAnswer(http.StatusInternalServerError, "the command failed\n")
}

// runCommand runs the command for a webhook and tells what it prints. Run names the run.
func (g *Gateway) runCommand(ctx context.Context, x *record.Exchange, run string) *record.Run {
	told := *g.Redactor.Keep(x, false)
	told.Request.Body = x.Request.Body
	ran, err := g.Runner.Run(ctx, &told, run, func(line string) {
		g.Tell(Event{Kind: CommandSays, ID: x.ID, Detail: line})
	})
	if err != nil {
		g.Tell(Event{Kind: CommandUnrun, ID: x.ID, Err: err})
	}
	return ran
}
