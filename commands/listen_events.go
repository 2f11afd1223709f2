package commands

import (
	"fmt"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen/gateway"
)

// tell writes what the gateway has found out: a line for each event.
func (g *listener) tell(e gateway.Event) {
	switch e.Kind {
	case gateway.SpellingRefused:
		g.note("warning: %s: the provider's SDK refuses %s, which came; --strict refuses it as well", e.Scheme, e.Detail)
	case gateway.HostUnchecked:
		g.warn("%s signs the URL, and its host is taken from the request's own Host, which its sender writes; "+
			"barb listen -s %s %s", e.Scheme, e.Scheme, publicHint)
	case gateway.PinsUnread:
		g.note("warning: which scheme a secret verifies cannot be read: %v", e.Err)
	case gateway.PinUnkept:
		g.note("warning: that %s verifies %s is not kept: %v", e.Secret, e.Scheme, e.Err)
	case gateway.Pinned:
		g.tellPinned(e)
	case gateway.Weaker:
		g.note("refused: %s", e.Detail)
	case gateway.FilterTooSlow:
		g.note("warning: --where took longer than %s on a webhook, which is answered 503 so that it comes again (said once)",
			whereTimeout)
	case gateway.FilterFailed:
		g.note("warning: --where fails on a webhook, which counts as not asked for: %v (said once)", e.Err)
	default:
		g.tellHandshake(e)
	}
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
	g.suggest("%s verifies %s%s from now on%s", e.Secret, e.Scheme, where, instead)
}

// tellHandshake says what became of a handshake, and what is left to be done.
func (g *listener) tellHandshake(e gateway.Event) {
	id, h := e.ID, e.Handshake
	switch e.Kind {
	case gateway.HandshakeRefused:
		g.note("%d handshake %s refused: %v", id, h.Name, detailOf(e.Err))
	case gateway.NeedsSecret:
		g.note("%d handshake %s refused: %v; barb listen %s --secret env:NAME", id, h.Name, detailOf(e.Err), flagFor(e))
	case gateway.HandshakeFromPage:
		g.note("warning: %d handshake %s refused: a web page may have sent it (%s), and a page brings no secret",
			id, h.Name, e.Detail)
	case gateway.SecretUnkept:
		g.note("warning: %d handshake %s: the secret could not be kept: %v", id, h.Name, detailOf(e.Err))
	case gateway.AnotherSecret:
		g.note("warning: %d handshake %s brings another secret than the first one; it is not taken", id, h.Name)
	case gateway.Learnt:
		g.tellLearnt(e)
	case gateway.Unagreed:
		g.suggest("%d handshake %s: any %s is accepted; --param %s=… accepts yours only", id, h.Name, e.Detail, e.Detail)
	case gateway.ConfirmElsewhere:
		g.note("warning: %d handshake %s wants %s opened, which is not %s's: do not",
			id, h.Name, ui.Clip(e.Detail, 80), h.Title)
	case gateway.ConfirmUnchecked:
		g.suggest("%d handshake %s wants %s opened; its signature was not checked: barb listen -s %s --secret file:PATH",
			id, h.Name, e.Detail, h.Name)
	case gateway.Confirm:
		g.suggest(`%d handshake %s: confirm it at %s with  `+
			`curl "$(barb show %d --json --jq '.request_body|fromjson|.SubscribeURL')"`,
			id, h.Name, e.Detail, id)
	}
}

// tellLearnt says what was done with the secret that a handshake has brought.
func (g *listener) tellLearnt(e gateway.Event) {
	what := fmt.Sprintf("%d handshake %s brings the secret %s…", e.ID, e.Handshake.Name, e.Secret)
	if e.Checks {
		what += ", checked with from now on"
	}
	switch {
	case e.Kept:
		g.suggest("%s; kept: --secret %s", what, g.learning.ref)
	case e.Before != "":
		g.suggest("%s, which is not taken: webhooks are checked with %s", what, e.Before)
	default:
		g.suggest("%s; it is not in the history and gone when this listener ends. "+
			"To keep the next one: barb listen %s --learn keyring:%s (or file:PATH)", what, flagFor(e), e.Handshake.Name)
	}
}

// flagFor is how a listener is told to expect a handshake: by the scheme that checks with what it brings, where there
// is one.
func flagFor(e gateway.Event) string {
	if e.Scheme != "" {
		return "-s " + e.Scheme
	}
	return "--handshake=" + e.Handshake.Name
}
