package act_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands"
	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/again"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/retest"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/cassette"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

const secret = "an-act-secret-0123456789"

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// desk is a history with its actions, in a folder with a barb.toml.
type desk struct {
	*act.Actions
	t   *testing.T
	env shell.Env
}

func newDesk(t *testing.T, toml string) *desk {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "barb.toml"), []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	set := map[string]string{"HOME": dir, "XDG_CONFIG_HOME": dir, "XDG_DATA_HOME": dir, "SECRET": secret,
		"BARB_TRUST": "1", "BARB_DB": filepath.Join(dir, "history.db")}
	env := shell.Env{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Dir: dir,
		Now: func() time.Time { return now }, Getenv: func(name string) string { return set[name] },
		Rand: func() float64 { return 0.5 }, Interruptible: context.WithCancel}
	sh := shell.New(env, "test")
	sh.Root = &cobra.Command{Use: "barb"}
	sh.AddGlobalFlags(sh.Root)
	if err := sh.Prepare(sh.Root); err != nil {
		t.Fatal(err)
	}
	history, err := sh.WriteHistory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	return &desk{&act.Actions{Shell: sh}, t, env}
}

// add records an exchange and returns its id.
func (d *desk) add(x *record.Exchange) int64 {
	d.t.Helper()
	if err := d.Shell.History.Record(d.t.Context(), x); err != nil {
		d.t.Fatal(err)
	}
	return x.ID
}

// received is a webhook with a signature that SECRET made.
func received(t *testing.T, scheme, body string) *record.Exchange {
	t.Helper()
	s, _ := catalog.Lookup(scheme)
	signed, err := s.Sign(sign.Message{Method: "POST", URL: "http://127.0.0.1:1/in", ID: "msg_1", Time: now,
		Body: []byte(body)}, sign.Secret{Key: []byte(secret), Name: "env:SECRET"})
	if err != nil {
		t.Fatal(err)
	}
	x := &record.Exchange{Kind: record.Received, Start: now, Scheme: scheme, WebhookID: "msg_1",
		Request: record.Request{Method: "POST", URL: "http://127.0.0.1:1/in?a=%20b", Target: "/in?a=%20b", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Content-Type", Value: "application/json"}}, Body: []byte(body)},
		Response: &record.Response{Status: 200}, Ended: true,
		Verdict: record.Verdict{Status: record.Valid, Secret: "env:SECRET"}}
	for _, f := range signed.Fields {
		x.Request.Header = append(x.Request.Header, record.Field{Name: f.Name, Value: f.Value})
	}
	return x
}

// forwarded is the forward of a webhook to an app that answered so.
func forwarded(of *record.Exchange, app string, status int) *record.Exchange {
	f := *of
	f.ID, f.Thread, f.Webhook, f.Kind, f.Role, f.Verdict = 0, of.ID, of.ID, record.Sent, record.Forward, record.Verdict{}
	f.Request.URL, f.Request.Target = app+"/in?a=%20b", ""
	f.Response, f.Attempt = &record.Response{Status: status}, 1
	return &f
}

// app is a server that answers 200 and keeps what came.
type app struct {
	*httptest.Server
	came []*http.Request
	body [][]byte
}

func newApp(t *testing.T) *app {
	a := &app{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.came, a.body = append(a.came, r), append(a.body, body)
	}))
	t.Cleanup(a.Close)
	return a
}

// isUsage reports whether an error says what a person is to do otherwise.
func isUsage(err error) bool {
	f, ok := errors.AsType[*fail.Error](err)
	return ok && f.Code == fail.ExitUsage
}

// check verifies what an app got.
func (a *app) check(t *testing.T, scheme string, i int) error {
	t.Helper()
	s, _ := catalog.Lookup(scheme)
	_, err := s.Verify(sign.Message{Method: "POST", URL: a.URL + a.came[i].RequestURI, Header: a.came[i].Header,
		Body: a.body[i]}, now, sign.Secret{Key: []byte(secret)})
	return err
}

