package again

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/retest"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/store/record"
)

// How is how one webhook is sent again. The zero value signs it with the secret that verified it or that its route has,
// and sends it where it went before.
type How struct {
	To       string   // a URL; "": where the webhook went before, or where its route says
	Exact    bool     // the recorded bytes with the old signature
	NewID    bool     // with a webhook id of its own
	Edited   bool     // with Body in place of the recorded body
	Body     []byte   // only with Edited
	Header   []string // fields that are set, "Name: value" each
	Scheme   string   // that signs it; "": its own
	Secrets  []string // references of secrets, as --secret takes them; nil: those of the webhook
	Anywhere bool     // a received webhook may leave the private networks
}

// Done is what became of a replay.
type Done struct {
	Sent      *record.Exchange // the last attempt, with its id and without secrets; nil where none was made
	Attempts  int
	Delivered bool           // the last attempt was answered 2xx
	Verdict   retest.Verdict // its Word is "" where no answer was recorded before
	Notes     []string       // what barb replay says on stderr: which secret signed, warnings
}

// Once sends one webhook of the history of sh again and records the attempts. It uses neither the keyboard nor the
// streams of sh; many goroutines may call it at the same time. The error may be a *LeavesError, store.ErrNotFound or a
// *fail.Error; that no answer came is none.
func Once(ctx context.Context, sh *shell.Shell, id int64, how How) (done *Done, err error) {
	if how.Exact && (how.Edited || len(how.Header) > 0) {
		return nil, fail.Usage("an edited webhook cannot have the old signature")
	}
	if i := slices.IndexFunc(how.Header, func(line string) bool { return strings.HasPrefix(line, "@") }); i >= 0 {
		return nil, fail.Usage("header %q is not Name: value", how.Header[i]) // -H would read a file
	}
	var said shell.Notes
	beside := sh.Beside(io.Discard, &said)
	o := &options{}
	cmd := newCommand(beside, o)
	if err := beside.ApplySettings(cmd); err != nil {
		return nil, err
	}
	o.selectors = []string{strconv.FormatInt(id, 10)}
	o.to, o.exact, o.newID, o.Edit, o.yes = how.To, how.Exact, how.NewID, how.Edited, how.Anywhere
	o.Lines = how.Header
	if !how.Exact {
		o.Scheme, o.Secrets = how.Scheme, how.Secrets
	}
	if o.policy, err = o.Policy(beside.Weight); err != nil {
		return nil, err
	}
	r, err := newReplayer(beside, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	if how.Edited {
		r.run.Plan.Edit = func([]byte, string) ([]byte, error) { return how.Body, nil }
	}
	count, err := r.run.Check(ctx, nil)
	switch {
	case err != nil:
		return nil, err
	case count == 0:
		return nil, r.noneMatches(ctx)
	case r.leaving > 0:
		return nil, r.leaves()
	}
	done, err = r.once(ctx)
	done.Notes = said.Lines()
	return done, err
}

// once sends the one webhook that was checked and judges its answer.
func (r *replayer) once(ctx context.Context) (*Done, error) {
	done, failed := &Done{}, error(nil)
	r.run.Journal.WithIDs = true
	r.run.Tell = func(_ *replay.Replay, a *deliver.Attempt) error {
		if a.Warning != "" {
			r.sh.Warn("%s", a.Warning)
		}
		return nil
	}
	r.run.End = func(planned *replay.Replay, o *journal.Outcome, _ time.Duration) {
		if o.Last == nil {
			return
		}
		done.Attempts, done.Delivered = o.Attempts, o.Delivered()
		done.Sent = r.sh.History.Redacted(o.Last.Exchange)
		checks := retest.Checks{Compare: true}
		var then *record.Exchange
		if planned.Then != nil {
			then, failed = r.sh.History.Get(context.WithoutCancel(ctx), planned.Then.ID)
		}
		done.Verdict = checks.Judge(done.Sent, then)
	}
	_, err := r.run.Send(ctx)
	// The next reader of the history sees how the replay ended.
	return done, errors.Join(err, failed, r.sh.History.Flush(context.WithoutCancel(ctx)))
}
