package commands

import (
	"fmt"
	"path/filepath"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/tell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store/record"
)

// tell writes what the gateway has found out: a line for each event.
func (g *listener) tell(e gateway.Event) {
	switch e.Kind {
	case gateway.SpellingRefused:
		g.sh.Warn("%s: a webhook has %s, which the provider's SDK rejects; --strict rejects it as well", e.Scheme, e.Detail)
	case gateway.HostUnchecked:
		g.sh.Warn("%s signs the URL, and barb takes its host from the Host header, which the sender controls; "+
			"barb listen -s %s %s", e.Scheme, e.Scheme, shell.PublicHint)
	case gateway.PinsUnread:
		g.sh.Warn("cannot read which scheme a secret verifies: %v", e.Err)
	case gateway.PinUnkept:
		g.sh.Warn("cannot record that %s verifies %s: %v", e.Secret, e.Scheme, e.Err)
	case gateway.Pinned:
		g.tellPinned(e)
	case gateway.Weaker:
		g.sh.Note("rejected: %s", e.Detail)
	case gateway.Untyped:
		g.sh.Warn("%s, so --event filters them out (said once); %s", ui.Untyped(e.Scheme), whereType)
	case gateway.FilterTooSlow:
		g.sh.Warn("--where took longer than %s on a webhook, which is answered 503 so that the sender retries "+
			"(said once)", flags.WhereTimeout)
	case gateway.FilterFailed:
		g.sh.Warn("webhook %d: %v", e.ID, e.Err)
	default:
		if e.Kind < gateway.Answered {
			g.tellHandshake(e)
		} else {
			g.tellWork(e)
		}
	}
}

// tellWork says what was done with a webhook once it was checked.
func (g *listener) tellWork(e gateway.Event) {
	switch e.Kind {
	case gateway.Answered:
		g.tellAnswered(e)
	case gateway.LeftOut:
		g.watch.LeftOut()
	case gateway.NoRoute:
		g.sh.Note("webhook %d is answered 404: no [[route]] of %s has the path %s (said once)", e.ID, g.sh.File.Path,
			ui.Clip(e.Path, 80))
	case gateway.Hangs:
		g.sh.Say("barb: webhook %d gets no answer until its sender disconnects (scripted)", e.ID)
	case gateway.Trouble:
		if e.ID != 0 {
			g.sh.Warn("webhook %d: %v", e.ID, e.Err)
		} else {
			g.sh.Warn("%v", e.Err)
		}
	case gateway.TroubleOver:
		g.sh.Note("history %s can be reached again", g.sh.HistoryName())
	case gateway.Forwarded:
		g.tellForwarded(e)
	case gateway.Redirects:
		g.sh.Note("%s", redirection(e.Detail, e.Target))
	case gateway.Mirrored:
		g.metrics.Mirrored(e.Exchange)
	case gateway.Compared:
		g.tellCompared(e)
	case gateway.MirrorSkipped:
		g.sh.Warn("webhook %d was not sent to %s, which is too slow to keep up", e.ID, flags.HostOf(e.Target))
	case gateway.MirrorFailed:
		g.sh.Warn("webhook %d was not sent to %s: %v", e.ID, flags.HostOf(e.Target), e.Err)
	default:
		g.tellQueue(e)
	}
}

