package again

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/retest"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// choose opens the history and says which webhooks of it are replayed.
func (r *replayer) choose(ctx context.Context) error {
	sh, o := r.sh, r.options
	s, err := sh.Selection(ctx, o.selectors, &o.Filter)
	if err != nil {
		return err
	}
	named := namedIDs(o.selectors)
	var letters replay.Letters
	if o.dead { // read once: what is delivered in the meantime was dead when the replay began
		if letters, err = replay.ReadLetters(ctx, sh.History); err != nil {
			return err
		}
		if len(s.Filter.IDs) == 0 {
			s.Filter.IDs = letters.IDs()
		}
	}
	s.Filter.OldestFirst = true
	if s.Where != nil { // asked once for each webhook, so that a failure is said once
		if s.Filter.IDs, err = s.FirstIDs(ctx, sh.Now()); err != nil {
			return err
		}
	}
	r.run.Selected = func(ctx context.Context) iter.Seq2[replay.Item, error] {
		r.refused = 0
		return r.comparable(letters.Items(r.withoutRefused(webhooks.List(ctx, sh.History, s.Filter, sh.Now()), named)))
	}
	if o.wanted() {
		r.judge = &judge{sh: sh, options: &o.checks, whole: sh.History.Get, words: map[retest.Word]int{}}
	}
	if o.changes() || o.compares { // read once: what is skipped is said once
		r.run.Selected = r.arranged(r.run.Selected)
	}
	return nil
}

// comparable leaves out what has no recorded answer, where that is what the new one is compared with.
func (r *replayer) comparable(all iter.Seq2[replay.Item, error]) iter.Seq2[replay.Item, error] {
	if !r.options.compares {
		return all
	}
	return func(yield func(replay.Item, error) bool) {
		for item, err := range all {
			if err == nil && item.Then == nil {
				if err = r.judge.skip(item); err == nil {
					r.skipped++
					continue
				}
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// namedIDs returns the ids among selectors; @ and ranges name none.
func namedIDs(selectors []string) (ids []store.Range) {
	for _, text := range selectors {
		if sel, err := flags.ParseSelector(text); err == nil && sel.IDs.From > 0 && sel.IDs.From == sel.IDs.To {
			ids = append(ids, sel.IDs)
		}
	}
	return ids
}

// withoutRefused leaves out webhooks with a bad signature, unless their ids are named, and counts them.
func (r *replayer) withoutRefused(all iter.Seq2[*webhooks.Webhook, error],
	named []store.Range) iter.Seq2[*webhooks.Webhook, error] {
	return func(yield func(*webhooks.Webhook, error) bool) {
		for w, err := range all {
			if err == nil && w.Invalid() && !holds(w, named) {
				r.refused, r.refusedID = r.refused+1, w.ID
				continue
			}
			if !yield(w, err) {
				return
			}
		}
	}
}

// holds reports whether an id is that of an exchange of a webhook.
func holds(w *webhooks.Webhook, ids []store.Range) bool {
	return slices.ContainsFunc(w.Exchanges, func(x *record.Exchange) bool {
		return slices.ContainsFunc(ids, func(id store.Range) bool { return id.From == x.ID })
	})
}

// noneMatches is the error for a selection of nothing, nil with --allow-empty.
func (r *replayer) noneMatches(ctx context.Context) error {
	switch {
	case r.options.allowEmpty:
		r.sh.Say("barb: nothing is selected")
		return nil
	case r.refused > 0:
		return fail.Usage("nothing to replay: %s with a bad signature left out (barb replays those only by id)",
			ui.Count(r.refused, "webhook")).Hintf("barb replay %d", r.refusedID)
	case r.skipped > 0:
		return fail.Usage("nothing to compare: %s without a recorded answer", ui.Count(r.skipped, "webhook")).
			Hint("leave --compare-recorded out, or choose others: --status 100..599")
	case len(r.options.files) > 0:
		return fail.Usage("nothing in the files matches")
	case r.options.dead:
		return fail.Usage("no dead letter matches").Hint("barb queue dead lists them")
	}
	return fail.Usage("nothing in the history matches").
		Hint(r.sh.Nearest(ctx, r.options.selectors, &r.options.Filter)).
		Hint("barb history lists what there is; --allow-empty succeeds without any")
}

// tellRefused says how many webhooks were left out.
func (r *replayer) tellRefused() {
	next := "barb history --invalid lists them"
	switch r.refused {
	case 0:
		return
	case 1:
		next = fmt.Sprintf("barb replay %d sends it all the same", r.refusedID)
	}
	r.sh.Say("barb: left out %s with a bad signature (%s)", ui.Count(r.refused, "webhook"), next)
}

// RouteOf returns the address of the app that barb.toml has for a received webhook: that of its route, or of every
// route; "" without one.
func RouteOf(file *config.File, x *record.Exchange) (string, error) {
	if row := file.Routes.Covering(shell.URLPath(x.Request.URL)); row != nil && row.Targets.First() != "" {
		return flags.Target(row.Targets.First())
	}
	if app := file.Values["listen.forward_to"]; app != "" {
		return flags.Target(app)
	}
	return "", nil
}

// nowhere is the error for a received webhook that was not forwarded and has no route.
func (r *replayer) nowhere(x *record.Exchange) error {
	if len(r.options.files) > 0 {
		return fail.Usage("a received webhook of a file goes nowhere by itself: say where with --to").
			Hintf("barb replay %s --to http://localhost:3000", r.options.files[0])
	}
	return fail.Usage("webhook %d was not forwarded: where should it go?", x.ID).
		Hintf("barb replay %d --to http://localhost:3000", x.ID)
}

// way returns what reaches an app that a listener forwards to, and the headers that it gets; nil where flags say how an
// endpoint is reached, or nothing of today forwards to the app.
func (r *replayer) way(x *record.Exchange, target string) (*deliver.Client, record.Header, error) {
	sh, way := r.sh, &route.Way{}
	row := sh.File.Routes.Covering(shell.URLPath(x.Request.URL))
	app, _ := flags.Target(sh.File.Values["listen.forward_to"]) // "" where it is no URL: then nothing is forwarded there
	switch {
	case r.options.Client.Given():
		return nil, nil, nil
	case row != nil && slices.ContainsFunc(row.Targets, func(t route.Target) bool {
		return endpointOf(t.URL) == endpointOf(target)
	}):
		way = &row.Way
	case app == "" || endpointOf(app) != endpointOf(target):
		return nil, nil, nil
	}
	apps, weight, err := listenApps(sh)
	if err != nil {
		return nil, nil, err
	}
	connection, own, err := apps.Of(way, weight, sh.HeaderSecret(context.Background()))
	if err != nil {
		return nil, nil, err
	}
	for _, field := range own {
		sh.Redactor.AddField(field)
	}
	client, err := r.clients.For(connection)
	return client, own, err
}

// listenApps returns how barb listen reaches apps by variables and [listen], and where each of these came from.
func listenApps(sh *shell.Shell) (*flags.Apps, flags.Weights, error) {
	apps, cmd, from := &flags.Apps{}, &cobra.Command{Use: "listen"}, map[string]shell.Source{}
	apps.AddFlags(cmd)
	for _, flag := range flags.AppFlags {
		var err error
		if from[flag], err = sh.Fill(config.Setting{Table: "listen", Flag: flag}, cmd); err != nil {
			return nil, nil, err
		}
	}
	return apps, func(flag string) int { return from[flag].Weight() }, apps.Read(sh.In)
}

func endpointOf(address string) string {
	_, endpoint := record.SplitURL(address)
	return endpoint
}
