package ui_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/batch"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/senders"
)

var noon = time.Date(2026, 1, 20, 12, 0, 0, 0, time.Local)

// golden compares what is printed with a file of testdata, which UPDATE=1 writes anew.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

// page is something that is printed, under its name in the golden file.
type page struct {
	name  string
	print func(p *ui.Printer)
}

// printed prints pages one below the other. Colours are shown by their codes.
func printed(pages []page, color bool) string {
	var all strings.Builder
	for _, page := range pages {
		var out bytes.Buffer
		page.print(&ui.Printer{W: &out, Color: color})
		text := strings.ReplaceAll(out.String(), noon.Format("-07:00"), "+00:00")
		fmt.Fprintf(&all, "== %s\n%s", page.name, strings.ReplaceAll(text, "\x1b", "␛"))
	}
	return all.String()
}

// delivered is an exchange with everything that there can be to say.
func delivered() *record.Exchange {
	x := &record.Exchange{ID: 18, Thread: 17, Attempt: 2, Kind: record.Sent, Start: noon, Took: 41 * time.Millisecond,
		Ended:  true,
		NextIn: 2 * time.Second, WebhookID: "msg_1", EventType: "invoice.paid", Scheme: "stripe", Remote: "192.0.2.1:443",
		ServerName: "api.example.com",
		Verdict:    record.Verdict{Status: record.Valid, HasAge: true, Age: 3 * time.Second, Secret: "env:WHSEC"},
		Phases: record.Phases{DNS: time.Millisecond, Connect: 2 * time.Millisecond, TLS: 3 * time.Millisecond,
			FirstByte: 4 * time.Millisecond},
		Marks: []record.Mark{{Kind: record.Duplicate, Of: 9}, {Kind: record.ReusedID, Of: 8}, {Kind: record.Older,
			Of: 7}, {Kind: record.Undecided}, {Kind: record.Truncated}},
		Run: &record.Run{Exit: 3},
		Request: record.Request{Method: "POST", URL: "https://api.example.com/hooks?a=b", Proto: "HTTP/1.1",
			Body:    []byte("{}"),
			Header:  record.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "X-\x1b", Value: "\x1b[2J"}},
			Trailer: record.Header{{Name: "X-Sum", Value: "1"}},
			Whole:   &record.Whole{Length: 70_000, SHA256: sha256.Sum256(nil)}},
		Response: &record.Response{Proto: "HTTP/1.1", Status: 503, Reason: "Service Unavailable", Body: []byte("busy"),
			Size: 9}}
	return x
}

func refused() *record.Exchange {
	return &record.Exchange{ID: 19, Kind: record.Sent, Start: noon, Took: time.Second, Ended: true, Thread: 17, Attempt: 1,
		Request: record.Request{Method: "POST", URL: "http://127.0.0.1:3000/", Proto: "HTTP/1.1"},
		Err:     &record.Failure{Kind: record.FailReset, Text: "connection reset", Ambiguous: true}}
}

