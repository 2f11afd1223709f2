package replay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// app is an endpoint that notes what comes, and answers with the status that the path ends in, else 200.
type app struct {
	*httptest.Server
	mu  sync.Mutex
	got []string // "METHOD path body"
}

func newApp(t *testing.T) *app {
	t.Helper()
	a := &app{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		a.got = append(a.got, r.URL.Path+" "+string(body)+" "+r.Header.Get("X-Hub-Signature-256"))
		a.mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "500") {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *app) came() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.got, ", ")
}

// webhook is a webhook that was received at a path.
func webhook(path, body string) *record.Exchange {
	return &record.Exchange{Kind: record.Received, WebhookID: "id of " + body, Start: now, Ended: true,
		Response: &record.Response{Status: 200},
		Request: record.Request{Method: "POST", URL: "http://hooks.example" + path, Target: path, Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Host", Value: "hooks.example"}}, Body: []byte(body)}}
}

// newHistory returns a history that has some exchanges, with the ids from 1.
func newHistory(t *testing.T, exchanges ...*record.Exchange) *store.Store {
	t.Helper()
	history, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	for _, x := range exchanges {
		if err := history.Record(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	return history
}

// newRun returns a run over all of a history as it is now, whose received webhooks go to an app, unsigned.
func newRun(t *testing.T, history *store.Store, to string) *replay.Run {
	t.Helper()
	client, err := deliver.NewClient(deliver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	r := &replay.Run{Journal: journal.Journal{History: history}, AtOnce: 1, Now: func() time.Time { return now },
		Sender: deliver.Sender{Client: client, Policy: deliver.Policy{RetryOn: deliver.DefaultRetryOn(),
			Timeout: 10 * time.Second}}}
	p := plan()
	r.Plan.Redactor, r.Plan.Lookup, r.Plan.Pieces, r.Plan.Values = p.Redactor, p.Lookup, history.Pieces, p.Values
	r.Selected = func(ctx context.Context) iter.Seq2[replay.Item, error] {
		return replay.Letters(nil).Items(webhooks.List(ctx, history, store.Filter{OldestFirst: true}, now))
	}
	r.Whole = func(*record.Exchange) error { return nil }
	r.Route = func(*record.Exchange) (string, error) { return to, nil }
	r.Nowhere = func(*record.Exchange) error { return errors.New("nowhere") }
	r.Signer = func(context.Context, *record.Exchange) (*signer.Signer, error) { return &signer.Signer{}, nil }
	r.Tell = func(*replay.Replay, *deliver.Attempt) error { return nil }
	return r
}

func TestARunReplaysInOrderWhatWasThereWhenItWasChecked(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	history := newHistory(t, webhook("/a", "1"), webhook("/500", "2"), webhook("/c", "3"))
	r := newRun(t, history, a.URL)
	var told []string
	r.Begin = func(p *replay.Replay) { told = append(told, fmt.Sprint("begin ", p.ID)) }
	r.Tell = func(_ *replay.Replay, a *deliver.Attempt) error {
		told = append(told, fmt.Sprint(a.Exchange.Status()))
		return nil
	}
	r.End = func(_ *replay.Replay, o *journal.Outcome, _ time.Duration) {
		told = append(told, fmt.Sprint("end ", o.Delivered()))
	}
	count, err := r.Check(t.Context(), nil)
	if count != 3 || err != nil || a.came() != "" {
		t.Fatalf("%d, %v; the app got %q", count, err, a.came())
	}
	if err := history.Record(t.Context(), webhook("/late", "4")); err != nil {
		t.Fatal(err)
	}
	tally, err := r.Send(t.Context())
	if err != nil || tally.Delivered != 2 || tally.Refused != 1 {
		t.Errorf("%+v, %v", tally, err)
	}
	if want := "/a 1 , /500 2 , /c 3 "; a.came() != want {
		t.Errorf("the app got %q, want %q", a.came(), want)
	}
	if got := strings.Join(told, ", "); got != "begin 1, 200, end true, begin 2, 500, end false, begin 3, 200, end true" {
		t.Error(got)
	}
	x, err := history.Get(t.Context(), 5)
	if err != nil || x.Thread != 1 || x.WebhookID != "id of 1" || x.Kind != record.Sent {
		t.Errorf("the history has %+v, %v", x, err)
	}
}

func TestSeveralAtATime(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	var all []*record.Exchange
	for n := range 20 {
		all = append(all, webhook("/a", fmt.Sprint(n)))
	}
	r := newRun(t, newHistory(t, all...), a.URL)
	r.AtOnce = 4
	if count, err := r.Check(t.Context(), nil); count != 20 || err != nil {
		t.Fatal(count, err)
	}
	tally, err := r.Send(t.Context())
	if err != nil || tally.Delivered != 20 || len(a.got) != 20 {
		t.Errorf("%+v, %v; %d came", tally, err, len(a.got))
	}
}

func TestWhatIsWrongIsFoundBeforeTheFirstIsSent(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong")
	for name, breaks := range map[string]func(*replay.Run){
		"address": func(r *replay.Run) { r.Route = func(*record.Exchange) (string, error) { return "", wrong } },
		"no address": func(r *replay.Run) {
			r.Route = func(*record.Exchange) (string, error) { return "", nil }
			r.Nowhere = func(*record.Exchange) error { return wrong }
		},
		"body": func(r *replay.Run) { r.Whole = func(*record.Exchange) error { return wrong } },
		"secret": func(r *replay.Run) {
			r.Signer = func(context.Context, *record.Exchange) (*signer.Signer, error) { return nil, wrong }
		},
		"selection": func(r *replay.Run) {
			r.Selected = func(context.Context) iter.Seq2[replay.Item, error] {
				return func(yield func(replay.Item, error) bool) { yield(replay.Item{}, wrong) }
			}
		},
	} {
		for _, exact := range []bool{true, false} { // which reads the bodies, or not
			r := newRun(t, newHistory(t, webhook("/a", "1")), "http://localhost:1")
			breaks(r)
			r.Plan.NewID = exact
			if _, err := r.Check(t.Context(), nil); !errors.Is(err, wrong) {
				t.Errorf("%s, read each %t: %v", name, exact, err)
			}
			dryRun := func(*replay.Replay) error { t.Errorf("%s: could be sent", name); return nil }
			if _, err := r.Check(t.Context(), dryRun); !errors.Is(err, wrong) {
				t.Errorf("%s, as a whole: %v", name, err)
			}
			if _, err := r.Send(t.Context()); err != nil {
				t.Errorf("%s: nothing was checked, and yet: %v", name, err)
			}
		}
	}
	r := newRun(t, newHistory(t, webhook("/a", "1")), "http://localhost:1")
	r.Signer = func(context.Context, *record.Exchange) (*signer.Signer, error) {
		return signs(t, "discord", "no key"), nil
	}
	if _, err := r.Check(t.Context(), func(*replay.Replay) error { return nil }); err == nil {
		t.Error("a key that cannot sign was not found")
	}
	_ = r.Journal.History.Close()
	if _, err := r.Check(t.Context(), nil); err == nil {
		t.Error("a closed history was read")
	}
}

func TestADryRunMakesWhatWouldBeSent(t *testing.T) {
	t.Parallel()
	r := newRun(t, newHistory(t, webhook("/a", "1"), webhook("/b", "2")), "http://localhost:1")
	var would []string
	count, err := r.Check(t.Context(), func(p *replay.Replay) error {
		would = append(would, fmt.Sprint(p.ID, " ", p.X.Request.URL, " ", string(p.X.Request.Body)))
		return nil
	})
	want := "1 http://localhost:1/a 1, 2 http://localhost:1/b 2"
	if got := strings.Join(would, ", "); count != 2 || err != nil || got != want {
		t.Errorf("%d %s, %v", count, got, err)
	}
	full := errors.New("stdout is full")
	if _, err := r.Check(t.Context(), func(*replay.Replay) error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
}

func TestWhereAReplayGoes(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	sent := webhook("/sent", "1")
	sent.Kind, sent.Request.URL = record.Sent, a.URL+"/sent"
	for to, want := range map[string]string{"": "/sent 1 , /app/got 2 ", a.URL + "/to": "/to 1 , /to 2 ",
		a.URL + "/sent": "/sent 1 , /sent 2 "} {
		a.got = nil
		r := newRun(t, newHistory(t, sent, webhook("/got", "2")), a.URL+"/app/got")
		sent.ID = 0
		r.To = to
		if _, err := r.Check(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Send(t.Context()); err != nil || a.came() != want {
			t.Errorf("--to %q: %q, %v", to, a.came(), err)
		}
		for id, home := range map[int64]bool{1: to == "" || to == a.URL+"/sent", 2: to == ""} {
			all, err := r.Journal.History.Thread(t.Context(), id)
			if want := map[bool]record.Role{true: record.Replay, false: record.Elsewhere}[home]; err != nil ||
				len(all) != 2 || all[1].Role != want {
				t.Errorf("--to %q: webhook %d: %+v, %v", to, id, all, err)
			}
		}
	}
}

func TestADeadLetterGoesAsItWasQueuedAndIsDeadNoMore(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	history := lettersFor(t, record.Sent, 1)
	letters, err := replay.ReadLetters(t.Context(), history)
	if err != nil {
		t.Fatal(err)
	}
	letters[1][0].Target = a.URL + "/letter"
	other, err := deliver.NewClient(deliver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, step := range []struct {
		to, path string
		left     int
	}{{a.URL + "/to", "/to", 1}, {"", "/letter", 0}} { // what went elsewhere stays dead
		a.got = nil
		r := newRun(t, history, "")
		r.To, r.Sender.Client = step.to, nil // so only the client that is remembered can send
		r.Selected = func(ctx context.Context) iter.Seq2[replay.Item, error] {
			return letters.Items(webhooks.List(ctx, history, store.Filter{IDs: letters.IDs()}, now))
		}
		r.Remembered = func(_ context.Context, q *store.Queued) (*signer.Signer, *deliver.Client, error) {
			if q != letters[1][0] {
				t.Errorf("asked for %+v", q)
			}
			return signs(t, "github", "key"), other, nil
		}
		r.Signer = nil
		if _, err := r.Check(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Send(t.Context()); err != nil || !strings.HasPrefix(a.came(), step.path+" ") ||
			!strings.Contains(a.came(), "sha256=") {
			t.Errorf("%q, %v", a.came(), err)
		}
		dead, err := replay.ReadLetters(t.Context(), history)
		if err != nil || len(dead) != step.left {
			t.Errorf("%d left, want %d; %v", len(dead), step.left, err)
		}
	}
}

func TestAQueuedMessageHasTheSecretThatItWasQueuedWith(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	history := lettersFor(t, record.Sent, 1, 1)
	r := newRun(t, history, "")
	r.To = a.URL
	lost := errors.New("its secret is lost")
	r.Remembered = func(_ context.Context, q *store.Queued) (*signer.Signer, *deliver.Client, error) {
		if q.Thread == 1 {
			return &signer.Signer{}, nil, nil
		}
		return nil, nil, lost
	}
	if _, err := r.Check(t.Context(), nil); !errors.Is(err, lost) {
		t.Errorf("%v, though each remembers its own", err)
	}
	r.Remembered = func(context.Context, *store.Queued) (*signer.Signer, *deliver.Client, error) { return nil, nil, nil }
	r.Signer = func(context.Context, *record.Exchange) (*signer.Signer, error) { return signs(t, "github", "key"), nil }
	if _, err := r.Check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if tally, err := r.Send(t.Context()); err != nil || tally.Delivered != 2 || !strings.Contains(a.came(), "sha256=") {
		t.Errorf("%q, %v", a.came(), err)
	}
}

func TestExactlyTheBytesGoOutUnderTheOldSignature(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	x := webhook("/a", "1")
	x.Request.Header = x.Request.Header.Set("X-Hub-Signature-256", "sha256=old")
	x.Request.Head = "POST /a HTTP/1.1\r\nHost: hooks.example\r\nX-Hub-Signature-256: sha256=old\r\n" +
		"Content-Length: 1\r\n\r\n"
	r := newRun(t, newHistory(t, x), a.URL)
	r.Plan.Exact = true
	r.Signer = func(context.Context, *record.Exchange) (*signer.Signer, error) {
		t.Error("asked for a signer")
		return nil, nil
	}
	if _, err := r.Check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Send(t.Context()); err != nil || a.came() != "/a 1 sha256=old" {
		t.Errorf("%q, %v", a.came(), err)
	}
}

func TestARunEndsWithItsContextAndWithTheFirstError(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	history := newHistory(t, webhook("/a", "1"), webhook("/b", "2"), webhook("/c", "3"))
	ctx, cancel := context.WithCancel(t.Context())
	r := newRun(t, history, a.URL)
	if _, err := r.Check(ctx, nil); err != nil {
		t.Fatal(err)
	}
	r.Tell = func(*replay.Replay, *deliver.Attempt) error { cancel(); return nil }
	if tally, err := r.Send(ctx); err != nil || tally.Delivered != 1 || a.came() != "/a 1 " {
		t.Errorf("%+v, %v; %q came", tally, err, a.came())
	}
	full := errors.New("stdout is full")
	r.Tell = func(*replay.Replay, *deliver.Attempt) error { return full }
	if _, err := r.Send(t.Context()); !errors.Is(err, full) || len(a.got) != 2 {
		t.Errorf("%v; %q came", err, a.came())
	}
	r.Whole = func(*record.Exchange) error { return full }
	if _, err := r.Send(t.Context()); !errors.Is(err, full) || len(a.got) != 2 {
		t.Errorf("%v; %q came", err, a.came())
	}
}

func TestAMaskedWebhookIsReadAsAWhole(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	x := received()
	x.ID = 0
	p := plan(token)
	history := newHistory(t)
	history.Redact = p.Redactor.Redact
	if err := history.Record(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	r := newRun(t, history, a.URL)
	_, err := r.Check(t.Context(), nil)
	if masked, ok := errors.AsType[*replay.MaskedError](err); !ok || masked.ID != 1 {
		t.Errorf("%v, though the secret is not known", err)
	}
	r.Plan.Redactor = p.Redactor
	if count, err := r.Check(t.Context(), nil); count != 1 || err != nil {
		t.Error(count, err)
	}
	r.Plan.Exact = true
	r.Signer = func(context.Context, *record.Exchange) (*signer.Signer, error) { return signs(t, "github", "key"), nil }
	if _, err := r.Send(t.Context()); err != nil || a.came() != "/in  " { // the head has no length
		t.Errorf("%q, %v", a.came(), err)
	}
}

func TestAChangeIsCheckedInEach(t *testing.T) {
	t.Parallel()
	r := newRun(t, newHistory(t, webhook("/a", `{"n":1}`), webhook("/a", "no JSON")), "http://localhost:1")
	change, err := payload.ParseChange("n=2")
	if err != nil {
		t.Fatal(err)
	}
	r.Plan.Changes = []payload.Change{change}
	if _, err := r.Check(t.Context(), nil); err == nil {
		t.Error("a payload that cannot be changed was not found")
	}
}
