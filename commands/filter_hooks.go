package commands

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// whereTimeout is how long --where may take for one webhook, which is the user's expression over a stranger's body. Reading
// the body as JSON does not count: --max-body bounds that.
const whereTimeout = time.Second

// hookFilterFlags say which webhooks are handed on.
type hookFilterFlags struct {
	events   globsValue
	where    flags.Word
	unlisted bool // --no-record-filtered
}

func (f *hookFilterFlags) addFlags(sh *shell, cmd *cobra.Command) {
	set := cmd.Flags()
	set.Var(&f.events, "event", "hand on only events of this `type`, others are answered 200; * matches any part (repeatable, or with commas)")
	set.Var(&f.where, "where", "hand on only webhooks for which this jq `expression` over the JSON form, with the parsed body as .body, is true")
	set.BoolVar(&f.unlisted, "no-record-filtered", false, "do not keep what --event and --where leave out")
	flags.Complete(cmd, "event", sh.completeEvents)
}

// globsValue is a list of patterns on the command line in which * stands for any part.
type globsValue []string

func (v *globsValue) String() string { return strings.Join(*v, ",") }
func (v *globsValue) Type() string   { return "type" }

// Set adds patterns, with commas between them.
func (v *globsValue) Set(s string) error {
	for pattern := range strings.SplitSeq(s, ",") {
		*v = append(*v, strings.TrimSpace(pattern))
	}
	return nil
}

// match reports whether one of the patterns matches; without patterns everything does.
func (v globsValue) match(s string) bool {
	for _, pattern := range v {
		if route.Match(pattern, s) {
			return true
		}
	}
	return len(v) == 0
}

// hookFilter decides which webhooks are handed on.
type hookFilter struct {
	events   globsValue
	where    *flags.JQ // nil: none
	unlisted bool
	failed   atomic.Bool // an error of the expression was warned of
	late     atomic.Bool // that it took too long was
	count    atomic.Int64
}

func (g *gateway) takeFilters(o hookFilterFlags) (err error) {
	g.hooks.events, g.hooks.unlisted = o.events, o.unlisted
	if o.unlisted && len(o.events) == 0 && o.where == "" {
		return fail.Usage("--no-record-filtered needs --event or --where").Hint("barb listen --event 'invoice.*' --no-record-filtered")
	}
	if o.where != "" {
		if g.hooks.where, err = flags.CompileJQ(string(o.where)); err != nil {
			return fail.Usage("--where %w", err).Hint("--where '.body.amount > 1000'")
		}
	}
	return nil
}

// mark notes what a check shows: a timestamp outside the tolerance, and that a webhook is not asked for. One with a bad
// signature is refused and not filtered.
func (g *gateway) mark(found *listen.Checked, r *record.Request, now time.Time) {
	switch {
	case found.Verdict.Reason == string(sign.TimestampExpired), found.Verdict.Reason == string(sign.TimestampInFuture):
		found.Marks = append(found.Marks, record.Mark{Kind: record.Stale})
	case found.Verdict.Status == record.Invalid || isUndecided(found.Marks):
	default:
		if kind := g.leftOut(found, r, now); kind != "" {
			found.Marks = append(found.Marks, record.Mark{Kind: kind})
			found.Uncounted = true
		}
	}
}

// leftOut is the mark of a webhook that is not handed on: record.Filtered or record.Undecided, "" for one that is. An
// expression that fails on it says no: a listener goes on. One that takes too long says nothing, and the webhook has to come
// again: the sender of a webhook that is asked for must not take it for delivered.
func (g *gateway) leftOut(found *listen.Checked, r *record.Request, now time.Time) record.MarkKind {
	if !g.hooks.events.match(found.EventType) {
		return record.Filtered
	}
	if g.hooks.where == nil {
		return ""
	}
	x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: now, Request: *r, Verdict: found.Verdict,
		Scheme: found.Scheme, WebhookID: found.WebhookID, EventType: found.EventType}
	ok, err := g.hooks.where.Truthy(whereForm(x), whereTimeout)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		if !g.hooks.late.Swap(true) {
			g.note("warning: --where took longer than %s on a webhook, which is answered 503 so that it comes again (said once)", whereTimeout)
		}
		return record.Undecided
	case err != nil && !g.hooks.failed.Swap(true):
		g.note("warning: --where fails on a webhook, which counts as not asked for: %v (said once)", err)
	}
	if ok && err == nil {
		return ""
	}
	return record.Filtered
}

// isUndecided reports whether the judging of a webhook was broken off.
func isUndecided(marks []record.Mark) bool {
	return slices.ContainsFunc(marks, func(m record.Mark) bool { return m.Kind == record.Undecided })
}

func isFiltered(x *record.Exchange) bool {
	_, ok := x.Marked(record.Filtered)
	return ok
}

// unlisted reports whether an exchange is neither kept nor shown.
func (g *gateway) unlisted(x *record.Exchange) bool { return g.hooks.unlisted && isFiltered(x) }

// whereLine is what --where is asked about: the JSON form with everything, and the body parsed where it is JSON.
type whereLine struct {
	export.Line
	Body json.RawMessage `json:"body,omitempty"`
}

func whereForm(x *record.Exchange) whereLine {
	l := whereLine{Line: export.JSON(x, export.With{Body: true, URL: true, Headers: true})}
	if json.Valid(x.Request.Body) {
		l.Body = x.Request.Body
	}
	return l
}
