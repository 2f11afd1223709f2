package commands

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
	"github.com/barbhq/barb/store/webhooks"
)

type showOptions struct {
	flags.Filter
	body, headers, attempts, raw, curl bool
	all                                bool // an exchange, not its webhook
	withSecrets                        bool
	selectors                          []string
}

func newShow(sh *shell) *cobra.Command {
	var o showOptions
	cmd := &cobra.Command{
		Use:               "show [SELECTOR…]",
		ValidArgsFunction: sh.completeIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.selectors = args
			return runShow(cmd.Context(), sh, o)
		},
	}
	o.AddFlags(cmd, sh.schemeNames, sh.completeEvents)
	f := cmd.Flags()
	f.BoolVar(&o.body, "body", false, "print the body of the request, byte for byte")
	f.BoolVar(&o.headers, "headers", false, "print the headers of the request in wire order")
	f.BoolVar(&o.all, "all", false, "show the exchange with this id alone: one attempt, forward or redelivery")
	f.BoolVar(&o.attempts, "attempts", false, "list all exchanges of the webhook: retries, forwards, replays")
	f.BoolVar(&o.raw, "raw", false, "print the request as it was on the wire, byte for byte")
	f.BoolVar(&o.curl, "curl", false, "print a curl command that sends the request again")
	f.BoolVar(&o.withSecrets, "with-secrets", false, "show stored credentials, cookies and tokens")
	cmd.MarkFlagsMutuallyExclusive("body", "headers", "attempts", "raw", "curl")
	return cmd
}

func runShow(ctx context.Context, sh *shell, o showOptions) error {
	if sh.json && (o.body || o.raw || o.curl) {
		return fail.Usage("--body, --raw and --curl are not JSON").Hint("barb show @ --json has it all")
	}
	if len(o.selectors) == 0 && !o.Given() {
		o.selectors = []string{"@"}
	}
	found, err := o.chosen(ctx, sh)
	if err != nil {
		return err
	}
	shown := 0
	for s, err := range found {
		if err != nil {
			return err
		}
		if shown++; shown > 1 && !sh.json && !o.raw && !o.body {
			sh.out.Line("")
		}
		if s.x, err = o.shown(ctx, sh, s.x); err != nil {
			return err
		}
		if err := showOne(ctx, sh, o, s); err != nil {
			return err
		}
	}
	if shown == 0 {
		return fail.Usage("nothing in the history matches").Hint("barb history lists what there is")
	}
	return nil
}

// shownOne is a webhook with the exchange that stands for it, or with --all an exchange alone.
type shownOne struct {
	x *record.Exchange
	w *webhooks.Webhook // nil: x alone
}

// chosen yields what the selectors and flags choose, the oldest first.
func (o *showOptions) chosen(ctx context.Context, sh *shell) (iter.Seq2[shownOne, error], error) {
	if o.all {
		found, err := sh.selected(ctx, o.selectors, &o.Filter, func(f *store.Filter) {
			f.Bodies, f.OldestFirst = true, true
		})
		return func(yield func(shownOne, error) bool) {
			for x, err := range found {
				if !yield(shownOne{x: x}, err) {
					return
				}
			}
		}, err
	}
	found, err := sh.chosenWebhooks(ctx, o.selectors, &o.Filter, func(f *store.Filter) { f.OldestFirst = true })
	return func(yield func(shownOne, error) bool) {
		for w, err := range found {
			s := shownOne{w: w}
			if err == nil {
				s.x, err = sh.history.Get(ctx, w.Last().ID)
			}
			if !yield(s, err) {
				return
			}
		}
	}, err
}

