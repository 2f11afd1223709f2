package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/plot"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/tell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/batch"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store/record"
)

// batchSender sends a run and says how it goes.
type batchSender struct {
	sh       *shell.Shell
	attempts *tell.Attempts
	sign     *shell.Signing
	run      batch.Run
	options  *sendOptions
	first    record.Exchange // what all messages have in common
	whole    bool            // first lacks nothing but the webhook id
}

// sendMany sends a new run or resumes one.
func sendMany(ctx context.Context, sh *shell.Shell, o *sendOptions) error {
	switch {
	case o.resumed == nil:
	case o.resumed.Ended:
		sayComplete(ctx, sh, o.resumed.ID)
		return nil
	case o.Edit:
		return fail.Usage("run %d was edited by hand, and the edited payload was not recorded", o.resumed.ID).
			Hint("send it as a new run: barb send URL -d …")
	}
	x, s, err := planRequest(ctx, sh, o)
	if err != nil {
		return err
	}
	m := &batchSender{sh: sh, sign: s, options: o, first: x,
		attempts: &tell.Attempts{Shell: sh, With: o.With, Policy: o.policy, Silent: true}}
	if err := m.open(); err != nil {
		return err
	}
	defer m.run.Bodies.Close()
	client, err := o.NewClient(sh.Version, sh.Getenv, o.ConnectIn)
	if err != nil {
		return err
	}
	defer client.Close()
	m.run.Sender = deliver.Sender{Client: client, Policy: o.policy, Rand: sh.Rand}
	if err := m.tryFirst(ctx, client); err != nil || o.dryRun {
		return err
	}
	if m.run.Queue, err = o.enqueues(m.attempts, s); err != nil {
		return err
	}
	if _, err = sh.WriteHistory(ctx); err != nil {
		return err
	}
	if err := m.begin(ctx); err != nil {
		return err
	}
	return m.send(ctx)
}

// begin makes the run durable.
func (m *batchSender) begin(ctx context.Context) error {
	options, err := json.Marshal(m.options.kept)
	if err != nil {
		return fail.Local("run: %w", err)
	}
	m.run.Options, m.run.Now = string(options), m.sh.Now
	m.run.Owner, m.run.IsGone = worker.NewHolder("send"), worker.IsGone
	m.run.Journal = &journal.Journal{History: m.sh.History, Lazily: true, WithIDs: m.sh.JSON}
	m.run.Message, m.run.Sign, m.run.Tell = m.exchange, m.sign.ForAttempt, m.tell
	err = m.run.Begin(ctx)
	if busy, ok := errors.AsType[*batch.BusyError](err); ok {
		return fail.Usage("%w", busy).Hint("another barb process is sending this run")
	}
	return err
}

// open opens the events, which looks at all of them, and lays out the run.
func (m *batchSender) open() error {
	o := m.options
	e, err := eventBodies(m.sh, o, m.checker(m.sh.Now()))
	if err != nil {
		return err
	}
	if o.resumed != nil && e.Digest() != o.kept.Events {
		e.Close()
		return fail.Usage("the input of run %d has changed: %s", o.resumed.ID, ui.EscapeLine(o.data)).Hint(
			"send it as a new run: barb send URL -d …")
	}
	if err := o.sameAsBegun(m.sh); err != nil {
		e.Close()
		return err
	}
	o.kept.Events = e.Digest()
	rate := o.Pace()
	if rate.N > 0 || o.Duration() > 0 {
		m.run.Pace = &deliver.Pace{Rate: rate, For: o.Duration()}
	}
	messages := e.Count() * int64(o.Count)
	if o.Duration() > 0 && !o.Counted {
		messages = rate.Within(o.Duration()) // 0 without a rate: as many as go
	}
	m.run.Order = batch.NewOrder(messages, o.Again)
	if o.Shuffle {
		m.run.Order = m.run.Order.Shuffle(o.kept.Seed)
	}
	m.run.Bodies, m.run.Workers, m.run.Resumed = e, o.Workers(), o.resumed
	return nil
}

