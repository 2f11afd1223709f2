package commands

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
)

func TestNoTextOfAStrangerBecomesALabel(t *testing.T) {
	m := newMetrics("dev", map[string]bool{"github": true}, func() float64 { return 7 })
	for i := range 100 {
		x := &record.Exchange{Scheme: fmt.Sprintf("made up %d\"\n", i), EventType: fmt.Sprint("event", i), WebhookID: fmt.Sprint("id", i), Response: &record.Response{Status: 200}}
		x.Marks = []record.Mark{{Kind: record.Duplicate, Of: 1}}
		m.answered(&ui.Hook{Exchange: x})
		m.forwarded(&record.Exchange{Kind: record.Sent, Err: &record.Failure{Kind: record.FailRefused, Text: fmt.Sprint("text", i)}})
	}
	m.answered(&ui.Hook{Exchange: &record.Exchange{EventType: ui.Handshake + "zoom"}})
	var out bytes.Buffer
	m.set.WritePrometheus(&out)
	for _, want := range []string{
		`barb_webhooks_received_total{scheme="other",verdict="unchecked"} 100`, `barb_forward_total{code="",error="refused"} 100`,
		"barb_duplicates_total 100", "barb_handshakes_total 1", "barb_queue_depth 7",
	} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if n := strings.Count(out.String(), "\n"); n > 100 || strings.Contains(out.String(), "made up") {
		t.Errorf("%d lines\n%s", n, out.String())
	}
}