func TestExchangesAreShownWhole(t *testing.T) {
	captured := &record.Exchange{ID: 17, Kind: record.Received, Scheme: "stripe", EventType: "invoice.paid"}
	attempt := func(x *record.Exchange, d deliver.Decision) func(p *ui.Printer) {
		return func(p *ui.Printer) {
			p.Forwarded(captured, &deliver.Attempt{Exchange: x, Decision: d, Wait: time.Second, Scheduled: time.Minute})
		}
	}
	scripted := &record.Exchange{ID: 20, Kind: record.Received, Start: noon, Scripted: "fail-rate", Handshake: "slack",
		Verdict:  record.Verdict{Status: record.Invalid, Reason: "signature_mismatch"},
		Response: &record.Response{Status: 500}}
	unsigned := &record.Exchange{ID: 21, Kind: record.Sent, Start: noon.AddDate(-1, 0, 0),
		Response: &record.Response{Status: 302}}
	refusedHook := &record.Exchange{ID: 22, Kind: record.Received, Start: noon, Scheme: "stripe",
		Verdict:  record.Verdict{Status: record.Invalid, Reason: "signature_mismatch", Tried: "env:WHSEC"},
		Response: &record.Response{Status: 401}}
	pages := []page{
		{"one with a bad signature", func(p *ui.Printer) { p.Exchange(refusedHook) }},
		{"an exchange", func(p *ui.Printer) { p.Exchange(delivered()) }},
		{"one without an answer", func(p *ui.Printer) { p.Exchange(refused()) }},
		{"history", func(p *ui.Printer) {
			p.History([]*record.Exchange{delivered(), refused(), scripted, unsigned}, nil,
				noon)
		}},
		{"history of another day", func(p *ui.Printer) {
			p.History([]*record.Exchange{delivered()}, nil,
				noon.AddDate(0, 1, 0))
		}},
		{"forwarded", attempt(delivered(), deliver.Delivered)},
		{"to be tried again", attempt(refused(), deliver.Retry)},
		{"interrupted", attempt(refused(), deliver.Interrupted)},
		{"given up", attempt(refused(), deliver.Exhausted)},
		{"replayed", func(p *ui.Printer) { p.Replaying(captured, "http://127.0.0.1:3000/") }},
		{"queued", func(p *ui.Printer) { p.Queued(delivered(), 3) }},
		{"delivered", func(p *ui.Printer) {
			p.Delivery(ui.Summary{Delivered: true, Attempts: 1, Last: 14,
				WebhookID: "msg_1", Took: 2 * time.Second})
		}},
		{"not delivered", func(p *ui.Printer) {
			p.Delivery(ui.Summary{Attempts: 3, Last: 14, WebhookID: "msg_1",
				Note: "it is switched off"})
		}},
		{"stopped", func(p *ui.Printer) { p.Delivery(ui.Summary{Interrupted: true, Attempts: 3, Last: 14}) }},
	}
	golden(t, "exchanges.golden", printed(pages, false)+printed(pages[:5], true))
}

func TestALongBodyIsCutBetweenCharacters(t *testing.T) {
	for body, want := range map[string]string{
		strings.Repeat("é", 8192) + "é": "é\n(2B more; --body prints all)\n", "x" + strings.Repeat("é",
			8192): "é\n(1B more; --body prints all)\n",
	} {
		got := printed([]page{{"body", func(p *ui.Printer) { p.Body([]byte(body)) }}}, false)
		if !strings.HasSuffix(got, want) || strings.Contains(got, "\ufffd") {
			t.Errorf("it ends in %q", got[len(got)-40:])
		}
	}
}

func TestVerdictsAreOneLine(t *testing.T) {
	valid := record.Verdict{Status: record.Valid, Version: "v1", HasAge: true, Age: 12 * time.Second, Secret: "env:WHSEC"}
	bad := record.Verdict{Status: record.Invalid, Version: "v1", Reason: "signature_mismatch"}
	var pages []page
	for _, v := range []ui.VerdictLine{{Verdict: valid, Scheme: "stripe", Detail: "not said"}, {Verdict: bad,
		Scheme: "stripe", Detail: "no signature matches"},
		{Verdict: valid, SenderOnly: true, Spelling: "base64 without padding"}, {Verdict: bad, SenderOnly: true,
			Spelling: "x"}} {
		pages = append(pages, page{v.Reason, func(p *ui.Printer) { p.VerdictLine(v) }})
	}
	golden(t, "verdicts.golden", printed(pages, false)+printed(pages, true))
}