// events opens the bodies that the flags name. A file or a folder is looked at as a whole before anything is sent.
func eventBodies(sh *shell.Shell, o *sendOptions, check payload.Check) (payload.Bodies, error) {
	name, isFile := strings.CutPrefix(o.data, "@")
	switch {
	case !o.listed():
		print, err := o.content.Digest()
		return payload.Repeated(print), err
	case !isFile:
		return payload.Lines(strings.NewReader(o.data), "-d", o.SkipBad, check)
	case name == "-":
		if slices.Contains(o.Secrets, "-") {
			return nil, fail.Usage("the payload and the secret cannot both come from stdin").
				Hint("--secret env:NAME or file:PATH")
		}
		return o.stream(sh.In, "stdin", check)
	case flags.IsFolder(name):
		return payload.Folder(name, o.SkipBad, check)
	}
	f, err := infile.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() { // a pipe cannot be read twice
		return o.stream(f, name, check)
	}
	return payload.Lines(f, name, o.SkipBad, check)
}

// stream refuses what cannot be done with events that are read once.
func (o *sendOptions) stream(in io.Reader, name string, check payload.Check) (payload.Bodies, error) {
	switch {
	case o.Count > 1:
		return nil, fail.Usage("-n %d: %s can be read only once", o.Count, name).
			Hint("write it to a file first: -d @events.ndjson")
	case o.Shuffle:
		return nil, fail.Usage("--shuffle: %s has to be read as a whole first", name).
			Hint("write it to a file first: -d @events.ndjson")
	}
	return payload.Stream(in, name, o.SkipBad, check), nil
}

// checker returns what checks whether the scheme can sign a body; nil when it signs any bytes.
func (m *batchSender) checker(now time.Time) payload.Check {
	s := m.sign
	if !s.Signs() || s.Scheme.Streams() {
		return nil
	}
	return func(body []byte) error {
		x := m.first
		if err := m.options.content.Take(&x, &s.Signer, body, 1); err != nil {
			return advice.Of(err)
		}
		if err := s.Try(&x, now); err != nil {
			return fmt.Errorf("cannot be signed: %w", err)
		}
		return nil
	}
}

// tryFirst finds what can never be sent while nothing has been written yet, and with --dry-run prints the first
// request. Of a stream the first event has not come.
func (m *batchSender) tryFirst(ctx context.Context, client *deliver.Client) error {
	x := m.first
	if m.run.Bodies.Count() > 0 || m.options.dryRun {
		job, err := m.run.First(ctx)
		if err == nil {
			err = m.complete()
		}
		if err == nil {
			x, err = m.exchange(job)
		}
		if err == nil {
			err = m.sign.Try(&x, m.sh.Now())
		}
		if err != nil {
			return err
		}
	}
	if m.options.dryRun {
		return m.attempts.DryRun(&m.sign.Signer, client, x)
	}
	return sendable(client, x.Request)
}

// exchange returns the message of a job. Its id is --id, else the id in its payload unless all messages have the same
// payload, else the id of the run with a number behind it.
func (m *batchSender) exchange(j batch.Job) (x record.Exchange, err error) {
	x = m.first
	if x.WebhookID == "" {
		x.WebhookID = m.options.kept.MessageID(j.Message, m.sign.UUIDs)
	}
	o := m.options
	switch n := int(j.Message) + 1; {
	case m.whole:
	case o.listed():
		err = o.content.Take(&x, &m.sign.Signer, j.Body, n)
	default:
		err = o.content.Fill(&x, &m.sign.Signer, n)
	}
	o.applyProvider(&x, o.clock(m.sh))
	return x, err
}

// complete fills in the payload once if it is the same for all messages. Each message then has an id of its own, also
// if the payload carries one.
func (m *batchSender) complete() error {
	o := m.options
	if o.listed() || !o.content.IsConstant() {
		return nil
	}
	if err := o.content.Fill(&m.first, &m.sign.Signer, 1); err != nil {
		return err
	}
	m.first.WebhookID, m.whole = o.id, true
	return nil
}

