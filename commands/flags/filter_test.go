package flags_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

var noon = time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)

// filterOf is what --filter flags come to. A scheme is known unless it is acme.
func filterOf(t *testing.T, line ...string) (store.Filter, *jq.Expr, error) {
	t.Helper()
	var f flags.Filter
	parsed(t, func(cmd *cobra.Command) { f.AddFlags(cmd, names, func(string) []string { return nil }) }, line...)
	if f.Given() != (len(line) > 0) {
		t.Errorf("%v: given %t", line, f.Given())
	}
	return f.Parse(noon, func(name string) (string, error) {
		if name == "acme" {
			return "", errors.New("unknown")
		}
		return strings.ToLower(name), nil
	})
}

func TestAFilterIsWhatTheHistoryTakes(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]store.Filter{
		"":                              {},
		"--received --of-scheme=Stripe": {Kind: record.Received, Scheme: "stripe"},
		"--received --scheme=Stripe":    {Kind: record.Received, Scheme: "stripe"},
		"--sent --failed --status=5xx":  {Kind: record.Sent, Failed: true, Status: store.StatusRange{From: 500, To: 599}},
		"--since=1h --until=2026-01-20": {Since: noon.Add(-time.Hour), Until: time.Date(2026, 1, 20, 0, 0, 0, 0,
			time.Local)},
		"--event=a.* --endpoint=x --id=m1": {Event: "a.*", Endpoint: "x", WebhookID: "m1"},
		"--marked=duplicate --grep=hi":     {Marked: record.Duplicate, Grep: "hi"},
	} {
		got, where, err := filterOf(t, strings.Fields(line)...)
		if diff := cmp.Diff(want, got); diff != "" || err != nil || where != nil {
			t.Errorf("%s: %v, %v\n%s", line, where, err, diff)
		}
	}
	for line, words := range map[string][]string{
		"--received --sent":   {"cannot be used together"},
		"--status=999999":     {"--status", "503, 5xx or 400..499"},
		"--since=yesterday":   {"--since", "not an age"},
		"--until=yesterday":   {"--until", "not an age"},
		"--marked=dublicate":  {`invalid --marked "dublicate"`, "--marked duplicate"},
		"--where=.[":          {"--where", ".latency_ms > 500"},
		"--status=5xx --id=1": nil,
	} {
		if _, _, err := filterOf(t, strings.Fields(line)...); words != nil {
			refused(t, err, words...)
		} else if err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if _, _, err := filterOf(t, "--scheme=acme"); err == nil || err.Error() != "unknown" {
		t.Errorf("an unknown scheme: %v", err)
	}
}

// recorded returns a history with n received webhooks. The body of the second is no JSON.
func recorded(t *testing.T, n int) *store.Store {
	t.Helper()
	history, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	for i := range n {
		x := &record.Exchange{Kind: record.Received, Start: noon, Request: record.Request{Method: "POST", URL: "/",
			Body: []byte(`{"amount":` + string(rune('1'+i)) + `}`)}}
		if i == 1 {
			x.Request.Body = []byte("amount=2")
		}
		if err := history.Record(context.Background(), x); err != nil {
			t.Fatal(err)
		}
	}
	return history
}

func TestSelectorsChooseWhatIsThere(t *testing.T) {
	t.Parallel()
	history := recorded(t, 3)
	got, err := flags.SelectIDs(context.Background(), history, []string{"@", "@-2", "1", "2..9"}, history.Newest)
	if want := []store.Range{{From: 3, To: 3}, {From: 1, To: 1}, {From: 1, To: 1}, {From: 2, To: 9}}; !slices.Equal(got,
		want) || err != nil {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for text, words := range map[string]string{"9": "no such webhook", "@-3": "no such webhook",
		"x": "is not a selector"} {
		_, err := flags.SelectIDs(context.Background(), history, []string{text}, history.Newest)
		refused(t, err, words, "barb history lists")
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := flags.SelectIDs(ended, history, []string{"1"}, history.Newest); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	if !flags.IsSelector("3") || flags.IsSelector("payload.json") {
		t.Error("3 is a selector, payload.json is a file")
	}
}

func TestTheQueueIsFiltered(t *testing.T) {
	t.Parallel()
	parse := func(line ...string) (store.QueueFilter, *flags.Queue, error) {
		var f flags.Queue
		parsed(t, f.AddFlags, line...)
		got, err := f.Parse(noon, func(text string, out *store.QueueFilter) error {
			if out.Target = text; text == "bad" {
				return errors.New("no target")
			}
			return nil
		})
		return got, &f, err
	}
	open := []store.QueueState{store.Waiting, store.Leased, store.Dead}
	for line, want := range map[string]struct {
		filter  store.QueueFilter
		given   bool
		nothing string
	}{
		"":      {store.QueueFilter{States: open}, false, "nothing is waiting in the queue"},
		"--all": {store.QueueFilter{}, true, "the queue is empty"},
		"--state=dead": {store.QueueFilter{States: []store.QueueState{store.Dead}}, true,
			"there are no dead letters"},
		"--state=done,cancelled": {store.QueueFilter{States: []store.QueueState{store.Done, store.Cancelled}}, true,
			"nothing in the queue is done or cancelled"},
		"--kind=message -n 3": {store.QueueFilter{States: open, Kind: store.Message, Limit: 3}, true,
			"nothing in the queue matches"},
		"--target=x --since=1h": {store.QueueFilter{States: open, Target: "x", Since: noon.Add(-time.Hour)}, true,
			"nothing in the queue matches"},
	} {
		got, f, err := parse(strings.Fields(line)...)
		if diff := cmp.Diff(want.filter, got); diff != "" || err != nil || f.Given() != want.given ||
			f.Nothing() != want.nothing {
			t.Errorf("%s: given %t, %q, %v\n%s", line, f.Given(), f.Nothing(), err, diff)
		}
	}
	for line, words := range map[string][]string{
		"-n -1": {"-n -1 is negative"}, "--state=ded": {`invalid --state "ded"`, "--state dead"},
		"--kind=massage": {`invalid --kind "massage"`, "--kind message"},
		"--since=x":      {"--since"}, "--until=x": {"--until"},
	} {
		_, _, err := parse(strings.Fields(line)...)
		refused(t, err, words...)
	}
	if _, _, err := parse("--target=bad"); err == nil || err.Error() != "no target" {
		t.Errorf("a bad target: %v", err)
	}
}