// tellQueue says what became of a webhook in the queue, and how commands went.
func (g *listener) tellQueue(e gateway.Event) {
	switch e.Kind {
	case gateway.Waits:
		g.sh.Note("webhook %d waits in the queue: %s", e.ID, ui.Clip(e.Detail, 120))
	case gateway.Attempted:
		g.watch.Worked(e.Attempt.Exchange)
		tell.FromQueue(g.sh, e.Exchange, e.Attempt, g.with)
	case gateway.NotDelivered:
		g.watch.Worked(nil)
		g.sh.Note("webhook %d was not delivered: %s; barb queue retry %d tries it again", e.ID, ui.Clip(e.Detail, 120),
			e.Entry)
	case gateway.LeftBehind:
		g.sh.Note("webhook %d is left to another listener: %v", e.ID, e.Err)
	case gateway.TargetLeft:
		g.sh.Note("webhooks for %s are left to another listener: %v; barb queue lists it",
			queued.Target(e.Of, e.Target), e.Err)
	case gateway.CommandRefused:
		g.sh.Warn("webhook %d: --exec was not run: %s", e.ID, e.Detail)
	case gateway.CommandBusy:
		g.sh.Warn("webhook %d was not processed: %d commands are running; --exec-concurrency allows more", e.ID,
			cap(g.gate.Runner.Slots))
	case gateway.CommandSays:
		g.sh.Say("barb: webhook %d: exec: %s", e.ID, e.Detail)
	case gateway.CommandUnrun:
		g.sh.Warn("webhook %d: exec: %s", e.ID, ui.Clip(e.Err.Error(), 200))
	case gateway.CommandRan:
		g.watch.Worked(e.Exchange)
		g.tellRun(e.Exchange)
	case gateway.CommandGivenUp:
		g.watch.Worked(nil)
		g.sh.Note("webhook %d was not processed: %s; barb queue retry %d runs it again", e.ID, ui.Clip(e.Detail, 120),
			e.Entry)
	}
}

// tellAnswered counts what was answered, and writes its line or its object.
func (g *listener) tellAnswered(e gateway.Event) {
	h := ui.Hook{Exchange: e.Exchange, Apps: e.Apps}
	g.watch.Answered(&h, e.IsBeside)
	if h.Handshake != "" {
		g.metrics.Handshake()
	} else {
		g.metrics.Answered(h.Exchange)
	}
	g.sh.Printing.Lock()
	defer g.sh.Printing.Unlock()
	if g.sh.JSON {
		g.sh.Breaks(g.sh.EmitExchange(h.Exchange, g.with))
		g.sayInvalid(h.Exchange)
		return
	}
	g.session.Add(&h)
	g.lines.Write(&h)
	g.sayInvalid(h.Exchange)
	switch {
	case g.sh.Verbose:
		g.sh.Stderr.Details(&h, ui.Shown{Headers: true, Body: true})
	case g.with.Headers || g.with.Body:
		g.sh.Stdout.Details(&h, ui.Shown{Headers: g.with.Headers, Body: g.with.Body})
	}
}

// maxInvalidSaid bounds how many different sentences about bad signatures a listener prints.
const maxInvalidSaid = 20

// sayInvalid says why a signature is bad and what explains it, once for each reason and secret: anybody can send those.
func (g *listener) sayInvalid(x *record.Exchange) {
	if x.Verdict.Status != record.Invalid || len(g.bad) >= maxInvalidSaid {
		return
	}
	why := ui.Reason(x.Verdict.Reason, x.Verdict.Tried)
	if g.bad[why] {
		return
	}
	if g.bad == nil {
		g.bad = map[string]bool{}
	}
	g.bad[why] = true
	g.sh.Say("barb: webhook %d: %s (barb verify %d --explain)", x.ID, why, x.ID)
}

// tellForwarded counts a forward, and says why the sender does not get the app's answer.
func (g *listener) tellForwarded(e gateway.Event) {
	g.metrics.Forwarded(e.Exchange)
	switch f := e.Failure; {
	case f == nil:
	case e.Cut:
		g.sh.Note("webhook %d: the app's answer was cut off, so the sender does not get it: %s (--max-inflight)", e.ID,
			f.Text)
	case e.Exchange.Response != nil:
		g.sh.Note("webhook %d: the app's answer broke off, so the sender does not get it: %s", e.ID, ui.FailureText(f))
	default:
		g.sh.Note("webhook %d could not be forwarded: %s", e.ID, ui.FailureText(f))
	}
}

// tellCompared says how the answer of a mirror compares with that of the app; equal answers only with --verbose.
func (g *listener) tellCompared(e gateway.Event) {
	app, f := e.App, e.Exchange
	if g.sh.JSON {
		g.sh.Printing.Lock()
		defer g.sh.Printing.Unlock()
		g.sh.Breaks(g.sh.Emit(schema.NewMirror(e.ID, f, e.Same)))
		return
	}
	switch {
	case e.Same && g.sh.Verbose:
		g.sh.Note("webhook %d: mirror %s answers the same: %s", e.ID, ui.Endpoint(f), ui.Answered(f))
	case e.Same:
	case app.Status() == f.Status() && f.Response != nil:
		g.sh.Note("webhook %d: mirror %s differs: %s as the app, with another body  (barb show %d and %d)", e.ID,
			ui.Endpoint(f), ui.Answered(f), app.ID, f.ID)
	default:
		g.sh.Note("webhook %d: mirror %s differs: %s, the app %s  (barb show %d)", e.ID, ui.Endpoint(f), ui.Answered(f),
			ui.Answered(app), f.ID)
	}
}

