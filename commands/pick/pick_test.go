package pick_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

var noon = time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)

// book is a history with short ways to record in it.
type book struct {
	*store.Store
	t *testing.T
}

func newBook(t *testing.T) *book {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &book{s, t}
}

// receive records a webhook that barb answered 200.
func (b *book) receive(body string) {
	b.t.Helper()
	b.add(&record.Exchange{Kind: record.Received, Response: &record.Response{Status: 200},
		Request: record.Request{Method: "POST", URL: "/", Body: []byte(body)}})
}

// forward records a forward of a webhook to the app, which answered with a status, or has not answered for 0.
func (b *book) forward(thread int64, status int) *record.Exchange {
	b.t.Helper()
	x := &record.Exchange{Kind: record.Sent, Role: record.Forward, Thread: thread,
		Request: record.Request{Method: "POST", URL: "http://127.0.0.1:3000/"}}
	if status != 0 {
		x.Response = &record.Response{Status: status}
	}
	b.add(x)
	return x
}

func (b *book) add(x *record.Exchange) {
	b.t.Helper()
	x.Start, x.Attempt, x.Ended = noon, 1, x.Response != nil
	if err := b.Record(context.Background(), x); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) selection(where string) pick.Selection {
	b.t.Helper()
	s := pick.Selection{History: b.Store}
	if where == "" {
		return s
	}
	expr, err := jq.Compile(where)
	if err != nil {
		b.t.Fatal(err)
	}
	s.Where = expr
	s.Judged = func(x *record.Exchange, err error) {
		if err != nil {
			b.t.Errorf("%s fails on %d: %v", where, x.ID, err)
		}
	}
	return s
}

var bodies = []string{`{"amount":1}`, "amount=2", `{"amount":3}`, `{"amount":4}`}

func TestAnExpressionChoosesByTheParsedBody(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	for _, body := range bodies {
		b.receive(body)
	}
	for where, want := range map[string][]int64{".body.amount? > 1": {4, 3}, `.direction == "received"`: {4, 3},
		".body == null": {2}, ".body.amount? > 9": nil} {
		s := b.selection(where)
		s.Filter.Limit = 2
		var exchanges, hooks []int64
		for x, err := range s.Exchanges(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			exchanges = append(exchanges, x.ID)
		}
		for w, err := range s.Webhooks(t.Context(), noon) {
			if err != nil {
				t.Fatal(err)
			}
			hooks = append(hooks, w.ID)
		}
		if !slices.Equal(exchanges, want) || !slices.Equal(hooks, want) {
			t.Errorf("%s: exchanges %v and webhooks %v, want %v", where, exchanges, hooks, want)
		}
	}
}

func TestWhatAnExpressionFailsOnIsLeftOutAndTold(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	for _, body := range bodies {
		b.receive(body)
	}
	s, failures := b.selection(".body | keys | .x"), 0
	s.Judged = func(x *record.Exchange, err error) {
		if failures++; err == nil {
			t.Errorf("%d is decided", x.ID)
		}
	}
	for x := range s.Exchanges(t.Context()) {
		t.Errorf("exchange %d is listed", x.ID)
	}
	for w := range s.Webhooks(t.Context(), noon) {
		t.Errorf("webhook %d is listed", w.ID)
	}
	if failures != 2*len(bodies) {
		t.Errorf("it failed %d times", failures)
	}
}

func TestAnExpressionThatTakesTooLongIsLeftOut(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.receive("{}")
	s, late := b.selection("last(repeat(1))"), 0
	s.Within = time.Millisecond
	s.Judged = func(_ *record.Exchange, err error) {
		if late++; !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	}
	for w, err := range s.Webhooks(t.Context(), noon) {
		t.Errorf("%v, %v is listed", w, err)
	}
	if late != 1 {
		t.Errorf("it was late %d times", late)
	}
}

func TestASelectionThatIsGivenUpJudgesNoMore(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.receive("{}")
	b.receive("{}")
	ctx, cancel := context.WithCancel(t.Context())
	s, judged := b.selection("false"), 0
	s.Judged = func(*record.Exchange, error) { judged++; cancel() }
	for _, err := range s.Webhooks(ctx, noon) {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if judged != 1 {
		t.Errorf("%d were judged", judged)
	}
}

func TestAHistoryThatCannotBeReadEndsTheList(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.receive("{}")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, where := range []string{"", ".id > 0"} {
		s := b.selection(where)
		for _, err := range s.Exchanges(ended) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("exchanges of %q: %v", where, err)
			}
		}
		if _, err := s.ExchangeIDs(ended, noon); !errors.Is(err, context.Canceled) {
			t.Errorf("webhooks of %q: %v", where, err)
		}
	}
}

func TestTheIDsOfASelectionAreThoseOfAllExchangesOrOfTheFirst(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.receive("{}")
	b.forward(1, 500)
	b.receive("{}")
	b.forward(1, 200)
	s := b.selection(".id == 1")
	all, err := s.ExchangeIDs(t.Context(), noon)
	if want := []store.Range{{From: 1, To: 2}, {From: 4, To: 4}}; err != nil || !slices.Equal(all, want) {
		t.Errorf("all: %v, %v; want %v", all, err, want)
	}
	first, err := s.FirstIDs(t.Context(), noon)
	if want := []store.Range{{From: 1, To: 1}}; err != nil || !slices.Equal(first, want) {
		t.Errorf("first: %v, %v; want %v", first, err, want)
	}
	none := b.selection(".id == 9")
	first, err = none.FirstIDs(t.Context(), noon)
	if want := []store.Range{{From: -1, To: -1}}; err != nil || !slices.Equal(first, want) {
		t.Errorf("none: %v, %v; want %v", first, err, want)
	}
}

func TestTheNewestIsCountedInWebhooks(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.receive("{}")
	b.receive("{}")
	b.forward(1, 200) // brings the first webhook to the top
	for n, want := range []int64{1, 2} {
		if got, err := pick.Newest(t.Context(), b.Store, n, noon); err != nil || got != want {
			t.Errorf("@-%d is %d, %v; want %d", n, got, err, want)
		}
	}
	if _, err := pick.Newest(t.Context(), b.Store, 2, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("@-2: %v", err)
	}
}