// send sends until no message is left or ctx ends, says what became of the run, and returns its exit code.
func (m *batchSender) send(ctx context.Context) error {
	begun := time.Now()
	m.announce()
	footer := func() {}
	if hasFooter(m.sh) {
		meter := ui.Meter{Read: m.run.Progress, Columns: m.sh.Columns}
		footer = startFooter(ctx, m.sh, meter.Text)
	}
	err := m.run.Send(ctx)
	footer()
	sum := ui.Batch{Tally: m.run.Tally(), Total: m.run.Total(), Skipped: m.run.Bodies.Bad().Count,
		Took: time.Since(begun), Rate: m.options.Pace(), Interrupted: ctx.Err() != nil,
		DeadHint: m.deadHint(begun)}
	m.finish(sum)
	if err != nil {
		return err
	}
	return fail.Silent(shell.CodeOf(m.run.Tally().Tally, sum.Interrupted))
}

// deadHint is the command that lists the messages that were given up. Those that were interrupted are not.
func (m *batchSender) deadHint(begun time.Time) string {
	filters := "--sent --failed --endpoint " + ui.Endpoint(&m.first)
	if m.run.Tally().Interrupted > 0 {
		filters += ` --where '.error != "interrupted"'`
	}
	return tell.HistorySince(begun, filters)
}

// tell prints an attempt as JSON, and with --verbose a failed one for people.
func (m *batchSender) tell(a *deliver.Attempt) error {
	if m.sh.Verbose && a.Decision != deliver.Delivered {
		m.sh.Printing.Lock()
		m.sh.Stderr.Printf("%s  ", ui.Clip(a.Exchange.WebhookID, 80))
		m.sh.Stderr.Attempt(a)
		m.sh.Printing.Unlock()
	}
	return m.attempts.Show(&m.sign.Signer, a)
}

// announce says on stderr the number of the run and, for a shuffled one, the seed that gives the same order again.
func (m *batchSender) announce() {
	text := fmt.Sprintf("barb: run %d", m.run.Row().ID)
	left := ""
	if m.options.resumed != nil {
		text, left = text+" resumed", " left"
	}
	if planned := m.run.Progress().Total; planned > 0 {
		text += ", " + ui.Count(int(planned), "message") + left
	}
	if m.options.Shuffle {
		text += fmt.Sprintf(", --seed %d", m.options.kept.Seed)
	}
	m.sh.Say("%s", text)
	m.leftOut(m.run.Bodies.Bad())
}

// leftOut lists the bad events that are not sent.
func (m *batchSender) leftOut(bad payload.Bad) {
	if bad.Count == 0 {
		return
	}
	m.sh.Warn("%s left out", ui.Count(int(bad.Count), "bad event"))
	for _, line := range bad.First {
		m.sh.Stderr.Printf("  %s\n", ui.EscapeLine(line))
	}
	if more := bad.Count - int64(len(bad.First)); more > 0 {
		m.sh.Stderr.Printf("  and %d more\n", more)
	}
}

// draw draws how long the attempts took, with --plot.
func (m *batchSender) draw() {
	if !m.options.Plot {
		return
	}
	var took plot.Latencies
	m.run.Tally().EachTook(took.Add)
	m.sh.Stdout.Latencies("latency", &took)
}

// finish says what became of the run and how to resume it.
func (m *batchSender) finish(sum ui.Batch) {
	if m.run.Bodies.Count() == 0 { // those of a stream are known only now
		m.leftOut(m.run.Bodies.Bad())
	}
	switch {
	case !m.sh.JSON:
		m.sh.Stdout.Batch(sum)
		m.draw()
	case !m.sh.Quiet:
		m.sh.Stderr.Batch(sum)
	}
	if !m.run.Row().Ended {
		m.sh.Stderr.Printf("resume with: %s\n", m.resumeCommand())
	}
}

func (m *batchSender) resumeCommand() string {
	text := fmt.Sprintf("barb send --resume %d", m.run.Row().ID)
	for _, name := range m.options.kept.Withheld {
		text += " --" + name + " …"
	}
	if m.options.data == "@-" || m.run.Bodies.Digest() == "" {
		text += " < what it was sending"
	}
	return text
}
