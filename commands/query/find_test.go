package query_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// book is a history, and a list of it.
type book struct {
	t       *testing.T
	history *store.Store
}

func newBook(t *testing.T) *book {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &book{t, s}
}

// receive records webhooks that barb answered with a status.
func (b *book) receive(status int, bodies ...string) {
	b.t.Helper()
	for _, body := range bodies {
		b.add(&record.Exchange{Kind: record.Received, Response: &record.Response{Status: status},
			Request: record.Request{Method: "POST", URL: "/", Body: []byte(body)}})
	}
}

// forward records that the app answered a webhook.
func (b *book) forward(thread int64, status int) {
	b.t.Helper()
	b.add(&record.Exchange{Kind: record.Sent, Role: record.Forward, Thread: thread,
		Response: &record.Response{Status: status}, Request: record.Request{Method: "POST", URL: "http://127.0.0.1:3000/"}})
}

func (b *book) add(x *record.Exchange) {
	b.t.Helper()
	x.Start, x.Attempt, x.Ended = noon, 1, true
	if err := b.history.Record(context.Background(), x); err != nil {
		b.t.Fatal(err)
	}
}

// selection is the selection of a command.
func (b *book) selection(ctx context.Context, selectors []string, chosen *flags.Filter,
	newest func(context.Context, int) (int64, error)) (s pick.Selection, err error) {
	s.History = b.history
	if s.Filter, s.Where, err = chosen.Parse(noon, anyScheme); err == nil {
		s.Filter.IDs, err = flags.SelectIDs(ctx, b.history, selectors, newest)
	}
	return s, err
}

// find says what a line finds of a list: the ids of its rows, or why there are none.
func (b *book) find(line string, ids ...int64) string {
	b.t.Helper()
	q := read(b.t, line)
	if err := q.Fix(ids); err != nil {
		return query.Reason(err)
	}
	found, err := query.Finder(b.selection, now)(b.t.Context(), q, ids)
	if err != nil {
		return query.Reason(err)
	}
	var out []string
	for _, id := range ids {
		if found.IDs[id] {
			out = append(out, fmt.Sprint(id))
		}
	}
	if found.Failed > 0 {
		out = append(out, fmt.Sprintf("fails on %d", found.Failed))
	}
	if found.Mistake != nil {
		out = append(out, query.Reason(found.Mistake))
	}
	return strings.Join(out, " ")
}

func TestRowsAreFoundAsTheHistorySelectsThem(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.receive(200, `{"n":1}`) // 1
	b.forward(1, 500)         // 2
	b.receive(200, `{"n":3}`) // 3
	b.forward(3, 200)         // 4
	b.receive(401, `x`)       // 5
	for line, want := range map[string]string{
		"--received":               "1 3 5",
		"--failed":                 "1 5",
		"status:500":               "1",
		"--status 401":             "5",
		"endpoint::3000":           "1 3",
		`grep:"n"`:                 "1 3",
		"1":                        "1",
		"2":                        "1", // the attempt of 1
		"2..4":                     "1 3",
		"1 5":                      "1 5",
		"@":                        "5",
		"@-1":                      "3",
		"@-3":                      "@-3 is below the last of the 3 rows of the list",
		"1..4 status:200":          "1 3",
		"where:.status==401":       "5",
		"where:'.body.n > 1'":      "3",
		"--where .body.n>1 --sent": "",
		"where:.body.n|keys":       "fails on 3 --where fails on every webhook (3)",
		"where:.id/(.id-3)>0":      "5 fails on 1",
		"since:2h":                 "1 3 5",
		"until:2h":                 "",
		"9":                        "9: no such webhook in the history; barb history lists what there is",
		"500":                      "500: no such webhook in the history; status:500 filters by the status",
		"status:abc":               `--status "abc" is not a status such as 503, 5xx or 400..499`,
		"where:.[":                 "",
	} {
		got := b.find(line, 1, 3, 5)
		if line == "where:.[" {
			if !strings.HasPrefix(got, "--where: ") {
				t.Errorf("%s: %s", line, got)
			}
		} else if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestOnlyTheWebhooksOfTheListAreLookedAt(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.receive(200, slices.Repeat([]string{"{}"}, 600)...)
	listed := []int64{7, 9, 8, 400}
	selection := func(ctx context.Context, selectors []string, chosen *flags.Filter,
		newest func(context.Context, int) (int64, error)) (pick.Selection, error) {
		s, err := b.selection(ctx, selectors, chosen, newest)
		s.Filter.Limit = 1
		return s, err
	}
	found, err := query.Finder(selection, now)(t.Context(), read(t, "status:200 1..1000"), listed)
	if got := slices.Sorted(maps.Keys(found.IDs)); err != nil || !slices.Equal(got, []int64{7, 8, 9, 400}) {
		t.Errorf("%v, %v", got, err)
	}
	if got := b.find("where:.nothing|keys", listed...); got != "fails on 4 --where fails on every webhook (4)" {
		t.Errorf("the expression looks at more than the list: %s", got)
	}
	if got := b.find("status:200"); got != "" {
		t.Errorf("an empty list: %s", got)
	}
	if got := b.find("500", listed...); got != "no row of the list has the id 500; status:500 filters by the status" {
		t.Errorf("an id that is not in the list: %s", got)
	}
}

func now() time.Time { return noon }
