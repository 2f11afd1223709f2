package ui_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// session is what comes in one: plain ones, a bad signature, a duplicate, forwards, and what strangers make up.
func session() []*ui.Hook {
	at := time.Date(2026, 1, 20, 14, 2, 11, 0, time.Local)
	hook :=
		func(id int64, scheme, event string, size int, verdict record.Verdict, status int, took time.Duration) *ui.Hook {
			x := &record.Exchange{ID: id, Kind: record.Received, Start: at, Took: took, Ended: true, Scheme: scheme,
				EventType: event, Verdict: verdict,
				Request:  record.Request{Method: "POST", Target: "/hooks/in?token=x", Body: make([]byte, size)},
				Response: &record.Response{Status: status}}
			return &ui.Hook{Exchange: x}
		}
	valid := record.Verdict{Status: record.Valid}
	app := func(status int, took time.Duration, failure *record.Failure) *record.Exchange {
		x := &record.Exchange{Kind: record.Sent, Took: took, Ended: true, Err: failure}
		if status != 0 {
			x.Response = &record.Response{Status: status}
		}
		return x
	}
	all := []*ui.Hook{
		hook(8, "", "", 15, record.Verdict{}, 200, 850*time.Microsecond),
		hook(9, "stripe", "invoice.paid", 2148, valid, 200, 18*time.Millisecond),
		hook(10, "github", "push", 91234, valid, 201, 1800*time.Millisecond),
		hook(11, "stripe", "customer.subscription.updated", 512,
			record.Verdict{Status: record.Invalid, Reason: "signature_mismatch"}, 401, time.Millisecond),
		hook(12, "standard-webhooks", "注文.作成された.🎉.\x1b[31mred\u202e", 7, valid, 200, 41*time.Millisecond),
		hook(13, "stripe", "invoice.paid", 2148, valid, 200, 3*time.Millisecond),
		hook(14, "stripe", "invoice.paid", 2148, valid, 502, 2*time.Millisecond),
		hook(15, "", "", 33, record.Verdict{}, 200, 9*time.Millisecond),
		hook(16, "stripe", "ping", 2, valid, 200, 9*time.Millisecond),
	}
	all[7].Handshake = "slack"
	all[2].Apps = []*record.Exchange{app(201, 1790*time.Millisecond, nil)}
	all[5].Marks = []record.Mark{{Kind: record.Duplicate, Of: 9}}
	all[6].Apps = []*record.Exchange{app(0, time.Millisecond, &record.Failure{Kind: record.FailRefused})}
	all[8].Response, all[8].Err = nil, &record.Failure{Kind: record.FailReset}
	return all
}

func lines(width int) string {
	var out bytes.Buffer
	l := ui.HookLines{P: &ui.Printer{W: &out, Width: width}}
	for _, h := range session() {
		l.Write(h)
	}
	return out.String()
}

