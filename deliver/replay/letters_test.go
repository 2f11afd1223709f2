package replay_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// withLetters returns a history whose exchanges 1 and 2 have so many dead letters each.
func withLetters(t *testing.T, letters ...int) *store.Store {
	t.Helper()
	return lettersFor(t, record.Received, letters...)
}

// lettersFor is withLetters for webhooks that were received, or for messages that were to be sent.
func lettersFor(t *testing.T, kind record.Kind, letters ...int) *store.Store {
	t.Helper()
	history, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	for _, n := range letters {
		x := received()
		x.ID = 0
		if kind == record.Sent {
			x.Kind, x.Response = kind, nil
		}
		var entries []*store.Queued
		for range n {
			entries = append(entries, &store.Queued{Kind: store.Message, Target: target, Due: now, Created: now})
		}
		if err := history.RecordQueued(t.Context(), x, entries...); err != nil {
			t.Fatal(err)
		}
	}
	leased, err := history.Lease(t.Context(), store.LeaseRequest{Kind: store.Message, Target: target, Owner: "a worker",
		Want: 10,
		Now:  now, Until: now.Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range leased {
		q.State, q.Why = store.Dead, "given up"
		if err := history.Complete(t.Context(), "a worker", q, now); err != nil {
			t.Fatal(err)
		}
	}
	return history
}

// items lists the items of a replay: the exchange and the letter of each.
func items(t *testing.T, all iter.Seq2[replay.Item, error]) string {
	t.Helper()
	var names []string
	for item, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprint(item.ID)
		if item.Letter != nil {
			name += fmt.Sprintf(":%d", item.Letter.ID)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func TestAnExchangeIsReplayedForEachOfItsLetters(t *testing.T) {
	t.Parallel()
	history := withLetters(t, 2, 0, 1)
	letters, err := replay.ReadLetters(t.Context(), history)
	if err != nil {
		t.Fatal(err)
	}
	listed := webhooks.List(t.Context(), history, store.Filter{OldestFirst: true}, now)
	if got := items(t, letters.Items(listed)); got != "1:1 1:2 3:3" {
		t.Errorf("with letters: %s", got)
	}
	if got := items(t, replay.Letters(nil).Items(listed)); got != "1 2 3" {
		t.Errorf("without: %s", got)
	}
	if got := items(t, replay.Letters{}.Items(listed)); got != "" {
		t.Errorf("with none: %s", got)
	}
	for _, l := range []replay.Letters{nil, letters} {
		for range l.Items(listed) {
			break // what is asked for no longer is not made
		}
	}
}

func TestLettersAreFoundByTheIDsOfTheirExchanges(t *testing.T) {
	t.Parallel()
	for want, letters := range map[string]replay.Letters{"[{1 1} {5 5}]": {1: nil, 5: nil}, "[{-1 -1}]": {}} {
		ids := letters.IDs()
		slices.SortFunc(ids, func(a, b store.Range) int { return int(a.From - b.From) })
		if got := fmt.Sprint(ids); got != want {
			t.Errorf("%v: %s, want %s", letters, got, want)
		}
	}
}

func TestADeliveredLetterIsDeadNoMore(t *testing.T) {
	t.Parallel()
	history := withLetters(t, 2)
	letters, err := replay.ReadLetters(t.Context(), history)
	if err != nil || len(letters[1]) != 2 {
		t.Fatal(letters, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (replay.Item{Letter: letters[1][0]}).Settle(ctx, history, now); err != nil {
		t.Error(err)
	}
	if err := (replay.Item{}).Settle(ctx, history, now); err != nil {
		t.Error(err)
	}
	left, err := replay.ReadLetters(t.Context(), history)
	if err != nil || len(left[1]) != 1 || left[1][0].ID != letters[1][1].ID {
		t.Errorf("%+v, %v", left, err)
	}
}

func TestAHistoryThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	failing := func(yield func(*webhooks.Webhook, error) bool) { yield(nil, broken) }
	for _, err := range replay.Letters(nil).Items(failing) {
		if !errors.Is(err, broken) {
			t.Error(err)
		}
	}
	history := withLetters(t)
	_ = history.Close()
	if _, err := replay.ReadLetters(t.Context(), history); err == nil {
		t.Error("a closed history was read")
	}
}
