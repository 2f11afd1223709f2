package flags

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Filter selects exchanges. It means the same in history, show, replay, stats and prune.
type Filter struct {
	received, Sent, Failed  bool
	Invalid                 bool
	scheme, event, endpoint string
	Status                  string
	Since, Until            string
	webhookID, grep, where  string
	marked                  string
}

// AddFlags adds the flags to a command. schemes and events complete the values of --of-scheme and --event. --scheme is
// another name of --of-scheme, unless the command signs and has a --scheme already. A command may have its own --event.
func (f *Filter) AddFlags(cmd *cobra.Command, schemes func(prefix string, auto bool) []string,
	events func(prefix string) []string) {
	set := cmd.Flags()
	set.BoolVar(&f.received, "received", false, "only received webhooks")
	set.BoolVar(&f.Sent, "sent", false, "only sent webhooks")
	set.BoolVar(&f.Failed, "failed", false, "only webhooks whose last delivery failed")
	set.BoolVar(&f.Invalid, "invalid", false, "only webhooks with a bad signature")
	set.StringVar(&f.scheme, "of-scheme", "", "only this `scheme`; * matches any part")
	if set.Lookup("scheme") == nil {
		set.StringVar(&f.scheme, "scheme", "", "the same as --of-scheme")
		_ = set.MarkHidden("scheme") // it was just added
		Complete(cmd, "scheme", func(prefix string) []string { return schemes(prefix, false) })
	}
	if set.Lookup("event") == nil {
		set.Var(EventType(&f.event), "event", "only events of this `type`; * matches any part")
	}
	set.StringVar(&f.endpoint, "endpoint", "", "only this `host`; * matches any part")
	set.StringVar(&f.Status, "status", "", "only answers with this `status`: 503, 5xx or 400..499")
	set.StringVar(&f.Since, "since", "", "only since this `time` or age: 1h, 7d, 2026-01-20")
	set.StringVar(&f.Until, "until", "", "only until this `time` or age")
	set.StringVar(&f.webhookID, "id", "", "only this webhook `id`")
	set.StringVar(&f.marked, "marked", "", "only those that listen marked as `kind`: "+markKinds)
	set.StringVar(&f.grep, "grep", "", "only bodies that contain this `text`")
	set.StringVar(&f.where, "where", "", "only where this jq `expression` is true (barb help expressions)")
	Complete(cmd, "of-scheme", func(prefix string) []string { return schemes(prefix, false) })
	Complete(cmd, "event", events)
	Complete(cmd, "marked", func(string) []string { return strings.Split(markKinds, ", ") })
}

// Given reports whether any filter was given.
func (f *Filter) Given() bool { return *f != Filter{} }

// OnlyScheme reports whether no filter was given but --of-scheme.
func (f *Filter) OnlyScheme() bool { return *f == Filter{scheme: f.scheme} }

// Parse checks the flags and returns them as the history takes them, with the expression of --where, which may be nil.
// scheme returns the name of the scheme that --of-scheme stands for.
func (f *Filter) Parse(now time.Time, scheme func(string) (string, error)) (out store.Filter, where *jq.Expr,
	err error) {
	out = store.Filter{Failed: f.Failed, Invalid: f.Invalid, Event: f.event, Endpoint: f.endpoint, WebhookID: f.webhookID,
		Grep: f.grep}
	switch {
	case f.received && f.Sent:
		return out, nil, fail.Usage("--received and --sent cannot be used together")
	case f.received:
		out.Kind = record.Received
	case f.Sent:
		out.Kind = record.Sent
	}
	if out.Scheme, err = scheme(f.scheme); err != nil {
		return out, nil, err
	}
	if out.Marked, err = parseMark(f.marked); err != nil {
		return out, nil, err
	}
	if f.Status != "" {
		if out.Status.From, out.Status.To, err = parseStatus(f.Status); err != nil {
			return out, nil, fail.Usage("--status %w", err)
		}
	}
	if out.Since, out.Until, err = parseSpan(f.Since, f.Until, now); err != nil {
		return out, nil, err
	}
	if f.where != "" {
		if where, err = jq.Compile(f.where); err != nil {
			return out, nil, fail.Usage("--where: %w", err).Hint(jq.Hint(err, "--where '.latency_ms > 500'"))
		}
	}
	return out, where, nil
}

// markKinds are the values of --marked.
const markKinds = "duplicate, reused_id, older, stale, filtered, undecided, unrouted, imported"

func parseMark(s string) (record.MarkKind, error) {
	kind := record.MarkKind(s)
	if s != "" && !slices.Contains(record.MarkKinds(), kind) {
		return "", fail.Usage("invalid --marked %q: choose %s", s, markKinds).Hint(fail.DidYouMean("--marked ",
			fail.Nearest(s, strings.Split(markKinds, ", ")), "barb history --marked duplicate"))
	}
	return kind, nil
}

// parseStatus reads 503, 5xx or 400..499.
func parseStatus(s string) (from, to int, err error) {
	low, high, isRange := strings.Cut(s, "..")
	if !isRange {
		high = low
	}
	if class, ok := strings.CutSuffix(strings.ToLower(s), "xx"); ok && len(class) == 1 && class <= "5" {
		low, high = class+"00", class+"99"
	}
	from, errFrom := strconv.Atoi(low)
	to, errTo := strconv.Atoi(high)
	if errFrom != nil || errTo != nil || from < 100 || from > to || to > 999 {
		return 0, 0, fmt.Errorf("%q is not a status such as 503, 5xx or 400..499", s)
	}
	return from, to, nil
}

// parseSpan reads --since and --until; a moment that was not given is zero.
func parseSpan(since, until string, now time.Time) (from, to time.Time, err error) {
	if since != "" {
		if from, err = ParsePast(since, now); err != nil {
			return from, to, fail.Usage("--since %w", err)
		}
	}
	if until != "" {
		if to, err = ParsePast(until, now); err != nil {
			return from, to, fail.Usage("--until %w", err)
		}
	}
	return from, to, nil
}
