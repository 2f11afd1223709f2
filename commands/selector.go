package commands

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// filterFlags select exchanges; they mean the same in history, show, replay, stats and prune.
type filterFlags struct {
	received, sent, failed  bool
	scheme, event, endpoint string
	status                  string
	since, until            string
	webhookID, grep, where  string
	marked                  string
}

const selectorHelp = `
A selector is an id (42), a range (40..47), @ for the newest, @-2 for the third
newest, or a filter.`

func (f *filterFlags) addFlags(sh *shell, cmd *cobra.Command) {
	set := cmd.Flags()
	set.BoolVar(&f.received, "received", false, "only what was received")
	set.BoolVar(&f.sent, "sent", false, "only what was sent")
	set.BoolVar(&f.failed, "failed", false, "only what was not delivered, refused or badly signed")
	set.StringVar(&f.scheme, "scheme", "", "only this `scheme`")
	set.StringVar(&f.event, "event", "", "only events of this `type`; * matches any part")
	set.StringVar(&f.endpoint, "endpoint", "", "only this `host`; * matches any part")
	set.StringVar(&f.status, "status", "", "only answers with this `status`: 503, 5xx or 400..499")
	set.StringVar(&f.since, "since", "", "only since this `time` or age: 1h, 7d, 2026-01-20")
	set.StringVar(&f.until, "until", "", "only until this `time` or age")
	set.StringVar(&f.webhookID, "id", "", "only this webhook `id`")
	set.StringVar(&f.marked, "marked", "", "only what listen marked as `kind`: "+markKinds)
	set.StringVar(&f.grep, "grep", "", "only bodies that contain this `text`")
	set.StringVar(&f.where, "where", "", "only where this jq `expression` over the JSON form is true")
	flags.Complete(cmd, "scheme", func(prefix string) []string { return sh.schemeNames(prefix, false) })
	flags.Complete(cmd, "event", sh.completeEvents)
	flags.Complete(cmd, "marked", func(string) []string { return strings.Split(markKinds, ", ") })
}

// given reports whether any filter was given.
func (f *filterFlags) given() bool { return *f != filterFlags{} }

// filter checks the flags and returns them as the history takes them. where is nil without --where.
func (f *filterFlags) filter(sh *shell) (out store.Filter, where *flags.JQ, err error) {
	if f.received && f.sent {
		return out, nil, fail.Usage("--received and --sent exclude each other")
	}
	file, err := sh.configuration()
	if err != nil {
		return out, nil, err
	}
	f.scheme = file.catalog().Name(f.scheme)
	out = store.Filter{Failed: f.failed, Scheme: f.scheme, Event: f.event, Endpoint: f.endpoint, WebhookID: f.webhookID,
		Grep: f.grep}
	if f.scheme != "" && !strings.Contains(f.scheme, "*") {
		if _, err := sh.lookupScheme(f.scheme); err != nil {
			return out, nil, err
		}
	}
	if out.Marked, err = parseMark(f.marked); err != nil {
		return out, nil, err
	}
	if f.received {
		out.Kind = record.Received
	}
	if f.sent {
		out.Kind = record.Sent
	}
	if f.status != "" {
		if out.Status.From, out.Status.To, err = parseStatus(f.status); err != nil {
			return out, nil, fail.Usage("--status %w", err)
		}
	}
	for _, moment := range []struct {
		flag, text string
		at         *time.Time
	}{{"since", f.since, &out.Since}, {"until", f.until, &out.Until}} {
		if moment.text == "" {
			continue
		}
		if *moment.at, err = flags.ParsePast(moment.text, sh.Now()); err != nil {
			return out, nil, fail.Usage("--%s %w", moment.flag, err)
		}
	}
	if f.where != "" {
		if where, err = flags.CompileJQ(f.where); err != nil {
			return out, nil, fail.Usage("--where %w", err).Hint("--where '.latency_ms > 500'")
		}
	}
	return out, where, nil
}

// markKinds are the values of --marked.
const markKinds = "duplicate, reused_id, older, stale, filtered, undecided"

func parseMark(s string) (record.MarkKind, error) {
	kind := record.MarkKind(s)
	if s != "" && !slices.Contains(record.MarkKinds(), kind) {
		return "", fail.Usage("--marked %q is none of %s", s, markKinds).Hint(fail.DidYouMean("--marked ",
			fail.Nearest(s, strings.Split(markKinds, ", ")), "barb history --marked duplicate"))
	}
	return kind, nil
}

// parseStatus reads 503, 5xx or 400..499.
func parseStatus(s string) (from, to int, err error) {
	if low, high, ok := strings.Cut(s, ".."); ok {
		from, errFrom := strconv.Atoi(low)
		to, errTo := strconv.Atoi(high)
		if errFrom == nil && errTo == nil && from <= to && from >= 100 && to <= 999 {
			return from, to, nil
		}
	} else if digit, ok := strings.CutSuffix(strings.ToLower(s), "xx"); ok && len(digit) == 1 && digit[0] >= '1' &&
		digit[0] <= '5' {
		class := int(digit[0]-'0') * 100
		return class, class + 99, nil
	} else if n, err := strconv.Atoi(s); err == nil && n >= 100 && n <= 999 {
		return n, n, nil
	}
	return 0, 0, fmt.Errorf("%q is not a status such as 503, 5xx or 400..499", s)
}

