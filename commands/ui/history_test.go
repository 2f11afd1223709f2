package ui_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// pastWebhooks are a webhook that an app refused twice, one with a bad signature, and one that was sent.
func pastWebhooks() (all []*webhooks.Webhook, now time.Time) {
	now = time.Date(2026, 7, 1, 14, 0, 0, 0, time.Local)
	exchange := func(id int64, kind record.Kind, event string, status int, verdict record.Verdict) *record.Exchange {
		return &record.Exchange{ID: id, Kind: kind, Start: now, Took: 9 * time.Millisecond, Attempt: 1, EventType: event,
			Scheme: "stripe", Ended: true, Verdict: verdict, Request: record.Request{Method: "POST",
				URL: "http://127.0.0.1:3055/"}, Response: &record.Response{Status: status}}
	}
	valid, invalid := record.Verdict{Status: record.Valid}, record.Verdict{Status: record.Invalid,
		Reason: "signature_mismatch"}
	app := exchange(1235, record.Sent, "charge.refunded", 500, record.Verdict{})
	app.Thread, app.Webhook, app.Role = 1234, 1234, record.Forward
	for _, xs := range [][]*record.Exchange{{exchange(1234, record.Received, "charge.refunded", 500, valid), app},
		{exchange(1236, record.Received, "invoice.paid", 401, invalid)},
		{exchange(1237, record.Sent, "invoice.paid", 200, valid)}} {
		all = append(all, webhooks.New(xs, nil, now))
	}
	return all, now
}

func TestANarrowHistoryKeepsTheEventTypeTheAnswerAndTheVerdict(t *testing.T) {
	all, now := pastWebhooks()
	for width, must := range map[int][]string{
		46: {"charge.refunded", "app 500", "invoice.paid", "401", "invalid", "1237", "signed"},
		80: {"charge.refunded", "500 → app 500 failed", "stripe invalid", "stripe valid", "14:00:00", "200 delivered"}} {
		var table, followed bytes.Buffer
		(&ui.Printer{W: &table, Width: width}).Webhooks(all, nil, now)
		lines := (&ui.Printer{W: &followed, Width: width}).HistoryLines(nil)
		for _, w := range all {
			lines.Write(w, now)
		}
		for name, text := range map[string]string{"history": table.String(), "history -f": followed.String()} {
			for _, word := range must {
				if !strings.Contains(text, word) {
					t.Errorf("%s at %d columns lacks %q:\n%s", name, width, word, text)
				}
			}
			for line := range strings.Lines(text) {
				if lipgloss.Width(strings.TrimRight(line, "\n")) > width {
					t.Errorf("%s is wider than %d columns: %s", name, width, line)
				}
			}
		}
		heads, rows, _ := strings.Cut(followed.String(), "\n")
		if strings.Index(heads, "EVENT") != column(rows, "charge") {
			t.Errorf("the head of history -f is not above its column:\n%s", followed.String())
		}
	}
}

// A delivery without an answer yet is shown as pending, not as failed.
func TestAnAppAtWorkIsPendingInTheHistory(t *testing.T) {
	all, now := pastWebhooks()
	for _, w := range []*webhooks.Webhook{all[0], all[2]} {
		for _, x := range w.Exchanges {
			x.Ended, x.Response, x.Took = false, nil, 0
		}
	}
	under := []*webhooks.Webhook{webhooks.New(all[0].Exchanges, nil, now), webhooks.New(all[2].Exchanges, nil, now)}
	var table bytes.Buffer
	(&ui.Printer{W: &table, Width: 120}).Webhooks(under, nil, now)
	if text := table.String(); strings.Contains(text, "unknown") || strings.Count(text, "  - pending ") != 2 {
		t.Error(text)
	}
}

// column is where a word stands in the line that has it first.
func column(text, word string) int {
	before, _, _ := strings.Cut(text, word)
	return lipgloss.Width(before[strings.LastIndexByte(before, '\n')+1:])
}