// tellRun says how a command from the queue ended.
func (g *listener) tellRun(x *record.Exchange) {
	g.sh.Printing.Lock()
	defer g.sh.Printing.Unlock()
	if g.sh.JSON {
		g.sh.Breaks(g.sh.Emit(schema.NewExec(x)))
		return
	}
	g.sh.Stdout.Ran(x, filepath.Base(g.gate.Runner.Args[0]))
}

// tellPinned says which scheme a secret is held to from now on.
func (g *listener) tellPinned(e gateway.Event) {
	where, instead := "", ""
	if e.Path != "" {
		where = " on " + e.Path
	}
	if e.Before != "" {
		instead = ", no longer " + e.Before
	}
	g.sh.Say("barb: %s verifies %s%s from now on%s", e.Secret, e.Scheme, where, instead)
}

// tellHandshake says what became of a handshake, and what is left to be done.
func (g *listener) tellHandshake(e gateway.Event) {
	h := e.Handshake
	which := fmt.Sprintf("webhook %d: handshake %s", e.ID, h.Name)
	switch e.Kind {
	case gateway.HandshakeRefused:
		g.sh.Note("%s rejected: %v", which, advice.Detail(e.Err))
	case gateway.NeedsSecret:
		g.sh.Note("%s rejected: %v; barb listen %s --secret env:NAME", which, advice.Detail(e.Err), flagFor(e))
	case gateway.HandshakeFromPage:
		g.sh.Warn("%s rejected: a web page may have sent it (%s), and a page has no secret", which, e.Detail)
	case gateway.SecretUnkept:
		g.sh.Warn("%s: the secret could not be kept: %v", which, advice.Detail(e.Err))
	case gateway.AnotherSecret:
		g.sh.Warn("%s brought a second secret, which is ignored", which)
	case gateway.Learnt:
		g.tellLearnt(e, which)
	case gateway.Unagreed:
		g.sh.Say("barb: %s: any %s is accepted; --param %s=… accepts yours only", which, e.Detail, e.Detail)
	case gateway.ConfirmElsewhere:
		g.sh.Warn("%s asks you to open %s, which does not belong to %s: do not open it", which, ui.Clip(e.Detail, 80),
			h.Title)
	case gateway.ConfirmUnchecked:
		g.sh.Say("barb: %s asks you to open %s; its signature was not checked: barb listen -s %s --secret file:PATH",
			which, e.Detail, h.Name)
	case gateway.Confirm:
		g.sh.Say(`barb: %s: confirm it at %s with  curl "$(barb show %d --json --jq '.request_body|fromjson|.SubscribeURL')"`,
			which, e.Detail, e.ID)
	}
}

// tellLearnt says what was done with the secret that a handshake has brought.
func (g *listener) tellLearnt(e gateway.Event, which string) {
	what := which + " brought the secret " + e.Secret + "…"
	if e.Checks {
		what += ", which verifies signatures from now on"
	}
	switch {
	case e.Kept:
		g.sh.Say("barb: %s; saved: --secret %s", what, g.learning.Ref)
	case e.Before != "":
		g.sh.Say("barb: %s, which is ignored: signatures are verified with %s", what, e.Before)
	default:
		g.sh.Say("barb: %s; barb forgets it when this listener stops. "+
			"To keep the next one: barb listen %s --learn keyring:%s (or file:PATH)", what, flagFor(e), e.Handshake.Name)
	}
}

// flagFor returns the flag that has a listener expect a handshake: the scheme that checks with its secret, if there is
// one.
func flagFor(e gateway.Event) string {
	if e.Scheme != "" {
		return "-s " + e.Scheme
	}
	return "--handshake=" + e.Handshake.Name
}