// isSelector reports whether an argument is an id, a range or an @ selector, rather than a file name.
func isSelector(s string) bool {
	_, err := parseSelector(s)
	return err == nil
}

// selector is one parsed positional selector: a range of ids, or how far from the newest.
type selector struct {
	ids    store.Range
	newest int // valid when ids is zero
}

func parseSelector(s string) (selector, error) {
	bad := fmt.Errorf("%q is not a selector: an id (42), a range (40..47), @ or @-2", s)
	if back, ok := strings.CutPrefix(s, "@"); ok {
		if back == "" {
			return selector{}, nil
		}
		n, err := strconv.Atoi(back)
		if err != nil || n > 0 || back[0] != '-' {
			return selector{}, bad
		}
		return selector{newest: -n}, nil
	}
	low, high, isRange := strings.Cut(s, "..")
	if !isRange {
		high = low
	}
	from, errFrom := strconv.ParseUint(low, 10, 63)
	to, errTo := strconv.ParseUint(high, 10, 63)
	if errFrom != nil || errTo != nil || from == 0 || from > to {
		return selector{}, bad
	}
	return selector{ids: store.Range{From: int64(from), To: int64(to)}}, nil
}

// selectIDs turns positional selectors into id ranges. An id or an @ that is not there is an error; a range may have
// gaps.
func selectIDs(ctx context.Context, history *store.Store, selectors []string) ([]store.Range, error) {
	var ranges []store.Range
	for _, text := range selectors {
		sel, err := parseSelector(text)
		if err != nil {
			return nil, fail.Usage("%w", err).Hint("barb history lists the ids")
		}
		if sel.ids.From == 0 {
			id, err := history.Newest(ctx, sel.newest)
			if err != nil {
				return nil, selectorError(text, err)
			}
			sel.ids = store.Range{From: id, To: id}
		}
		if sel.ids.From == sel.ids.To {
			if _, err := history.Get(ctx, sel.ids.From); err != nil {
				return nil, selectorError(text, err)
			}
		}
		ranges = append(ranges, sel.ids)
	}
	return ranges, nil
}

func selectorError(text string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fail.Usage("%s: there is no such exchange in the history", text).Hint("barb history lists what there is")
	}
	return err
}

// selected yields the exchanges that the selectors and flags choose, at most limit of them (0: all).
func (sh *shell) selected(ctx context.Context, selectors []string, flags *filterFlags, adjust func(*store.Filter)) (
	iter.Seq2[*record.Exchange, error], error) {
	filter, where, err := sh.selection(ctx, selectors, flags)
	if err != nil {
		return nil, err
	}
	adjust(&filter)
	if where == nil {
		return sh.history.List(ctx, filter), nil
	}
	limit := filter.Limit
	filter.Limit, filter.Bodies = 0, true // the expression may look at anything
	return whereTrue(sh.history.List(ctx, filter), where, limit), nil
}

// selection is what the selectors and flags choose. The history is open afterwards.
func (sh *shell) selection(ctx context.Context, selectors []string, flags *filterFlags) (filter store.Filter,
	where *flags.JQ, err error) {
	if filter, where, err = flags.filter(sh); err != nil {
		return filter, nil, err
	}
	for _, text := range selectors { // what is not a selector is a mistake whether or not there is a history
		if _, err := parseSelector(text); err != nil {
			return filter, nil, fail.Usage("%w", err).Hint("barb history lists the ids")
		}
	}
	history, err := sh.readHistory(ctx)
	if err != nil {
		return filter, nil, err
	}
	filter.IDs, err = selectIDs(ctx, history, selectors)
	return filter, where, err
}

// narrowed is the filter of the flags for what works on a filter only; --where becomes the ids for which it is true.
// none says that there are no such ids. The history is open afterwards.
func (sh *shell) narrowed(ctx context.Context, flags *filterFlags) (filter store.Filter, none bool, err error) {
	filter, where, err := flags.filter(sh)
	if err != nil {
		return filter, false, err
	}
	if _, err := sh.readHistory(ctx); err != nil || where == nil {
		return filter, false, err
	}
	chosen, err := sh.selected(ctx, nil, flags, func(f *store.Filter) { f.OldestFirst = true })
	if err != nil {
		return filter, false, err
	}
	for x, err := range chosen {
		if err != nil {
			return filter, false, err
		}
		if n := len(filter.IDs); n > 0 && filter.IDs[n-1].To == x.ID-1 {
			filter.IDs[n-1].To = x.ID
		} else {
			filter.IDs = append(filter.IDs, store.Range{From: x.ID, To: x.ID})
		}
	}
	return filter, len(filter.IDs) == 0, nil
}

// whereTrue keeps the exchanges for which the expression is true, at most limit of them (0: all).
func whereTrue(all iter.Seq2[*record.Exchange, error], where *flags.JQ, limit int) iter.Seq2[*record.Exchange, error] {
	return func(yield func(*record.Exchange, error) bool) {
		found := 0
		for x, err := range all {
			if err != nil {
				yield(nil, err)
				return
			}
			ok, err := where.Truthy(whereForm(x), 0)
			if err != nil {
				yield(nil, fail.Usage("--where: %w", err))
				return
			}
			if !ok {
				continue
			}
			found++
			if !yield(x, nil) || found == limit {
				return
			}
		}
	}
}
