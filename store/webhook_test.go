package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// rolesOf lists a history as "id role of webhook", the oldest first.
func rolesOf(t *testing.T, s *store.Store) string {
	t.Helper()
	var all []string
	for x, err := range s.List(context.Background(), store.Filter{OldestFirst: true}) {
		must(t, err)
		all = append(all, fmt.Sprintf("%d %s/%d of %d", x.ID, x.Role, x.Role, x.First()))
	}
	return strings.Join(all, ", ")
}

// Before version 12 only Thread said what belongs together.
func TestExchangesOfAnOlderHistoryBecomeWebhooks(t *testing.T) {
	row := func(id, kind, thread, attempt, start string, rest ...string) string {
		values := append([]string{id, kind, thread, attempt, start}, rest...)
		return "INSERT INTO exchange (id, kind, thread, attempt, start, webhook_id, endpoint, marks, took, method, url, " +
			"request_size, ended, failed) VALUES (" + strings.Join(values, ", ") + ", 10, 'POST', 'http:///', 0, 1, 0)"
	}
	path := oldHistory(t, 11,
		"INSERT INTO name (id, kind, text) VALUES (1, 1, 'here:1'), (2, 1, 'app:2'), (3, 1, 'other:3')",
		row("1", "2", "NULL", "1", "100", "'a'", "1", "NULL"),
		row("2", "1", "1", "1", "101", "'a'", "2", "NULL"),               // the forward
		row("3", "1", "2", "2", "105", "'a'", "2", "NULL"),               // its retry
		row("4", "1", "1", "1", "102", "'a'", "3", "NULL"),               // a mirror
		row("5", "2", "NULL", "1", "200", "'a'", "1", "',duplicate:1,'"), // a redelivery
		row("6", "1", "5", "1", "201", "'a'", "2", "NULL"),               // and its forward
		row("7", "1", "1", "1", "300", "'a'", "2", "NULL"),               // replays: to the app,
		row("8", "1", "7", "2", "301", "'a'", "2", "NULL"),
		row("9", "1", "1", "1", "302", "'a'", "3", "NULL"),  // to another place,
		row("10", "1", "1", "1", "303", "'b'", "2", "NULL"), // with a new id
		row("11", "1", "10", "2", "304", "'b'", "2", "NULL"),
		row("12", "1", "NULL", "0", "400", "'q'", "2", "NULL"), // a queued message
		row("13", "1", "12", "1", "401", "'q'", "2", "NULL"),
		row("14", "1", "13", "2", "402", "'q'", "2", "NULL"),
		row("15", "1", "99", "2", "403", "'p'", "2", "NULL"), // of a pruned one
		row("16", "2", "NULL", "1", "500", "'c'", "1", "',duplicate:1,'"),
		"INSERT INTO mirror (id, of) VALUES (4, 2)")
	s, err := store.Open(context.Background(), path)
	must(t, err)
	defer s.Close()
	want := "1 attempt/0 of 1, 2 forward/3 of 1, 3 forward/3 of 1, 4 mirror/4 of 1, 5 redelivery/2 of 1, " +
		"6 forward/3 of 1, 7 replay/5 of 1, 8 replay/5 of 1, 9 replay/6 of 1, 10 attempt/7 of 10, 11 attempt/1 of 10, " +
		"12 attempt/0 of 12, 13 attempt/1 of 12, 14 attempt/1 of 12, 15 attempt/1 of 99, 16 attempt/0 of 16"
	if got := rolesOf(t, s); got != want {
		t.Errorf("roles:\n%s\nwant\n%s", got, want)
	}
}

func TestAnExchangeBelongsToTheWebhookOfItsThread(t *testing.T) {
	ctx := context.Background()
	s := openHistory(t, filepath.Join(t.TempDir(), "history.db"))
	record1 := func(kind record.Kind, thread int64, role record.Role) *record.Exchange {
		x := hook(1)
		x.Kind, x.Thread, x.Role, x.Ended = kind, thread, role, true
		must(t, s.Record(ctx, x))
		return x
	}
	first := record1(record.Received, 0, record.First)
	forward := record1(record.Sent, first.ID, record.Forward)
	again := record1(record.Received, first.ID, record.Redelivery)
	deep := record1(record.Sent, forward.ID, record.Forward)
	record1(record.Sent, again.ID, record.Copy)
	if forward.Webhook != first.ID || deep.First() != first.ID {
		t.Errorf("Record says %d and %d, want %d", forward.Webhook, deep.First(), first.ID)
	}
	want := "1 attempt/0 of 1, 2 forward/3 of 1, 3 redelivery/2 of 1, 4 forward/3 of 1, 5 attempt/7 of 5"
	if got := rolesOf(t, s); got != want {
		t.Errorf("roles: %s, want %s", got, want)
	}
	_, err := s.Prune(ctx, store.PruneRule{OlderThan: first.Start.Add(1),
		Filter: store.Filter{IDs: []store.Range{{From: 1, To: 1}}}})
	must(t, err)
	thread, err := s.Thread(ctx, deep.ID)
	if must(t, err); len(thread) != 3 {
		t.Errorf("without its first exchange the webhook has %d, want 3", len(thread))
	}
}

// Reading the webhooks of other events only to leave them out is what takes time in a long history.
func TestAnEventThatManyHaveSkipsTheWebhooksOfOthers(t *testing.T) {
	t.Parallel()
	s := newHistory(t)
	var xs []*record.Exchange
	add := func(event string, thread int64) {
		x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: noon, EventType: event, Scheme: "stripe",
			Request: record.Request{Method: "POST", URL: "http://127.0.0.1:4242/in"}}
		if thread != 0 {
			x.Kind, x.Thread, x.Role = record.Sent, thread, record.Forward
		}
		xs = append(xs, x)
	}
	const many = 20_100
	for range many {
		add("invoice.paid", 0)
	}
	for range 300 {
		add("order.created", 0)
		add("order.created", int64(len(xs)))
		add("", 7) // a forward of an old one, without the event type
	}
	keep(t, s, xs...)
	for name, c := range map[string]struct {
		filter store.Filter
		first  int64
	}{
		"newest first":          {store.Filter{Event: "invoice.*"}, 7},
		"oldest first":          {store.Filter{Event: "invoice.paid", OldestFirst: true}, 1},
		"with a scheme as well": {store.Filter{Event: "invoice.*", Scheme: "str*"}, 7},
	} {
		var all []int64
		for page, err := range s.Webhooks(t.Context(), c.filter) {
			must(t, err)
			all = append(all, page...)
		}
		if len(all) != many || all[0] != c.first || slices.Max(all) > many {
			t.Errorf("%s: %d webhooks, %d first, up to %d; want %d, %d first", name, len(all), all[0], slices.Max(all), many,
				c.first)
		}
	}
}
