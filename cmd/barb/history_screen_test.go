package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// listable makes a history with a webhook of each kind.
func listable(t *testing.T, path string) {
	t.Helper()
	history, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2020, 1, 20, 14, 2, 11, 0, time.UTC) // of another year: a list shows such a day alike for ever
	add := func(kind record.Kind, role record.Role, thread int64, url, event, scheme string, status int,
		more ...func(*record.Exchange)) {
		x := &record.Exchange{Kind: kind, Role: role, Thread: thread, Attempt: 1, Start: day, Ended: true,
			Took: 41 * time.Millisecond, EventType: event, Scheme: scheme, Request: record.Request{Method: "POST", URL: url}}
		if status != 0 {
			x.Response = &record.Response{Status: status}
		}
		for _, m := range more {
			m(x)
		}
		if err := history.Record(context.Background(), x); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(x *record.Exchange) {
		x.Err = &record.Failure{Kind: record.FailRefused, Text: "connection refused"}
	}
	valid := func(x *record.Exchange) { x.Verdict.Status = record.Valid }
	invalid := func(x *record.Exchange) {
		x.Verdict = record.Verdict{Status: record.Invalid, Reason: "signature_mismatch"}
	}
	const here, app, far = "http://127.0.0.1:4242/hooks", "http://127.0.0.1:3000/hooks",
		"https://api.customer.example.com/in"
	add(record.Sent, record.First, 0, far, "order.completed", "standard-webhooks", 503,
		func(x *record.Exchange) { x.NextIn = time.Second })
	add(record.Sent, record.Attempt, 1, far, "order.completed", "standard-webhooks", 200,
		func(x *record.Exchange) { x.Attempt = 2 })
	add(record.Received, record.First, 0, here, "customer.subscription.updated", "stripe", 502, valid)
	add(record.Sent, record.Forward, 3, app, "customer.subscription.updated", "stripe", 0, refused)
	add(record.Received, record.First, 0, here, "push", "github", 200, valid)
	add(record.Sent, record.Forward, 5, app, "push", "github", 200)
	add(record.Received, record.Redelivery, 5, here, "push", "github", 200, valid)
	add(record.Received, record.First, 0, here, "", "github", 401, invalid)
	add(record.Received, record.First, 0, here+"/no/scheme", "", "", 200)
	if err := history.Close(); err != nil {
		t.Fatal(err)
	}
}

// The golden file is the place to look at what a history looks like. UPDATE=1 writes it anew.
func TestHistoryScreensAtWidths(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "h.db")
	listable(t, db)
	var got strings.Builder
	for _, columns := range []int{46, 80, 120} {
		for _, line := range []string{"history", "history --all -n 4", "show 3"} {
			p := newTerminal(t, columns, exec.Command("sh", "-c", "exec barb --db "+db+" "+line), "NO_COLOR=1", "TZ=UTC")
			<-p.done
			text := strings.ReplaceAll(p.text(), "\r", "")
			fmt.Fprintf(&got, "== %d columns, barb %s\n%s", columns, line, text)
			for row := range strings.Lines(text) {
				if n := len([]rune(strings.TrimSuffix(row, "\n"))); n > columns && strings.HasPrefix(line, "history") {
					t.Errorf("%d columns in %d: %s", n, columns, row)
				}
			}
		}
	}
	isGolden(t, "history.golden", got.String())
}
