package ui_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

func TestDurationsReadAsPeopleSayThem(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 850 * time.Microsecond: "850µs", 41 * time.Millisecond: "41ms", 999600 * time.Microsecond: "1000ms",
		1800 * time.Millisecond: "1.8s", 2 * time.Second: "2s", 59 * time.Second: "59s", 125 * time.Second: "2m5s",
		5 * time.Minute:   "5m",
		200 * time.Minute: "3h20m", 52 * time.Hour: "2d4h", -3 * time.Second: "-3s",
	} {
		if got := ui.Duration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func exchange() *record.Exchange {
	return &record.Exchange{ID: 17, Attempt: 2, Kind: record.Sent, Took: 41 * time.Millisecond, Ended: true,
		Start: time.Date(2026, 1, 20, 14, 2, 11, 0, time.UTC),
		Request: record.Request{Method: "POST", URL: "http://api.example.com/hooks?token=x", Proto: "HTTP/1.1",
			Body: []byte("{}")}}
}

func TestAttemptLines(t *testing.T) {
	answered, refused := exchange(), exchange()
	answered.Response = &record.Response{Status: 503}
	refused.Err = &record.Failure{Kind: record.FailReset, Text: "connection reset\x1b[31m", Ambiguous: true}
	for want, a := range map[string]*deliver.Attempt{
		"#2  503  41ms  retry in 1.8s\n": {Exchange: answered, Decision: deliver.Retry,
			Wait: 1800 * time.Millisecond, Why: "503"},
		"#2  503  41ms  the deadline\n": {Exchange: answered, Decision: deliver.OutOfTime, Why: "the deadline"},
		"#2  reset  41ms  retry in 2s  connection reset\\x1b[31m  (may have arrived)\n": {Exchange: refused,
			Decision: deliver.Retry, Wait: 2 * time.Second},
	} {
		var out bytes.Buffer
		(&ui.Printer{W: &out}).Attempt(a)
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestTablesFitTheTerminal(t *testing.T) {
	x := exchange()
	x.EventType, x.Scheme = strings.Repeat("long.event.", 10), "standard-webhooks"
	for _, width := range []int{40, 60, 80, 200} {
		var out bytes.Buffer
		p := &ui.Printer{W: &out, Width: width}
		p.History([]*record.Exchange{x, x}, nil, x.Start)
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != 3 {
			t.Fatalf("width %d: %d lines for two exchanges:\n%s", width, len(lines), out.String())
		}
		for _, line := range lines {
			if w := lipgloss.Width(line); w > width {
				t.Errorf("width %d: a line of %d columns: %s", width, w, line)
			}
		}
	}
}

func TestColourOnlyWhenAsked(t *testing.T) {
	var plain, coloured bytes.Buffer
	x := exchange()
	x.Response = &record.Response{Status: 200}
	for _, p := range []*ui.Printer{{W: &plain}, {W: &coloured, Color: true}} {
		(&ui.HookLines{P: p}).Write(&ui.Hook{Exchange: x})
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(coloured.String(), "\x1b[32m200") {
		t.Errorf("plain %q, coloured %q", plain.String(), coloured.String())
	}
}

func TestTheBodyOfABinaryIsOnlyDescribed(t *testing.T) {
	var out bytes.Buffer
	p := &ui.Printer{W: &out}
	p.Body([]byte{0, 1, 2})
	p.Body([]byte("\x1b[2J text\n"))
	if got, want := out.String(), "(3B of binary data; --body prints it)\n\\x1b[2J text\n"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestAFailedWriteIsRemembered(t *testing.T) {
	p := &ui.Printer{W: broken{}}
	p.Line("a")
	p.Line("b")
	if p.Err() == nil {
		t.Error("no error")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }
