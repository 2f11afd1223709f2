package ui

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver/batch"
	"github.com/barbhq/barb/store/record"
)

func TestAFooterStaysBelowWhatIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var terminal bytes.Buffer
		var text atomic.Value
		text.Store("1 received")
		f := &Footer{W: &terminal, Text: func() string { return text.Load().(string) }, Color: true,
			Columns: func() int { return 8 }}
		out := f.Wrap(&terminal)
		f.Start()
		synctest.Wait()
		write := func(s string) {
			if n, err := out.Write([]byte(s)); n != len(s) || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		}
		write("a\n") // the footer was drawn just now
		time.Sleep(2*footerPace + time.Millisecond)
		write("b")
		write("\n")
		text.Store("2 received")
		time.Sleep(2 * footerPace)
		f.Stop()
		write("c\n")
		f.Stop()
		foot := func(s string) string { return "\r\x1b[J\x1b[2m" + s + "\x1b[0m\r" }
		const gone = "\r\x1b[J"
		want := foot("1 rece…") + gone + "a\n" + foot("1 rece…") + gone + "b\n" + foot("1 rece…") + foot("2 rece…") + gone +
			"c\n"
		if got := terminal.String(); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

func TestAWatchCountsForItsFooter(t *testing.T) {
	t.Parallel()
	w := NewWatch()
	if got := w.Text(); got != "0 received  0 invalid  0 failed" {
		t.Error(got)
	}
	w.Depth = func() int64 { return 3 }
	hook := func(id int64, x record.Exchange) *Hook {
		x.ID, x.Kind, x.Took, x.Ended = id, record.Received, 2*time.Millisecond, true
		return &Hook{Exchange: &x}
	}
	ok := &record.Response{Status: 200}
	w.Answered(hook(1, record.Exchange{WebhookID: "a", Response: ok}), false)
	w.Answered(hook(2, record.Exchange{WebhookID: "a", Response: ok, Marks: []record.Mark{{Kind: record.Duplicate,
		Of: 1}}}), true)
	w.Answered(hook(3, record.Exchange{Response: &record.Response{Status: 401},
		Verdict: record.Verdict{Status: record.Invalid}}), false)
	w.Answered(hook(4, record.Exchange{Handshake: "slack", Response: ok}), false)
	w.Answered(hook(5, record.Exchange{Marks: []record.Mark{{Kind: record.Filtered}}, Response: ok}), false)
	w.Answered(hook(6, record.Exchange{Marks: []record.Mark{{Kind: record.Undecided}},
		Err: &record.Failure{Kind: record.FailReset}}), false)
	w.LeftOut()
	if want := (Counts{Received: 4, Accepted: 1, Beside: 1, Greeted: 1, Filtered: 2, Repeated: 1,
		Invalid: 1}); w.Counts() != want {
		t.Errorf("%+v, want %+v", w.Counts(), want)
	}
	if got := w.Text(); got != "5 received  1 invalid  1 failed  p50 2ms  p99 2ms  1 duplicate  3 waiting" {
		t.Error(got)
	}
	if got := w.Repeated(); len(got) != 2 || got[0] != 1 || got[1] != 2 {
		t.Errorf("%v came again", got)
	}
}

func TestAMeterReadsAndMeasures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := int64(0)
		m := Meter{Read: func() batch.Progress { return batch.Progress{Done: done} }, Columns: func() int { return 80 }}
		first := m.Text()
		done = 10
		time.Sleep(time.Second)
		if second := m.Text(); first != "0 sent  0/s  0 failed" || second != "10 sent  10/s  0 failed" {
			t.Errorf("%q, then %q", first, second)
		}
	})
}

func TestAPrinterIsAWriter(t *testing.T) {
	t.Parallel()
	got := printed(func(p *Printer) {
		if n, err := p.Write([]byte("100 %d\n")); n != 7 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	})
	if got != "100 %d\n" {
		t.Errorf("%q", got)
	}
	for d, want := range map[time.Duration]string{3400 * time.Millisecond: "3s", -2 * time.Second: "-2s",
		90 * time.Second: "1m30s"} {
		if got := Age(d); got != want {
			t.Errorf("%s is the age %s", d, got)
		}
	}
	if strings.Contains(got, "\x1b") {
		t.Error("colour was not asked for")
	}
}
