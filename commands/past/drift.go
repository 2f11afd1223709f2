package past

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/diff"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/files"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/body"
	"github.com/barbhq/barb/store/cassette"
	"github.com/barbhq/barb/store/drift"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// driftOptions are the flags of barb history that compare shapes.
type driftOptions struct {
	before     string // a cassette, ids, or FROM..UNTIL
	ignores    []string
	allowEmpty bool
}

func (o *driftOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.before, "schema-drift", "", "print which fields appeared, vanished or changed their type since "+
		"`BEFORE`: a file of barb save, ids such as 1..40, or FROM..UNTIL such as 7d..1d")
	f.StringArrayVar(&o.ignores, "ignore", nil, "with --schema-drift, leave out this `path` and all below it, such as "+
		".data.metadata (repeatable)")
	f.BoolVar(&o.allowEmpty, "allow-empty", false, "with --schema-drift, succeed when there is nothing to compare")
}

func (o *driftOptions) given() bool { return o.before != "" || len(o.ignores) > 0 || o.allowEmpty }

// ignored returns the paths of --ignore as package drift has them.
func (o *driftOptions) ignored() (all []string, err error) {
	parsed, err := diff.Ignored(o.ignores)
	if err != nil {
		return nil, err
	}
	if parsed.Status || parsed.Headers || parsed.Body || len(parsed.Names) > 0 {
		return nil, fail.Usage("--schema-drift compares the fields of bodies, so --ignore takes paths alone").
			Hint("--ignore .data.metadata")
	}
	for _, path := range parsed.Paths {
		all = append(all, strings.Join(path, ""))
	}
	return all, nil
}

// runDrift compares the shape of the selected webhooks with that of earlier ones.
func runDrift(cmd *cobra.Command, sh *shell.Shell, o *historyOptions) error {
	ctx := cmd.Context()
	switch {
	case o.drift.before == "":
		return fail.Usage("--ignore and --allow-empty are for --schema-drift").
			Hint("barb history --schema-drift testdata/stripe.barb.ndjson --since 1h")
	case o.follow || o.all || len(o.columns) > 0:
		return fail.Usage("--schema-drift compares webhooks: --follow, --all and --columns are for the list")
	}
	ignored, err := o.drift.ignored()
	if err != nil {
		return err
	}
	limit := 0
	if cmd.Flags().Changed("limit") {
		limit = o.limit
	}
	sh.Judgements.Strict = true
	s := &shapes{sh: sh}
	before, err := s.before(ctx, o)
	if err != nil {
		return err
	}
	now, err := s.selected(ctx, o.selectors, &o.Filter, func(f *store.Filter) { f.Limit = limit })
	if err != nil {
		return err
	}
	return s.report(ctx, o, before, now, drift.Compare(before, now, ignored))
}

// shapes reads the shapes of webhooks.
type shapes struct {
	sh         *shell.Shell
	isFile     bool // BEFORE is one
	unreadable int  // bodies
}

// before returns the shape of BEFORE. In the history the filters choose there as well, but for the time.
func (s *shapes) before(ctx context.Context, o *historyOptions) (*drift.Shape, error) {
	earlier, text := o.Filter, o.drift.before
	earlier.Since, earlier.Until = "", ""
	selectors := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	isSelector := !slices.ContainsFunc(selectors, func(one string) bool {
		_, err := flags.ParseSelector(one)
		return err != nil
	})
	if from, until, ok := span(text, s.sh.Now()); ok && !isSelector {
		isSelector, selectors, earlier.Since, earlier.Until = true, nil, from, until
	}
	if isSelector {
		return s.selected(ctx, selectors, &earlier, func(*store.Filter) {})
	}
	s.isFile = true
	shape, count := newShape(), int64(0)
	err := files.Each(s.sh, text, func(w *cassette.Webhook) {
		count++
		s.add(shape, &w.Exchange, count)
	})
	if missing, ok := errors.AsType[*fail.Error](err); ok && len(missing.Hints) == 0 {
		return nil, missing.Hint("--schema-drift takes a file of barb save, ids (1..40) or FROM..UNTIL (7d..1d)")
	}
	return shape, err
}

// span splits FROM..UNTIL.
func span(text string, now time.Time) (from, until string, ok bool) {
	from, until, ok = strings.Cut(text, "..")
	_, errFrom := flags.ParsePast(from, now)
	_, errUntil := flags.ParsePast(until, now)
	return from, until, ok && errFrom == nil && errUntil == nil
}

