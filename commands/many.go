package commands

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// manySender is one run: a feed of messages, and workers that deliver them. Unreachable or refusing endpoints do not stop
// the others; a history that cannot be written does.
//
// A run is durable before anything leaves, and the ids of its messages follow from it. So an attempt need not be: it is
// recorded when it has ended, with a group of others, and what a kill cuts off is sent again under the same id.
type manySender struct {
	*courier
	options *sendOptions
	first   record.Exchange // what all messages have in common
	whole   bool            // that is all but the id
	feed    *feed
	keeper  *keeper
	begun   time.Time
	planned int64
}

// sendMany sends a run, a new one or one that goes on.
func sendMany(ctx context.Context, sh *shell, o *sendOptions) error {
	if o.went != nil && o.went.run.Ended {
		sh.say("barb: run %d has come to its end; nothing of it is left to be sent", o.went.run.ID)
		return nil
	}
	if err := sh.manyContent(o); err != nil {
		return err
	}
	x, s, err := planRequest(ctx, sh, o)
	if err != nil {
		return err
	}
	m := &manySender{options: o, first: x}
	if err := m.open(sh, s); err != nil {
		return err
	}
	defer m.feed.events.Close()
	client, err := o.client(sh, o.connectIn)
	if err != nil {
		return err
	}
	defer client.Close()
	m.courier = &courier{shell: sh, sign: s, sender: deliver.Sender{Client: client, Policy: o.policy, Rand: sh.Rand}, silent: true, lazily: true,
		with: export.With{Body: o.withBody, URL: o.withURL, Headers: o.withHeaders}}
	if done, err := m.tryFirst(ctx, client); done || err != nil {
		return err
	}
	if m.queueing, err = o.queueing(sh, s); err != nil {
		return err
	}
	if m.history, err = sh.writeHistory(ctx); err != nil {
		return err
	}
	m.keeper = &keeper{history: m.history, now: sh.Now, feed: m.feed}
	if err := m.keeper.begin(ctx, o); err != nil {
		return err
	}
	return m.run(ctx)
}

// manyContent finds out what is sent. What was changed by hand is kept nowhere.
func (sh *shell) manyContent(o *sendOptions) (err error) {
	if o.edit && o.went != nil {
		return fail.Usage("run %d was edited by hand, and what it became is kept nowhere", o.went.run.ID).Hint("send it as a new run: barb send URL -d …")
	}
	if o.content, err = sh.content(o); err != nil {
		return err
	}
	o.content.Values.Seed = o.kept.Seed
	if o.edit {
		return sh.editOnce(o.content)
	}
	return nil
}

// open opens the events, which looks at all of them, and lays out the run.
func (m *manySender) open(sh *shell, s *signing) error {
	o := m.options
	e, err := sh.events(o, m.checker(s, sh.Now()))
	if err != nil {
		return err
	}
	if o.went != nil && e.Digest() != o.went.plan.Events {
		e.Close()
		return fail.Usage("what run %d sends has changed: %s", o.went.run.ID, ui.EscapeLine(o.data)).Hint("send it as a new run: barb send URL -d …")
	}
	o.kept.Events = e.Digest()
	rate := o.pace()
	var pace *deliver.Pace
	if rate.N > 0 || o.duration() > 0 {
		pace = &deliver.Pace{Rate: rate, For: o.duration()}
	}
	messages := e.Count() * int64(o.count)
	if o.duration() > 0 && !o.counted {
		messages = rate.Within(o.duration()) // 0 without a rate: as many as go
	}
	m.feed = newFeed(e, newOrder(messages, o.again, o.shuffle, o.kept.Seed), pace, o.workers())
	if o.went != nil {
		m.feed.from(o.went.run)
	}
	return nil
}

// checker is what is wrong with a body for the scheme; nil when the scheme signs whatever bytes there are.
func (m *manySender) checker(s *signing, now time.Time) payload.Check {
	if !s.Signs() || s.Scheme.Streams() {
		return nil
	}
	return func(body []byte) error {
		x := m.first
		if err := m.options.content.Take(&x, &s.Signer, body, 1); err != nil {
			return classify(err)
		}
		if err := s.Try(&x, now); err != nil {
			return fmt.Errorf("cannot be signed: %w", err)
		}
		return nil
	}
}

// tryFirst finds what can never be sent while nothing has been written yet, and with --dry-run prints the first request.
// Of a stream the first event has not come.
func (m *manySender) tryFirst(ctx context.Context, client *deliver.Client) (done bool, err error) {
	x := m.first
	if m.feed.events.Count() > 0 || m.options.dryRun {
		message, body, err := m.feed.at(ctx, m.feed.first())
		if err != nil {
			return false, err
		}
		if err := m.complete(); err != nil {
			return false, err
		}
		if x, err = m.exchange(errand{message: message, body: body}); err != nil {
			return false, err
		}
		if err := m.sign.Try(&x, m.Now()); err != nil {
			return false, err
		}
	}
	if m.options.dryRun {
		return true, m.dryRun(client, x)
	}
	return false, sendable(client, x.Request)
}

// exchange is the message of a turn. Its id is --id, else the one its payload carries where the payload is not the same
// for all, else the run's with a number behind it.
func (m *manySender) exchange(t errand) (x record.Exchange, err error) {
	x = m.first
	if x.WebhookID == "" {
		x.WebhookID = m.messageID(t.message)
	}
	o := m.options
	switch n := int(t.message) + 1; {
	case m.whole:
	case o.listed():
		err = o.content.Take(&x, &m.sign.Signer, t.body, n)
	default:
		err = o.content.Fill(&x, &m.sign.Signer, n)
	}
	o.applyProvider(&x, m.Now())
	return x, err
}