func TestAReplayIsSignedAnewAndSaysWhatBecameOfTheWebhook(t *testing.T) {
	t.Parallel()
	d, a := newDesk(t, ""), newApp(t)
	x := received(t, "stripe", `{"a":1}`)
	x.Request.Header = x.Request.Header.Set("Stripe-Signature", "t=1,v1=00")
	d.add(x)
	d.add(forwarded(x, a.URL, 500))
	done, err := d.Replay(t.Context(), x.ID, act.How{})
	if err != nil {
		t.Fatal(err)
	}
	if done.Verdict.Word != retest.Fixed || !done.Delivered || done.Attempts != 1 || done.Changes != nil ||
		done.Sent.WebhookID != "msg_1" || !slices.Contains(done.Notes, "signed with env:SECRET") {
		t.Errorf("%+v", done)
	}
	if err := a.check(t, "stripe", 0); err != nil || a.came[0].RequestURI != "/in?a=%20b" {
		t.Errorf("%s: %v", a.came[0].RequestURI, err)
	}
	w, err := webhooks.Get(t.Context(), d.Shell.History, x.ID, now)
	if err != nil || len(w.Exchanges) != 3 || w.Exchanges[2].ID != done.Sent.ID || w.State != webhooks.Accepted {
		t.Errorf("%+v, %v", w, err)
	}
	if done, err = d.Replay(t.Context(), done.Sent.ID, act.How{Exact: true}); err != nil {
		t.Fatal(err)
	}
	if a.came[1].Header.Get("Stripe-Signature") != "t=1,v1=00" || done.Verdict.Word != retest.StillPassing {
		t.Errorf("exactly: %v, %+v", a.came[1].Header, done.Verdict)
	}
	if done, err = d.Replay(t.Context(), x.ID, act.How{NewID: true}); err != nil || done.Sent.WebhookID == "msg_1" {
		t.Errorf("a new id: %+v, %v", done, err)
	}
}

func TestAnEditedReplayIsSignedAndShowsWhatChanged(t *testing.T) {
	t.Parallel()
	d, a := newDesk(t, ""), newApp(t)
	x := received(t, "github", `{"a":1,"b":2}`)
	d.add(x)
	d.add(forwarded(x, a.URL, 200))
	done, err := d.Replay(t.Context(), x.ID, act.How{Edited: true, Body: []byte(`{"a":1,"b":3}`)})
	if err != nil {
		t.Fatal(err)
	}
	if c := done.Changes; len(c) != 1 || c[0].Name != ".b" || *c[0].Old != "2" || *c[0].New != "3" {
		t.Errorf("%+v", c)
	}
	if err := a.check(t, "github", 0); err != nil || string(a.body[0]) != `{"a":1,"b":3}` {
		t.Errorf("%s: %v", a.body[0], err)
	}
	if _, err := d.Replay(t.Context(), x.ID, act.How{Edited: true, Exact: true}); err == nil || len(a.came) != 1 {
		t.Error("an edited body went out with the old signature")
	}
	if done, err = d.Replay(t.Context(), x.ID, act.How{Edited: true}); err != nil || len(a.body[1]) != 0 {
		t.Errorf("an empty body: %+v, %v", done, err)
	}
}

