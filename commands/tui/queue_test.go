package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/tui"
	"github.com/barbhq/barb/store"
)

// queue fills a queue: 1 and 2 are dead, 3 is tried again in an hour, 4 waits behind it, 5 is due, 6 was delivered.
func (d *desk) queue() {
	d.t.Helper()
	d.fill()
	must := func(err error) {
		d.t.Helper()
		if err != nil {
			d.t.Fatal(err)
		}
	}
	ctx := d.t.Context()
	entry := func(thread int64, target, order string, due time.Time, ended store.QueueState, why string) {
		d.t.Helper()
		q := &store.Queued{Kind: store.Forward, Thread: thread, Target: target, Order: order, Due: due, Created: noon}
		must(d.history.Enqueue(ctx, q))
		if ended == "" {
			return
		}
		leased, err := d.history.Lease(ctx, store.LeaseRequest{Kind: store.Forward, Target: target, Owner: "me", Want: 1,
			Now: noon, Until: noon.Add(time.Minute)})
		must(err)
		q = leased[0]
		q.State, q.Why, q.Attempts = ended, why, 5
		must(d.history.Complete(ctx, "me", q, noon))
	}
	entry(5, "http://127.0.0.1:3000/hooks?token=t0p", "", noon, store.Dead,
		"gave up after 5 attempts: refused: \x1b[31mconnect: connection refused by an app that is not there")
	entry(14, "http://127.0.0.1:3000/hooks?token=0ther", "", noon, store.Dead, "gave up after 5 attempts: status 503")
	entry(1, "http://shop.test/hooks", "key cus_1", d.now.Add(time.Hour), "", "")
	entry(13, "http://shop.test/hooks", "key cus_1", noon, "", "")
	entry(12, "http://a.test/a/very/long/path/of/an/app/behind/a/gateway", "", noon, "", "")
	entry(11, "http://done.test/", "", noon, store.Done, "")
}

func TestTheScreensOfTheQueue(t *testing.T) {
	t.Parallel()
	for _, size := range []struct{ width, height int }{{80, 24}, {46, 24}, {130, 30}} {
		d := newDesk(t, false)
		d.queue()
		name := fmt.Sprintf("%dx%d-queue", size.width, size.height)
		d.start(size.width, size.height, false)
		d.press("Q")
		d.golden(name)
		d.press("G", "k")
		d.golden(name + "-behind")
		d.press("2", "r")
		d.golden(name + "-retried")
		d.press("?")
		d.golden(name + "-keys")
	}
}

func TestTheQueueInColour(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	d.queue()
	d.start(80, 24, true)
	d.press("Q", "j")
	d.golden("queue-colour")
	for width := 1; width < 200; width += 7 {
		for height := 1; height < 40; height += 3 {
			d.send(tui.Size{Width: width, Height: height})
			d.view()
		}
	}
}

func (d *desk) entryIs(id int64, state store.QueueState) {
	d.t.Helper()
	q, err := d.history.GetQueued(d.t.Context(), id)
	if err != nil || q.State != state {
		d.t.Errorf("entry %d: %+v, %v; want it %s", id, q, err, state)
	}
}

func TestEntriesOfTheQueueAreRetriedAndCancelled(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.queue()
	d.start(80, 24, false)
	d.press("Q")
	d.has("2 dead", "r retry now", "R retry all")
	d.hasNot("D cancel") // the chosen one is dead: nothing is left to be given up
	d.press("r")
	d.has("retried entry 1")
	d.entryIs(1, store.Waiting)
	d.entryIs(2, store.Dead)
	d.press("D")
	d.has("cancelled entry 1; r in the list of all retries it")
	d.entryIs(1, store.Cancelled)
	d.press("R")
	d.has("1 retried")
	d.entryIs(2, store.Waiting)
	d.press("3", "g", "r")
	d.has("retried entry 1")
	d.entryIs(1, store.Waiting)
}

// What cannot be done is said in the words of barb queue.
func TestTheQueueSaysWhatCannotBeDone(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.queue()
	d.start(80, 24, false)
	d.press("Q", "D")
	d.has("0 cancelled", "entry 1 has ended: it is dead")
	d.press("3", "G", "r")
	d.has("0 retried", "entry 6 was delivered; barb replay 11 sends its webhook again")
	d.press("1", "G", "k", "r")
	d.has("0 retried", "entry 4 waits in order behind entry 3", "barb queue retry 3 makes entry 3 due now")
	if _, err := d.history.Purge(t.Context(), store.QueueFilter{States: []store.QueueState{store.Dead}}); err != nil {
		t.Fatal(err)
	}
	d.press("g", "r")
	d.has("no such queue entry; barb queue lists what there is")
	d.has("1/3") // and it was read anew
	if err := d.history.Close(); err != nil {
		t.Fatal(err)
	}
	d.press("r")
	d.has("closed", "entry 3") // what was read stays
}

// The queue is read anew by itself. The chosen entry stays chosen, and a text that covers the queue leads back to it.
func TestTheQueueIsLive(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.queue()
	d.start(80, 24, false)
	d.press("Q", "j", "j")
	d.has("entry 3", "3/5")
	if _, err := d.history.Purge(t.Context(), store.QueueFilter{States: []store.QueueState{store.Dead}}); err != nil {
		t.Fatal(err)
	}
	d.poll()
	d.has("entry 3", "1/3")
	d.press("v")
	d.has("this is what barb queue show 3 prints")
	d.press("esc")
	d.has("entry 3", "1/3")
	d.enter(":", "figures")
	d.has("barb stats --plot prints")
	d.press("Q")
	d.has("entry 3")
	d.enter(":", "retry")
	d.has("retried entry 3")
	d.press("Q")
	d.has("● following", "1 Signature")
}

// Enter shows the webhook of an entry: in the list, or alone where the list does not have it.
func TestTheQueueLeadsToTheWebhook(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.queue()
	d.start(80, 24, false)
	d.press("Q", "enter")
	if row := chosenRow(d); !strings.Contains(row, "invoice.paid") {
		t.Errorf("%s", row)
	}
	d.has("#5 ")
	d.enter("/", "event:push")
	d.press("Q", "j", "enter")
	d.has("filter 14", "1/1", "#14 ")
}

func TestAnEmptyQueueSaysSo(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.start(46, 24, false)
	d.press("Q", "r", "D", "R", "enter", "v")
	d.has("Nothing waits.", "No entry waits, is being delivered or is dead.")
	d.press("]")
	d.has("No delivery was given up.", "barb queue dead")
	d.press("[", "[")
	d.has("The queue is empty.", "barb queue --all")
	d.send(tui.Wheel{X: 3, Y: 3, By: 3}, tui.Click{X: 3, Y: 5})
	d.view()
	if len(d.others) > 0 {
		t.Errorf("%v", d.others)
	}
}

func TestTheMouseChoosesEntries(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.queue()
	d.start(80, 24, false)
	d.press("Q")
	for y, line := range strings.Split(d.view(), "\n") {
		if strings.Contains(line, "shop.test") {
			d.send(tui.Click{X: 5, Y: y})
		}
	}
	d.has("entry 4 ")
	d.send(tui.Wheel{X: 5, Y: 5, By: -3})
	d.has("entry 1 ")
}