// shown returns an exchange as it is shown. People see no credentials unless they ask for them, which are then added
// as far as the queue has them; other tools get what the history has.
func (o *showOptions) shown(ctx context.Context, sh *shell, x *record.Exchange) (*record.Exchange, error) {
	forTools := sh.json || o.body || o.headers || o.raw || o.curl
	switch {
	case o.withSecrets:
		if err := sh.history.Pieces(ctx, x); err != nil {
			return nil, err
		}
		came, missing := sh.redactor.Restore(x)
		if len(missing) > 0 && forTools {
			sh.warn("webhook %d is stored without %s", x.ID, ui.Clip(strings.Join(redact.Names(missing), ", "), 200))
		}
		return came, nil
	case forTools:
		if len(x.Masks) > 0 && (o.raw || o.curl || o.body) {
			sh.warn("webhook %d is stored without %s", x.ID, ui.Clip(strings.Join(x.Masked(), ", "), 200))
		}
		return x, nil
	}
	shown := *sh.redactor.Keep(x, true)
	shown.Masks = x.Masks
	return &shown, nil
}

func showOne(ctx context.Context, sh *shell, o showOptions, s shownOne) error {
	x := s.x
	if _, cut := x.Marked(record.Truncated); cut && (o.body || o.raw || o.curl) {
		sh.warn("webhook %d is incomplete: only the first 64 KiB of its body are stored", x.ID)
	}
	switch {
	case o.body && sh.OutTerminal:
		sh.out.Printf("%s", ui.Escape(string(x.Request.Body)))
	case o.body:
		sh.out.Printf("%s", x.Request.Body)
	case o.raw:
		sh.out.Printf("%s", export.Raw(&x.Request))
	case o.curl:
		sh.out.Line(export.Curl(&x.Request))
	case o.headers && !sh.json && sh.OutTerminal:
		sh.out.Headers(x.Request.Header)
	case o.headers && !sh.json: // for verify --headers and curl -H @-: as they are
		for _, f := range x.Request.Header {
			sh.out.Line(f.Name + ": " + f.Value)
		}
	case o.attempts:
		return showThread(ctx, sh, x.ID)
	case sh.json:
		return o.emit(ctx, sh, s)
	default:
		return sh.showWhole(ctx, s)
	}
	return nil
}

// showWhole prints all of a webhook, or of an exchange alone.
func (sh *shell) showWhole(ctx context.Context, s shownOne) error {
	parts := []*record.Exchange{s.x}
	if s.w != nil {
		parts = s.w.Exchanges
	}
	for _, x := range parts {
		mirror, err := sh.mirrorNote(ctx, x.ID)
		if err != nil {
			return err
		}
		if s.w != nil && mirror != "" {
			mirror = fmt.Sprintf("%d %s", x.ID, mirror)
		}
		sh.out.Pairs([][2]string{{"mirror", mirror}})
	}
	if s.w == nil {
		sh.out.Exchange(s.x)
	} else {
		sh.out.Webhook(s.w, s.x, sh.Now())
	}
	return nil
}

// emit prints the JSON form with everything that is asked for.
func (o *showOptions) emit(ctx context.Context, sh *shell, s shownOne) error {
	with := export.With{Body: !o.headers, URL: true, Headers: true}
	if s.w == nil {
		return sh.emitExchange(s.x, with)
	}
	subject, err := pick.Subject(ctx, sh.history, s.w, with, true)
	if err == nil {
		named := *s.x // as it is shown
		named.ID = s.w.ID
		subject.Exchange, subject.Line = &named, s.w.JSON(s.x, with)
		err = sh.emitSubject(subject)
	}
	return err
}

func showThread(ctx context.Context, sh *shell, id int64) error {
	thread, err := sh.history.Thread(ctx, id)
	if err != nil {
		return err
	}
	if !sh.json {
		sh.out.History(thread, nil, sh.Now())
		return nil
	}
	for _, x := range thread {
		if err := sh.emitExchange(x, export.With{}); err != nil {
			return err
		}
	}
	return nil
}

// mirrorNote says whose copy an exchange with a mirror is; "" for any other exchange.
func (sh *shell) mirrorNote(ctx context.Context, id int64) (string, error) {
	m, ok, err := sh.history.Mirror(ctx, id)
	switch {
	case err != nil || !ok:
		return "", err
	case !m.Compared:
		return fmt.Sprintf("of %d, not compared", m.Of), nil
	case m.Same:
		return fmt.Sprintf("of %d, its answer is the same", m.Of), nil
	}
	return fmt.Sprintf("of %d, its answer differs", m.Of), nil
}
