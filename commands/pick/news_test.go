package pick_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// told is webhooks as "id state, …".
func told(t *testing.T, all []*webhooks.Webhook, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	lines := make([]string, len(all))
	for i, w := range all {
		lines[i] = fmt.Sprintf("%d %s", w.ID, w.State)
	}
	return strings.Join(lines, ", ")
}

// follower calls News as barb history -f does.
type follower struct {
	*book
	news pick.News
}

// follow begins with the newest limit webhooks.
func (b *book) follow(limit int) (f *follower, first string) {
	b.t.Helper()
	f = &follower{b, pick.News{Chosen: b.selection("")}}
	f.news.Began = f.top()
	all, err := f.news.First(context.Background(), limit, noon)
	return f, told(b.t, all, err)
}

func (f *follower) top() int64 {
	f.t.Helper()
	id, err := f.Newest(context.Background(), 0)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		f.t.Fatal(err)
	}
	return id
}

// wants looks once more and compares what is new.
func (f *follower) wants(when, want string) {
	f.t.Helper()
	all, err := f.news.Next(context.Background(), f.top(), noon)
	if got := told(f.t, all, err); got != want {
		f.t.Errorf("%s: %q, want %q", when, got, want)
	}
}

func TestAWebhookThatWasThereBeforeIsNotToldAgain(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	for range 3 {
		b.receive("{}")
	}
	f, first := b.follow(2)
	if first != "2 accepted, 3 accepted" {
		t.Errorf("first %q", first)
	}
	f.wants("nothing has happened", "")
	b.receive("{}")
	b.receive("{}")
	f.wants("two have come", "4 accepted, 5 accepted")
	f.wants("nothing has happened since", "")
	b.forward(1, 200)
	f.wants("the app took one that was too old for the first list", "1 accepted")
}

func TestAWebhookWhoseStateChangesIsToldAgain(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.receive("{}")
	f, first := b.follow(20)
	if first != "1 accepted" {
		t.Errorf("first %q", first)
	}
	b.forward(1, 500)
	f.wants("the app has refused it", "1 failed")
	b.forward(1, 500)
	f.wants("the app has refused it again", "1 failed")
	b.forward(1, 200)
	f.wants("the app has taken it", "1 accepted")
	f.wants("nothing has happened since", "")
}

func TestAWebhookThatWaitsIsToldOnceAndWhenItHasSettled(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	f, first := b.follow(20)
	if first != "" {
		t.Errorf("first %q", first)
	}
	b.receive("{}")
	q := &store.Queued{Kind: store.Forward, Thread: 1, Target: "http://127.0.0.1:3000/", Due: noon, Created: noon}
	if err := b.Enqueue(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	f.wants("it waits", "1 pending")
	b.forward(1, 500)
	f.wants("an attempt has failed, and it still waits", "")
	f.wants("it still waits", "")
	b.forward(1, 200)
	leased, err := b.Lease(t.Context(), store.LeaseRequest{Kind: store.Forward, Target: q.Target, Owner: "w", Want: 1,
		Now: noon, Until: noon.Add(time.Minute)})
	if err != nil || len(leased) != 1 {
		t.Fatal(leased, err)
	}
	f.wants("it is on its way", "")
	leased[0].State = store.Done
	if err := b.Complete(t.Context(), "w", leased[0], noon); err != nil {
		t.Fatal(err)
	}
	f.wants("the app has taken it", "1 accepted")
	f.wants("nothing has happened since", "")
}

func TestAnAnswerThatComesLaterIsToldOfTheSameExchange(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.receive("{}")
	x := b.forward(1, 0)
	f, first := b.follow(20)
	if first != "1 pending" {
		t.Errorf("first %q", first)
	}
	f.wants("no answer yet", "")
	x.Ended, x.Response = true, &record.Response{Status: 200}
	if err := b.Answer(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	if err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.wants("the app has answered", "1 accepted")
}

func TestTheFirstListMayBeAsLongAsWhatIsFollowed(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.receive("{}")
	if _, first := b.follow(500); first != "1 accepted" {
		t.Errorf("first %q", first)
	}
}