func TestBodiesAreMadeReadable(t *testing.T) {
	show := func(contentType, body string) func(p *ui.Printer) {
		h := &ui.Hook{Exchange: &record.Exchange{Request: record.Request{Method: "POST", Target: "/in", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Content-Type", Value: contentType}}, Body: []byte(body)}}}
		return func(p *ui.Printer) { p.Details(h, ui.Shown{Body: true}) }
	}
	long := `{"list":[` + strings.Repeat(`"é",`, 20_000)
	var pages []page
	for _, c := range [][3]string{
		{"nothing", "", ""}, {"JSON", "", `{"a":{"b\"":[1, 2.50,{}],"c":[]},"d":"x\u0041 y"}`},
		{"form", "application/x-www-form-urlencoded; charset=utf-8", `text=a+b%21&payload=%7B%22a%22%3A1%7D&empty`},
		{"no form", "application/x-www-form-urlencoded", "a=%zz"}, {"text", "", "one\ntwo \x1b[2J"},
		{"binary", "", "\x00\x01PNG\xff" + strings.Repeat("\xfe", 130)}, {"a number", "", "17"},
	} {
		pages = append(pages, page{c[0], show(c[1], c[2])})
	}
	golden(t, "bodies.golden", printed(pages, false))
	for body, want := range map[string]string{long: "\n        \"é\",\n", "[" + strings.Repeat("x",
		70_000): "    [xxx", strings.Repeat("x", 70_000): "    xxx"} {
		got := printed([]page{{"long", show("", body)}}, false)
		if !strings.Contains(got, want) || strings.Contains(got, "\ufffd") {
			t.Errorf("%.20s… is shown as %.80q", body, got)
		}
	}
	deep := printed([]page{{"deep", show("", strings.Repeat("[", 9000)+strings.Repeat("]", 9000))}}, false)
	if widest := slices.MaxFunc(strings.Split(deep, "\n"), func(a,
		b string) int {
		return len(a) - len(b)
	}); len(widest) > 60 {
		t.Errorf("a line has %d columns", len(widest))
	}
	app := &ui.Hook{Exchange: delivered(), Apps: []*record.Exchange{delivered(), refused()}}
	golden(t, "details.golden", printed([]page{
		{"with everything", func(p *ui.Printer) { p.Details(app, ui.Shown{Headers: true, Body: true}) }},
		{"headers", func(p *ui.Printer) { p.Details(&ui.Hook{Exchange: delivered()}, ui.Shown{Headers: true}) }},
	}, true))
}

// conduct returns webhooks of three senders: the first behaves, the second does not, the third has sent too few.
func conduct() []senders.Attempt {
	attempt := func(id int64, scheme, webhook string, at time.Duration, status int,
		retryAfter time.Duration) senders.Attempt {
		return senders.Attempt{ID: id, Scheme: scheme, Path: "/in", WebhookID: webhook, Start: noon.Add(at),
			Answered: noon.Add(at),
			Status:   status, RetryAfter: retryAfter, Timed: true, Signature: fmt.Sprint(id), Timestamp: fmt.Sprint(at)}
	}
	all := []senders.Attempt{
		attempt(1, "good", "a", 0, 503, time.Second), attempt(2, "good", "a", time.Second, 500, 0), attempt(3, "good", "a",
			3*time.Second, 200, 0),
		attempt(4, "good", "b", 0, 410, 0), attempt(9, "", "", 0, 200, 0),
	}
	for i := range 9 {
		x := attempt(int64(10+i), "bad", "c", time.Duration(i)*time.Second, 503, time.Minute)
		x.Body, x.Signature, x.Timestamp = sha256.Sum256([]byte{byte(i)}), "same", "same"
		all = append(all, x)
	}
	all = append(all, attempt(30, "bad", "d", 0, 200, 0), attempt(31, "bad", "d", time.Second, 0, 0), attempt(32, "bad",
		"e", 0, 410, 0), attempt(33, "bad", "e", time.Second, 410, 0))
	for i := range 21 {
		id := int64(40 + 2*i)
		all = append(all, attempt(id, "bad", fmt.Sprint("f", i), 0, 500, 0), attempt(id+1, "bad", fmt.Sprint("f", i),
			time.Second, 200, 0))
	}
	return all
}

func TestSendersAreGraded(t *testing.T) {
	judged := senders.Judge(conduct(), noon.Add(1000*time.Hour))
	pages := []page{{"senders", func(p *ui.Printer) { p.Senders(judged) }}}
	for _, s := range judged {
		pages = append(pages, page{"line of " + s.Scheme, func(p *ui.Printer) { p.Line(ui.SenderLine(s)) }})
	}
	golden(t, "senders.golden", printed(pages, false)+printed(pages[:1], true))
}

func TestRunsAreSummedUp(t *testing.T) {
	tally := batch.NewTally(true)
	for _, of := range []struct {
		attempts int
		took     time.Duration
	}{{50, time.Millisecond}, {40, 2 * time.Millisecond}, {9, time.Second}, {1, time.Minute}} {
		var ends batch.Ends
		ends.Add(&record.Exchange{Kind: record.Sent, Took: of.took, Ended: true})
		for range of.attempts {
			tally.Add(&journal.Outcome{Interrupted: true}, &ends)
		}
	}
	tally.Tally = journal.Tally{Delivered: 7, Refused: 2, Unanswered: 1}
	tally.Attempts, tally.Retries, tally.DeadCount = 15, 5, 4
	tally.Statuses[200], tally.Statuses[503], tally.Statuses[302] = 7, 5, 1
	tally.Failures[record.FailReset] = 2
	tally.Dead = []batch.DeadLetter{{WebhookID: "msg_1", Status: 503, Attempts: 5, Why: "gave up"}, {WebhookID: "msg_2",
		Kind: "reset", Attempts: 1, Why: "\x1b"}}
	whole := ui.Batch{Tally: tally, Total: 10, Skipped: 3, Took: 2 * time.Second, Interrupted: true,
		Rate: deliver.Rate{N: 100, Per: 5 * time.Second, Burst: true}, DeadHint: "barb history --failed"}
	well, queued := batch.NewTally(false), batch.NewTally(false)
	well.Delivered, well.Attempts, queued.Queued = 2000, 2000, 2
	entries := []*store.Queued{
		{ID: 1, Kind: store.Message, Thread: 7, Target: "http://a/", Created: noon, State: store.Waiting, Due: noon,
			Why: "503"},
		{ID: 2, Kind: store.Forward, Thread: 8, Target: "http://b/", Created: noon, State: store.Waiting,
			Due: noon.Add(time.Minute), Order: "key 7"},
		{ID: 3, Kind: store.Command, Thread: 9, Target: "exec:x", Created: noon, State: store.Waiting, Blocked: true},
		{ID: 4, Kind: store.Message, Thread: 9, Target: "http://a/", Created: noon, State: store.Leased,
			Due: noon.Add(time.Second)},
		{ID: 5, Kind: store.Message, Thread: 9, Target: "http://a/", Created: noon, State: store.Dead,
			Due: noon.Add(time.Second)},
	}
	pages := []page{
		{"a run", func(p *ui.Printer) { p.Batch(whole) }},
		{"a run that went well", func(p *ui.Printer) {
			p.Batch(ui.Batch{Tally: well, Total: 2000, Took: time.Second})
		}},
		{"a run for the queue", func(p *ui.Printer) {
			p.Batch(ui.Batch{Tally: queued, Total: 2, Took: time.Second, Interrupted: true})
		}},
		{"the queue", func(p *ui.Printer) {
			p.Queue(entries, noon, func(_ store.QueueKind,
				target string) string {
				return target
			})
		}},
		{"an entry", func(p *ui.Printer) {
			p.QueueEntry(entries[0], noon, `{"retries":"3"}`, nil)
		}},
		{"one in order", func(p *ui.Printer) { p.QueueEntry(entries[1], noon, "", nil) }},
	}
	golden(t, "runs.golden", printed(pages, false)+printed(pages[:1], true))
}
