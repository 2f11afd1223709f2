package commands

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// whereTimeout is how long --where may take for one webhook, which is the user's expression over a stranger's body.
const whereTimeout = time.Second

// hookFilterFlags say which webhooks are handed on.
type hookFilterFlags struct {
	events   globsValue
	where    wordValue
	unlisted bool // --no-record-filtered
}

func (f *hookFilterFlags) addFlags(sh *shell, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&f.events, "event", "hand on only events of this `type`, others are answered 200; * matches any part (repeatable, or with commas)")
	flags.Var(&f.where, "where", "hand on only webhooks for which this jq `expression` over the JSON form, with the parsed body as .body, is true")
	flags.BoolVar(&f.unlisted, "no-record-filtered", false, "do not keep what --event and --where leave out")
	complete(cmd, "event", sh.completeEvents)
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
		if matchGlob(pattern, s) {
			return true
		}
	}
	return len(v) == 0
}

// matchGlob takes the parts between the stars from the left, each where it first fits: that is enough, as nothing else is
// special.
func matchGlob(pattern, s string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	s, ok := strings.CutPrefix(s, first)
	if !star {
		return ok && s == ""
	}
	parts := strings.Split(rest, "*")
	last := len(parts) - 1
	for _, part := range parts[:last] {
		_, after, found := strings.Cut(s, part)
		if s = after; !found {
			return false
		}
	}
	return ok && strings.HasSuffix(s, parts[last])
}

// hookFilter decides which webhooks are handed on.
type hookFilter struct {
	events   globsValue
	where    *jqFilter // nil: none
	unlisted bool
	failed   atomic.Bool // an error of the expression was warned of
	count    atomic.Int64
}

func (g *gateway) takeFilters(o hookFilterFlags) (err error) {
	g.hooks.events, g.hooks.unlisted = o.events, o.unlisted
	if o.unlisted && len(o.events) == 0 && o.where == "" {
		return usage("--no-record-filtered needs --event or --where").hint("barb listen --event 'invoice.*' --no-record-filtered")
	}
	if o.where != "" {
		if g.hooks.where, err = compileJQ(string(o.where)); err != nil {
			return usage("--where %w", err).hint("--where '.body.amount > 1000'")
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
	case found.Verdict.Status != record.Invalid && !g.passes(found, r, now):
		found.Marks = append(found.Marks, record.Mark{Kind: record.Filtered})
		found.Uncounted = true
	}
}

// passes reports whether a webhook is handed on. An expression that fails on it says no: a listener goes on.
func (g *gateway) passes(found *listen.Checked, r *record.Request, now time.Time) bool {
	if !g.hooks.events.match(found.EventType) {
		return false
	}
	if g.hooks.where == nil {
		return true
	}
	x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: now, Request: *r, Verdict: found.Verdict,
		Scheme: found.Scheme, WebhookID: found.WebhookID, EventType: found.EventType}
	ctx, cancel := context.WithTimeout(context.Background(), whereTimeout)
	defer cancel()
	ok, err := g.hooks.where.truthy(ctx, whereForm(x))
	if err != nil && !g.hooks.failed.Swap(true) {
		g.note("warning: --where fails on a webhook, which counts as not asked for: %v (said once)", err)
	}
	return ok && err == nil
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