// The golden file is the place to look at what a session looks like. UPDATE=1 writes it anew.
func TestLinesAtWidths(t *testing.T) {
	var got strings.Builder
	for _, width := range []int{0, 200, 120, 80, 60, 40} {
		fmt.Fprintf(&got, "== %d columns\n%s", width, lines(width))
	}
	path := filepath.Join("testdata", "lines.golden")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestNoLineWraps(t *testing.T) {
	for width := 1; width <= 220; width++ {
		text := lines(width)
		if n := strings.Count(text, "\n"); n != len(session()) {
			t.Fatalf("width %d: %d lines", width, n)
		}
		for line := range strings.Lines(text) {
			if w := lipgloss.Width(strings.TrimSuffix(line, "\n")); w > width {
				t.Errorf("width %d: a line of %d columns: %s", width, w, line)
			}
		}
	}
}

// Once a column has grown it stays, so that the eye finds it in the same place.
func TestNoLineAboutTheQueueWraps(t *testing.T) {
	for _, width := range []int{0, 20, 40, 60, 80, 200} {
		for _, h := range session() {
			var out bytes.Buffer
			p := &ui.Printer{W: &out, Width: width, Color: width%40 == 0}
			h.Run = &record.Run{Exit: 3, Took: time.Second}
			h.Request.URL = "http://127.0.0.1:3000/hooks"
			p.Ran(h.Exchange, "deploy")
			p.Forwarded(h.Exchange, &deliver.Attempt{Exchange: h.Exchange, Decision: deliver.Retry, Wait: time.Minute})
			for line := range strings.Lines(out.String()) {
				if got := lipgloss.Width(strings.TrimSuffix(line, "\n")); width > 0 && got > width {
					t.Errorf("%d columns in %d: %q", got, width, line)
				}
				if !strings.Contains(line, fmt.Sprint(h.ID)) || width == 0 && !strings.Contains(line, "exit 3") &&
					!strings.Contains(line, "retry") {
					t.Errorf("at %d: %q does not say what there is to say", width, line)
				}
			}
		}
	}
}

func TestColumnsNeverMoveBack(t *testing.T) {
	all := strings.Split(strings.TrimSpace(lines(200)), "\n")
	at := -1
	for _, line := range all[4:] { // the widest have come by then
		before, _, _ := strings.Cut(line, "→")
		w := lipgloss.Width(before)
		if at >= 0 && w != at {
			t.Errorf("the answer is at column %d, was at %d: %s", w, at, line)
		}
		at = w
	}
}

func TestANarrowTerminalShowsWhatMatters(t *testing.T) {
	for _, width := range []int{40, 60, 80} {
		all := strings.Split(strings.TrimSpace(lines(width)), "\n")
		for i, must := range map[int][]string{1: {"9", "stripe", "valid", "200"}, 3: {"11", "invalid", "401"},
			6: {"14", "502"}} {
			for _, word := range must {
				if !strings.Contains(all[i], word) {
					t.Errorf("width %d: no %q in %s", width, word, all[i])
				}
			}
		}
		if width >= 60 && !strings.Contains(all[5], "duplicate of 9") {
			t.Errorf("width %d: no duplicate mark in %s", width, all[5])
		}
	}
}

func TestANarrowLineKeepsTheAnswerOfTheApp(t *testing.T) {
	for width, want := range map[int]string{
		0:  "redelivery of 1234  app 500 7ms",
		80: "app 500  redelivery of …",
	} {
		h := session()[2]
		h.Scheme, h.EventType, h.ID, h.Again = "standard-webhooks", "invoice.paid", 4567, true
		h.Marks, h.Apps = []record.Mark{{Kind: record.Duplicate, Of: 1234}}, []*record.Exchange{{Kind: record.Sent,
			Took: 7 * time.Millisecond, Ended: true, Response: &record.Response{Status: 500}}}
		var out bytes.Buffer
		l := ui.HookLines{P: &ui.Printer{W: &out, Width: width}}
		l.Write(h)
		if got := strings.TrimSpace(out.String()); !strings.HasSuffix(got, want) {
			t.Errorf("at %d: %s", width, got)
		}
	}
}

func TestTheReasonOfABadSignatureIsShownOnANarrowTerminal(t *testing.T) {
	bad, again := session()[3], session()[5]
	bad.EventType = "invoice.paid"
	for name, c := range map[string]struct {
		width  int
		before []*ui.Hook
		want   string
	}{
		"as the verdict":                       {120, nil, "invalid signature_mismatch  → 401"},
		"at the end where notes have a column": {80, []*ui.Hook{again}, "1ms  signature_mismatch"},
		"only the word":                        {46, nil, "invalid    → 401"},
	} {
		var out bytes.Buffer
		l := ui.HookLines{P: &ui.Printer{W: &out, Width: c.width}}
		for _, h := range append(c.before, bad) {
			l.Write(h)
		}
		all := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
		if got := all[len(all)-1]; !strings.Contains(got, c.want) || lipgloss.Width(got) > c.width {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestAResizeIsFollowed(t *testing.T) {
	var out bytes.Buffer
	now := 120
	l := ui.HookLines{P: &ui.Printer{W: &out, Width: 120}, Columns: func() int { return now }}
	l.Write(session()[3])
	now = 40
	l.Write(session()[3])
	all := strings.Split(out.String(), "\n")
	if lipgloss.Width(all[0]) <= 40 || lipgloss.Width(all[1]) > 40 {
		t.Errorf("got\n%s", out.String())
	}
}

func details(h *ui.Hook) string {
	var out bytes.Buffer
	(&ui.Printer{W: &out}).Details(h, ui.Shown{Headers: true, Body: true})
	return out.String()
}

func received(contentType, body string) *ui.Hook {
	return &ui.Hook{Exchange: &record.Exchange{Kind: record.Received,
		Request: record.Request{Method: "POST", Target: "/in", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Content-Type", Value: contentType}}, Body: []byte(body)}}}
}

func TestBodiesAreShownAsWhatTheyAre(t *testing.T) {
	for name, c := range map[string]struct{ contentType, body, want string }{
		"json": {"application/json", `{"a":1.0,"b":[],"c":{"d":"x\u00e9,{"},"e":[1,{}]}`,
			"{\n      \"a\": 1.0,\n      \"b\": [],\n      \"c\": {\n        \"d\": \"x\\u00e9,{\"\n      },\n      \"e\": " +
				"[\n        1,\n        {}\n      ]\n    }"},
		"json, unsaid": {"text/plain", "{ \"a\" :\t1 }", "{\n      \"a\": 1\n    }"},
		"broken json":  {"application/json", `{"a":`, `{"a":`},
		"form": {"application/x-www-form-urlencoded", "b=2&a=caf%C3%A9+x&b=%1b[31m&empty",
			"b = 2\n    a = café x\n    b = \\x1b[31m\n    empty = "},
		"form with json": {"application/x-www-form-urlencoded; charset=utf-8", "payload=%7B%22a%22%3A1%7D&x=1",
			"payload =\n    {\n      \"a\": 1\n    }\n    x = 1"},
		"multipart": {"multipart/form-data; boundary=XX", strings.Join([]string{
			"--XX", "Content-Disposition: form-data; name=a", "", "1 \x1b[31m",
			"--XX", `Content-Disposition: form-data; name="f"; filename="x.png"`, "Content-Type: image/png", "", "\x89PNG\x00",
			"--XX", "Content-Disposition: form-data; name=j", "", `{"n":1}`, "--XX--", ""}, "\r\n"),
			"a = 1 \\x1b[31m\n    f = (x.png, image/png, 5B)\n    j =\n    {\n      \"n\": 1\n    }"},
		"not multipart": {"multipart/form-data; boundary=XX", "--YY", "--YY"},
		"not a form":    {"application/x-www-form-urlencoded", "a=%zz", "a=%zz"},
		"text":          {"text/plain", "line 1\nline \x1b[2J2\n", "line 1\n    line \\x1b[2J2"},
		"binary": {"application/octet-stream", "\x00\xffPNG and so on, more", "0000  00 ff 50 4e 47 20 61 6e 64 20 73 " +
			"6f 20 6f 6e 2c  ..PNG and so on,\n    0010  20 6d 6f 72 65                                    more"},
	} {
		if got, want := details(received(c.contentType, c.body)), "    POST /in HTTP/1.1\n    Content-Type: "+c.contentType+
			"\n\n    "+c.want+"\n\n"; got != want {
			t.Errorf("%s: %s", name, cmp.Diff(want, got))
		}
	}
}

func TestLargeBodiesAreCutAndSoSaid(t *testing.T) {
	long := `{"a":"` + strings.Repeat("é", 100_000) + `"}`
	got := details(received("application/json", long))
	if !strings.Contains(got, "{\n      \"a\": \"é") ||
		!strings.Contains(got, "(66kB shown, 134kB more: barb show 0 --body has all)") || strings.Contains(got, `\x`) {
		t.Errorf("got %.100s … %s", got, got[len(got)-100:])
	}
	if got := details(received("", strings.Repeat("\x00", 1000))); !strings.Contains(got, "(128B shown, 872B more") {
		t.Errorf("got %s", got)
	}
	part := "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n" + strings.Repeat("\x01", 5000) + "\r\n"
	got = details(received("multipart/form-data; boundary=XX", strings.Repeat(part, 190)+"--XX--\r\n"))
	if len(got) > 128<<10 || !strings.Contains(got, "904B more)\n") ||
		!strings.Contains(got, "(more parts are in the body)") {
		t.Errorf("%d bytes are shown of many parts", len(got))
	}
	deep := strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000)
	if got := details(received("application/json", deep)); len(got) > 16<<20 {
		t.Errorf("%d bytes are shown of nested brackets", len(got))
	}
}

func TestTheAppsAnswerIsShownOnce(t *testing.T) {
	h := received("text/plain", "hi")
	answer := &record.Response{Status: 201, Proto: "HTTP/1.1", Reason: "Created",
		Header: record.Header{{Name: "X-App", Value: "1"}}, Body: []byte(`{"ok":true}`)}
	h.Response = answer
	h.Apps = []*record.Exchange{{Kind: record.Sent, Ended: true, Took: 12 * time.Millisecond, Response: answer,
		Request: record.Request{URL: "http://127.0.0.1:3000/in"}}}
	got := details(h)
	if strings.Count(got, "X-App: 1") != 1 || !strings.Contains(got,
		"app http://127.0.0.1:3000/in  201 12ms\n    ← HTTP/1.1 201 Created\n    X-App: 1\n\n    {\n") {
		t.Errorf("got\n%s", got)
	}
}