func TestTargetsComeFromTheHistoryTheConfigurationAndTheCommand(t *testing.T) {
	t.Parallel()
	a, b := newApp(t), newApp(t)
	d := newDesk(t, "[[route]]\npath = \"/stripe\"\nforward_to = \""+b.URL+"\"\n")
	d.Shell.File.Values["listen.forward_to"] = ":9" // as [listen] says it
	d.Forward = []string{":3000"}
	x := received(t, "github", `{}`)
	d.add(x)
	names := func() (all []string) {
		targets, err := d.Targets(t.Context(), x.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range targets {
			all = append(all, target.From+" "+target.Name)
		}
		return all
	}
	want := []string{"barb.toml http://127.0.0.1:9", "--forward-to http://127.0.0.1:3000", "route /stripe " + b.URL}
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	d.add(forwarded(x, a.URL, 200))
	if got := names(); !slices.Equal(got, append([]string{"forwarded " + a.URL + "/in"}, want...)) {
		t.Errorf("forwarded: %q", got)
	}
	for _, name := range []string{a.URL, "http://127.0.0.1:1", "route /stripe"} {
		if _, err := d.Replay(t.Context(), x.ID, act.How{Target: name}); !isUsage(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	done, err := d.Replay(t.Context(), x.ID, act.How{Target: b.URL})
	if err != nil || len(b.came) != 1 || b.came[0].RequestURI != "/in?a=%20b" || done.Sent.Role != record.Elsewhere {
		t.Errorf("%+v, %v", done, err)
	}
	if len(a.came) != 0 {
		t.Error("the first target got what was for another")
	}
}

func TestAReceivedWebhookLeavesThePrivateNetworksOnlyWithConsent(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "[[route]]\nforward_to = \"http://203.0.113.1:9\"\n")
	x := received(t, "github", `{}`)
	d.add(x)
	_, err := d.Replay(t.Context(), x.ID, act.How{})
	if leaves, ok := errors.AsType[*again.LeavesError](err); !ok || leaves.To != "203.0.113.1" || leaves.Webhooks != 1 {
		t.Errorf("%v", err)
	}
	if w, err := webhooks.Get(t.Context(), d.Shell.History, x.ID, now); err != nil || len(w.Exchanges) != 1 {
		t.Errorf("%+v, %v", w, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err = d.Replay(ctx, x.ID, act.How{Anywhere: true}); err != nil && errors.As(err, new(*again.LeavesError)) {
		t.Errorf("with consent: %v", err)
	}
}

func TestAnExplanationIsThatOfTheCommandLine(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	good := received(t, "stripe", `{"a":1}`)
	bad := received(t, "stripe", `{"a":1}`)
	bad.Request.Body = []byte(`{"a": 1}`)
	bad.Verdict = record.Verdict{Status: record.Invalid, Reason: "signature_mismatch", Tried: "env:SECRET"}
	for _, x := range []*record.Exchange{good, bad} {
		d.add(x)
		e, err := d.Explain(t.Context(), x.ID)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		env := d.env
		env.Out = &out
		if err := d.Shell.History.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		commands.Main(t.Context(), env, "test", []string{"verify", "--explain", "--json", "@"})
		var want, got any
		text, _ := json.Marshal(e.Verdict)
		if json.Unmarshal(out.Bytes(), &want) != nil || json.Unmarshal(text, &got) != nil || !reflect.DeepEqual(want, got) {
			t.Errorf("got  %s\nwant %s", text, out.Bytes())
		}
		stamp := "1772366400."
		if len(e.Signed) != 1 || string(e.Signed[0]) != stamp+string(x.Request.Body) || !e.Timed ||
			e.Tolerance.Past != 5*time.Minute {
			t.Errorf("%q, %v", e.Signed, e.Tolerance)
		}
	}
	e, err := d.Explain(t.Context(), bad.ID)
	if err != nil || len(e.Verdict.Explain.Causes) != 1 || e.Verdict.Explain.Causes[0].Difference.Offset != 5 ||
		e.Why != "signature does not match secret env:SECRET" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestACassetteOfAWebhookCanBeRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	x := received(t, "github", `{}`)
	d.add(x)
	d.add(forwarded(x, "http://127.0.0.1:9", 418))
	text, err := d.Cassette(t.Context(), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	f, err := cassette.Open("a", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for w, err := range f.All() {
		if n++; err != nil || string(w.Request.Body) != `{}` || w.Response.Status != 418 {
			t.Errorf("%+v, %v", w, err)
		}
	}
	if n != 1 {
		t.Errorf("%d webhooks", n)
	}
}

func TestADeletedWebhookGoesWithAllThatBelongsToIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	x, other, waits := received(t, "github", `{}`), received(t, "github", `{}`), received(t, "github", `{}`)
	d.add(x)
	d.add(forwarded(x, "http://127.0.0.1:9", 500))
	d.add(other)
	entry := &store.Queued{Kind: store.Forward, Target: "http://127.0.0.1:9", Due: now, Created: now}
	if err := d.Shell.History.RecordQueued(t.Context(), waits, entry); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete(t.Context(), x.ID+1); err != nil {
		t.Error(err)
	}
	if err := d.Delete(t.Context(), waits.ID); !isUsage(err) {
		t.Errorf("what waits: %v", err)
	}
	if err := d.Delete(t.Context(), x.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
	var left []int64
	for y, err := range d.Shell.History.List(t.Context(), store.Filter{OldestFirst: true}) {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, y.ID)
	}
	if !slices.Equal(left, []int64{other.ID, waits.ID}) {
		t.Error(left)
	}
}

func TestANoteAndAPinAreOfTheWebhook(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	x := received(t, "github", `{}`)
	d.add(x)
	f := d.add(forwarded(x, "http://127.0.0.1:9", 500))
	check := func(want store.Remark) {
		t.Helper()
		w, err := webhooks.Get(t.Context(), d.Shell.History, f, now)
		if err != nil || w.Remark != want {
			t.Errorf("%+v, %v, want %+v", w.Remark, err, want)
		}
		line := w.JSON(w.Last(), export.With{})
		if line.Pinned != want.Pinned || line.Note != want.Note {
			t.Errorf("JSON: %+v", line)
		}
	}
	check(store.Remark{})
	if err := d.Note(t.Context(), f, " two\nlines "); err != nil {
		t.Error(err)
	}
	check(store.Remark{Note: "two\nlines"})
	if err := d.Pin(t.Context(), f, true); err != nil {
		t.Error(err)
	}
	check(store.Remark{Pinned: true, Note: "two\nlines"})
	if err := d.Delete(t.Context(), x.ID); !isUsage(err) || !strings.Contains(err.Error(), "pinned") {
		t.Errorf("a pinned webhook: %v", err)
	}
	for _, text := range []string{strings.Repeat("x", act.MaxNote+1), "\xff"} {
		if err := d.Note(t.Context(), x.ID, text); !isUsage(err) {
			t.Errorf("%.9q: %v", text, err)
		}
	}
	if err := errors.Join(d.Pin(t.Context(), x.ID, false), d.Note(t.Context(), x.ID, "")); err != nil {
		t.Error(err)
	}
	check(store.Remark{})
	if err := d.Note(t.Context(), 99, "x"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("none: %v", err)
	}
}
