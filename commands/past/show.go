package past

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/shell"
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

// NewShow makes barb show.
func NewShow(sh *shell.Shell) *cobra.Command {
	var o showOptions
	cmd := &cobra.Command{
		Use:               "show [SELECTOR…]",
		ValidArgsFunction: sh.CompleteIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.selectors = args
			return runShow(cmd.Context(), sh, o)
		},
	}
	o.AddFlags(cmd, sh.SchemeNames, sh.CompleteEvents)
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

func runShow(ctx context.Context, sh *shell.Shell, o showOptions) error {
	if sh.JSON && (o.body || o.raw || o.curl) {
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
		if shown++; shown > 1 && !sh.JSON && !o.raw && !o.body {
			sh.Stdout.Line("")
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
func (o *showOptions) chosen(ctx context.Context, sh *shell.Shell) (iter.Seq2[shownOne, error], error) {
	if o.all {
		found, err := sh.Selected(ctx, o.selectors, &o.Filter, func(f *store.Filter) {
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
	found, err := sh.ChosenWebhooks(ctx, o.selectors, &o.Filter, func(f *store.Filter) { f.OldestFirst = true })
	return func(yield func(shownOne, error) bool) {
		for w, err := range found {
			s := shownOne{w: w}
			if err == nil {
				s.x, err = sh.History.Get(ctx, w.Last().ID)
			}
			if !yield(s, err) {
				return
			}
		}
	}, err
}

// shown returns an exchange as it is shown. People see no credentials unless they ask for them, which are then added
// as far as the queue has them; other tools get what the history has.
func (o *showOptions) shown(ctx context.Context, sh *shell.Shell, x *record.Exchange) (*record.Exchange, error) {
	forTools := sh.JSON || o.body || o.headers || o.raw || o.curl
	switch {
	case o.withSecrets:
		if err := sh.History.Pieces(ctx, x); err != nil {
			return nil, err
		}
		came, missing := sh.Redactor.Restore(x)
		if len(missing) > 0 && forTools {
			sh.Warn("webhook %d is stored without %s", x.ID, ui.Clip(strings.Join(redact.Names(missing), ", "), 200))
		}
		return came, nil
	case forTools:
		if len(x.Masks) > 0 && (o.raw || o.curl || o.body) {
			sh.Warn("webhook %d is stored without %s", x.ID, ui.Clip(strings.Join(x.Masked(), ", "), 200))
		}
		return x, nil
	}
	shown := *sh.Redactor.Keep(x, true)
	shown.Masks = x.Masks
	return &shown, nil
}

func showOne(ctx context.Context, sh *shell.Shell, o showOptions, s shownOne) error {
	x := s.x
	if _, cut := x.Marked(record.Truncated); cut && (o.body || o.raw || o.curl) {
		sh.Warn("webhook %d is incomplete: only the first 64 KiB of its body are stored", x.ID)
	}
	switch {
	case o.body && sh.OutTerminal:
		sh.Stdout.Printf("%s", ui.Escape(string(x.Request.Body)))
	case o.body:
		sh.Stdout.Printf("%s", x.Request.Body)
	case o.raw:
		sh.Stdout.Printf("%s", export.Raw(&x.Request))
	case o.curl:
		sh.Stdout.Line(export.Curl(&x.Request))
	case o.headers && !sh.JSON && sh.OutTerminal:
		sh.Stdout.Headers(x.Request.Header)
	case o.headers && !sh.JSON: // for verify --headers and curl -H @-: as they are
		for _, f := range x.Request.Header {
			sh.Stdout.Line(f.Name + ": " + f.Value)
		}
	case o.attempts:
		return showThread(ctx, sh, x.ID)
	case sh.JSON:
		return o.emit(ctx, sh, s)
	default:
		return showWhole(ctx, sh, s)
	}
	return nil
}

// showWhole prints all of a webhook, or of an exchange alone.
func showWhole(ctx context.Context, sh *shell.Shell, s shownOne) error {
	parts := []*record.Exchange{s.x}
	if s.w != nil {
		parts = s.w.Exchanges
	}
	for _, x := range parts {
		mirror, err := mirrorNote(ctx, sh, x.ID)
		if err != nil {
			return err
		}
		if s.w != nil && mirror != "" {
			mirror = fmt.Sprintf("%d %s", x.ID, mirror)
		}
		sh.Stdout.Pairs([][2]string{{"mirror", mirror}})
	}
	if s.w == nil {
		sh.Stdout.Exchange(s.x)
	} else {
		sh.Stdout.Remark(s.w)
		sh.Stdout.Webhook(s.w, s.x, sh.Now())
	}
	return nil
}

// emit prints the JSON form with everything that is asked for.
func (o *showOptions) emit(ctx context.Context, sh *shell.Shell, s shownOne) error {
	with := export.With{Body: !o.headers, URL: true, Headers: true}
	if s.w == nil {
		return sh.EmitExchange(s.x, with)
	}
	subject, err := pick.Subject(ctx, sh.History, s.w, with, true)
	if err == nil {
		named := *s.x // as it is shown
		named.ID = s.w.ID
		subject.Exchange, subject.Line = &named, s.w.JSON(s.x, with)
		err = sh.EmitSubject(subject)
	}
	return err
}

func showThread(ctx context.Context, sh *shell.Shell, id int64) error {
	thread, err := sh.History.Thread(ctx, id)
	if err != nil {
		return err
	}
	if !sh.JSON {
		sh.Stdout.History(thread, nil, sh.Now())
		return nil
	}
	for _, x := range thread {
		if err := sh.EmitExchange(x, export.With{}); err != nil {
			return err
		}
	}
	return nil
}

// mirrorNote says whose copy an exchange with a mirror is; "" for any other exchange.
func mirrorNote(ctx context.Context, sh *shell.Shell, id int64) (string, error) {
	m, ok, err := sh.History.Mirror(ctx, id)
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