func newShape() *drift.Shape {
	return &drift.Shape{Masked: []string{redact.Placeholder, cassette.Placeholder}}
}

// selected returns the shape of webhooks of the history.
func (s *shapes) selected(ctx context.Context, selectors []string, f *flags.Filter, adjust func(*store.Filter)) (
	*drift.Shape, error) {
	chosen, err := s.sh.ChosenWebhooks(ctx, selectors, f, adjust)
	if err != nil {
		return nil, err
	}
	shape := newShape()
	for w, err := range chosen {
		if err != nil {
			return nil, err
		}
		message := w.Last()
		if w.Kind() == record.Sent {
			message = w.Exchanges[0]
		}
		x, err := s.sh.History.Get(ctx, message.ID)
		if errors.Is(err, store.ErrNotFound) { // it was pruned in the meantime
			continue
		}
		if err != nil {
			return nil, err
		}
		s.add(shape, s.sh.History.Redacted(x), w.ID)
	}
	return shape, nil
}

// add adds the body of a webhook to a shape.
func (s *shapes) add(shape *drift.Shape, x *record.Exchange, number int64) {
	event := drift.Event{Scheme: x.Scheme, Type: x.Event()}
	content, err := body.Open(x.Request.Header, x.Request.Body)
	var value any
	if err == nil {
		value, err = content.Value()
	}
	switch {
	case err != nil:
		s.unreadable++
	case value != nil || strings.TrimSpace(content.Text()) == "null":
		shape.Add(event, number, value)
	case len(x.Request.Body) == 0:
		shape.AddOther(event, number, drift.Empty)
	default:
		shape.AddOther(event, number, drift.Text)
	}
}

// report prints the differences and returns the error with the exit code.
func (s *shapes) report(ctx context.Context, o *historyOptions, before, now *drift.Shape, c drift.Compared) error {
	sh := s.sh
	if s.unreadable > 0 {
		sh.Warn("not compared: %s with a body that cannot be read", ui.Count(s.unreadable, "webhook"))
	}
	if c.Events == 0 {
		return s.nothing(ctx, o, before, now, c)
	}
	for _, d := range c.Differences {
		if !sh.JSON {
			break
		}
		if err := sh.Emit(schema.NewDrift(d, s.isFile)); err != nil {
			return err
		}
	}
	if !sh.JSON {
		sh.Stdout.Drift(c.Differences, s.isFile)
	}
	if before.Cut() || now.Cut() {
		sh.Warn("only a part of the fields is compared: a webhook has too many, or is nested too deep")
	}
	s.tellOnly(c)
	found := len(c.Differences) + c.More
	sh.Say("barb: %s in %s (%s before, %d now)", ui.Count(found, "difference"), ui.Count(c.Events, "event type"),
		ui.Count(before.Webhooks(), "webhook"), now.Webhooks())
	if c.More > 0 {
		sh.Say("barb: the first %d are listed", len(c.Differences))
	}
	if found > 0 {
		return fail.Silent(fail.ExitFailed)
	}
	return nil
}

// tellOnly names the event types that were not compared.
func (s *shapes) tellOnly(c drift.Compared) {
	for _, side := range []struct {
		events []drift.Event
		where  string
	}{{c.OnlyOld, "only before"}, {c.OnlyNew, "only now"}} {
		if len(side.events) > 0 {
			s.sh.Say("barb: not compared: %s (%s)", ui.EventNames(side.events), side.where)
		}
	}
}

// nothing is the error where no event type is on both sides, nil with --allow-empty.
func (s *shapes) nothing(ctx context.Context, o *historyOptions, before, now *drift.Shape, c drift.Compared) error {
	s.tellOnly(c)
	if o.drift.allowEmpty {
		s.sh.Say("barb: nothing to compare")
		return nil
	}
	const hint = "--allow-empty succeeds where there is nothing to compare"
	switch {
	case before.Webhooks() == 0:
		return fail.Usage("nothing to compare: --schema-drift %s selects no webhook", o.drift.before).Hint(hint)
	case now.Webhooks() == 0:
		return fail.Usage("nothing to compare: nothing in the history matches").
			Hint(s.sh.Nearest(ctx, o.selectors, &o.Filter)).Hint("barb history lists what there is; " + hint)
	}
	return fail.Usage("nothing to compare: no event type is on both sides").Hint(hint)
}