// complete makes of what all messages have in common a whole one, when they are all the same. Each then has an id of its
// own, whatever the payload carries.
func (m *manySender) complete() error {
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

// messageID follows from the run, so that whoever goes on with it gives the same.
func (m *manySender) messageID(message int64) string {
	text := m.options.kept.IDs + "-" + strconv.FormatInt(message+1, 10)
	if m.sign.UUIDs {
		return uuid.NewSHA1(uuid.NameSpaceOID, []byte(text)).String()
	}
	return text
}

// run sends until nothing is left or ctx ends, and says what became of it.
func (m *manySender) run(ctx context.Context) error {
	m.begun, m.planned = time.Now(), m.feed.planned()
	m.announce()
	footer := func() {}
	if hasFooter(m.shell) {
		meter := ui.Meter{Read: m.feed.progress, Columns: m.Columns}
		footer = startFooter(ctx, m.shell, meter.Text)
	}
	kept := context.WithoutCancel(ctx)
	done := make(chan struct{})
	var keeping sync.WaitGroup
	keeping.Go(func() { m.keeper.keep(kept, done) })
	err := m.work(ctx)
	close(done)
	keeping.Wait()
	footer()
	took := time.Since(m.begun)
	err = errors.Join(err, m.keeper.end(kept))
	return m.finish(ctx, took, err)
}

// work has the workers deliver. The first error ends it.
func (m *manySender) work(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := len(m.feed.open)
	if m.planned > 0 {
		workers = int(min(int64(workers), m.planned))
	}
	var group sync.WaitGroup
	var once sync.Once
	var failed error
	for worker := range workers {
		group.Go(func() {
			if err := m.worker(ctx, worker); err != nil {
				once.Do(func() { failed = err })
				cancel(err)
			}
		})
	}
	group.Wait()
	return failed
}

// worker delivers one message after the other.
func (m *manySender) worker(ctx context.Context, worker int) error {
	c := *m.courier
	var a attempts
	c.onEnded = func(at *deliver.Attempt) {
		a.note(at.Exchange)
		if m.verbose && at.Decision != deliver.Delivered {
			m.complain(at)
		}
	}
	for {
		t, ok, err := m.feed.take(ctx, worker)
		if !ok || err != nil {
			return err
		}
		a.all, a.late = a.all[:0], t.late
		x, err := m.exchange(t)
		if err != nil {
			return err
		}
		o, _, err := c.deliver(ctx, x)
		if err != nil {
			return err
		}
		m.feed.ended(worker, &o, &a)
	}
}

// complain says on stderr what a failed attempt was.
func (m *manySender) complain(a *deliver.Attempt) {
	m.printing.Lock()
	defer m.printing.Unlock()
	m.err.Printf("%s  ", ui.Clip(a.Exchange.WebhookID, 80))
	m.err.Attempt(a)
}

// announce says on stderr how the run is called and, of a shuffled one, how to have the same order again.
func (m *manySender) announce() {
	text := fmt.Sprintf("barb: run %d", m.keeper.run.ID)
	if m.planned > 0 {
		text += fmt.Sprintf(", %s", ui.Count(int(m.planned), "message"))
	}
	if m.feed.order.mixed != nil {
		text += fmt.Sprintf(", --seed %d", m.options.kept.Seed)
	}
	m.say("%s", text)
	bad := m.feed.events.Bad()
	m.leftOut(bad)
}

// leftOut lists the bad events that are not sent.
func (m *manySender) leftOut(bad payload.Bad) {
	if bad.Count == 0 {
		return
	}
	m.warn("%s left out", ui.Count(int(bad.Count), "bad event"))
	for _, line := range bad.First {
		m.err.Printf("  %s\n", ui.EscapeLine(line))
	}
	if more := bad.Count - int64(len(bad.First)); more > 0 {
		m.err.Printf("  and %d more\n", more)
	}
}

// finish says what became of the run and how to go on with it, and ends in its exit code.
func (m *manySender) finish(ctx context.Context, took time.Duration, err error) error {
	if m.feed.events.Count() == 0 { // of a stream they are known only now
		m.leftOut(m.feed.events.Bad())
	}
	sum := m.summary(took)
	sum.Interrupted = ctx.Err() != nil
	switch {
	case !m.json:
		m.out.Batch(sum)
	case !m.quiet:
		m.err.Batch(sum)
	}
	if !m.keeper.run.Ended {
		m.err.Printf("resume with: %s\n", m.resumeCommand())
	}
	if err != nil {
		return err
	}
	return fail.Silent(codeOf(m.feed.sum.Tally, sum.Interrupted))
}

func (m *manySender) summary(took time.Duration) ui.Batch {
	sum := m.feed.sum.summary(took, m.options.pace())
	sum.Skipped = int(m.feed.events.Bad().Count)
	if sum.Total = int(m.planned); m.planned == 0 || m.feed.dried {
		sum.Total = int(m.feed.begun)
	}
	sum.DeadHint = fmt.Sprintf("barb history --failed --endpoint %s --since %s -n 0",
		ui.Endpoint(&m.first), m.begun.UTC().Format("2006-01-02T15:04:05.000Z"))
	return sum
}

func (m *manySender) resumeCommand() string {
	text := fmt.Sprintf("barb send --resume %d", m.keeper.run.ID)
	for _, name := range m.options.kept.Withheld {
		text += " --" + name + " …"
	}
	if m.options.data == "@-" || m.feed.events.Digest() == "" {
		text += " < what it was sending"
	}
	return text
}
