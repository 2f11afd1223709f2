package past

import (
	"context"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/senders"
)

// sendersLimit is how many received exchanges are judged at most, the newest: their headers and bodies are read.
const sendersLimit = 20_000

func runSenders(ctx context.Context, sh *shell.Shell, chosen *flags.Filter) error {
	if chosen.Sent {
		return fail.Usage("--senders judges what was received, not what was sent").Hint("barb stats --senders --received")
	}
	filter, none, err := sh.Narrowed(ctx, chosen)
	if err != nil {
		return err
	}
	var attempts []senders.Attempt
	forged := 0
	if !none {
		if attempts, forged, err = SentAttempts(ctx, sh.History, sh.File.Catalog().Lookup, filter, sendersLimit); err != nil {
			return err
		}
	}
	if len(attempts)+forged == sendersLimit {
		sh.Say("barb: only the newest %d webhooks are counted; --since, --until and --endpoint choose others", sendersLimit)
	}
	if forged > 0 {
		sh.Say("barb: %s with a bad signature left out: their sender is unknown  (barb history "+
			"--received --where '.verdict == \"invalid\"')", ui.Count(forged, "webhook"))
	}
	judged := senders.Judge(attempts, sh.Now())
	if !sh.JSON {
		if len(judged)+forged == 0 {
			sh.Say("barb: nothing received matches")
		}
		sh.Stdout.Senders(judged)
		return nil
	}
	for _, s := range judged {
		if err := sh.Emit(schema.NewSender(s)); err != nil {
			return err
		}
	}
	return nil
}

// SentAttempts returns the received webhooks that a filter selects, the newest of them up to a limit. Those with a bad
// signature are only counted: anyone can send them, with the id and the body of a genuine webhook.
func SentAttempts(ctx context.Context, history *store.Store, lookup func(string) (sign.Scheme, bool),
	filter store.Filter, limit int) (all []senders.Attempt, forged int, err error) {
	filter.Kind, filter.Bodies, filter.OldestFirst, filter.Limit = record.Received, true, false, limit
	for x, err := range history.List(ctx, filter) {
		switch {
		case err != nil:
			return nil, 0, err
		case !x.Ended || x.Handshake != "":
		case x.Verdict.Status == record.Invalid:
			forged++
		default:
			all = append(all, sentAttempt(lookup, x))
		}
	}
	return all, forged, nil
}

// sentAttempt is a received exchange with what its scheme tells of it.
func sentAttempt(lookup func(string) (sign.Scheme, bool), x *record.Exchange) senders.Attempt {
	a := senders.Of(x)
	s, ok := lookup(x.Scheme)
	if !ok {
		return a
	}
	m := gateway.MessageOf(&x.Request)
	a.Signature, a.Timestamp = s.Signature(m), s.Stamp(m)
	a.Timed = a.Timestamp != ""
	a.BodyChanges = s.InBody() || strings.HasPrefix(string(s.Time.In), "json:")
	return a
}

// SaySenders says how the senders behaved of the received webhooks with these ids. It gives up after five seconds.
func SaySenders(ctx context.Context, sh *shell.Shell, ids []int64) {
	if len(ids) == 0 || sh.Quiet {
		return
	}
	filter := store.Filter{}
	for _, id := range ids {
		filter.IDs = append(filter.IDs, store.Range{From: id, To: id})
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	attempts, _, err := SentAttempts(ctx, sh.History, sh.File.Catalog().Lookup, filter, sendersLimit)
	if err != nil {
		return // of no more use than what it would have said
	}
	told := false
	for _, s := range senders.Judge(attempts, sh.Now()) {
		if s.Again > 0 && s.Scheme != "" { // who signs nothing is most likely a person with curl
			sh.Say("barb: %s", ui.SenderLine(s))
			told = true
		}
	}
	if told {
		sh.Say("barb: barb stats --senders shows more")
	}
}
