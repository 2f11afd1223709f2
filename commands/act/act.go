// Package act does with one webhook of the history what a person asks for in a view: the page, the terminal, an agent.
// Each action is what the command line does for the same wish. It has no flags, asks nothing and prints nothing.
package act

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/again"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/files"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver/compare"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// Actions are what can be done with webhooks. An id is that of any exchange of a webhook. Many goroutines may use one.
// Errors are store.ErrNotFound, *fail.Error with hints for a person, and those that a method names.
type Actions struct {
	Shell   *shell.Shell // its history is open for writing
	Forward []string     // --forward-to of the running command, as it was typed
	Scheme  string       // --scheme of the running command, "" without
	Secrets []string     // --secret of the running command: references
}

// Target is an address that a webhook may be replayed to.
type Target struct {
	Name string // the address as it may be shown: without secrets
	From string // where it comes from: "forwarded", "sent", "route /stripe", "--forward-to", "listen.forward_to"
	url  string
	home bool // a replay goes there by itself
}

// Targets returns the addresses that a webhook may be replayed to, each once. The first is where a replay goes that
// names none. They are where the webhook went before, and what the configuration and the running command forward to.
func (a *Actions) Targets(ctx context.Context, id int64) (all []Target, err error) {
	sh := a.Shell
	w, err := webhooks.Get(ctx, sh.History, id, sh.Now())
	if err != nil {
		return nil, err
	}
	add := func(from, address string, home bool) {
		url, err := flags.Target(address)
		if err != nil || slices.ContainsFunc(all, func(t Target) bool { return t.url == url }) {
			return // listen does not forward to an invalid URL either
		}
		shown := sh.History.Redacted(&record.Exchange{Request: record.Request{URL: url}}).Request.URL
		all = append(all, Target{Name: shown, From: from, url: url, home: home})
	}
	went := "forwarded"
	if w.Kind() == record.Sent {
		went = "sent"
	}
	for i, address := range replay.Homes(w) {
		add(went, address, i == 0)
	}
	if w.Kind() == record.Received {
		if app, err := again.RouteOf(sh.File, w.Last()); err == nil && app != "" {
			add("barb.toml", app, len(all) == 0)
		}
	}
	for _, address := range a.Forward {
		add("--forward-to", address, false)
	}
	for _, row := range sh.File.Routes {
		for _, t := range row.Targets {
			add("route "+row.Name(), t.URL, false)
		}
	}
	if app := sh.File.Values["listen.forward_to"]; app != "" {
		add("listen.forward_to", app, false)
	}
	return all, nil
}

// How is how a webhook is replayed. The zero value signs it anew and sends it to the first of its targets.
type How struct {
	Target   string   // the name of one of its targets; "": the first
	Exact    bool     // the recorded bytes with the old signature
	NewID    bool     // with a webhook id of its own
	Edited   bool     // with Body in place of the recorded body
	Body     []byte   // only with Edited
	Header   []string // fields that are set, "Name: value" each
	Anywhere bool     // a received webhook may go to an address that is not private; see *again.LeavesError
}

// Replayed is what became of a replay.
type Replayed struct {
	again.Done
	// Changes are the differences of an edited body from the recorded one; of other replays there are none.
	Changes []compare.Difference
}

// Replay sends a webhook again and records it. The error may be an *again.LeavesError: then nothing was sent, and
// How.Anywhere is the consent to it. That no answer came is no error.
func (a *Actions) Replay(ctx context.Context, id int64, how How) (*Replayed, error) {
	to, err := a.to(ctx, id, how.Target)
	if err != nil {
		return nil, err
	}
	done, err := again.Once(ctx, a.Shell, id, again.How{To: to, Exact: how.Exact, NewID: how.NewID, Edited: how.Edited,
		Body: how.Body, Scheme: a.Scheme, Secrets: a.Secrets, Anywhere: how.Anywhere, Header: how.Header})
	if err != nil {
		return nil, err
	}
	out := &Replayed{Done: *done}
	if how.Edited && done.Sent != nil {
		x, err := a.Repeated(ctx, id)
		if err != nil {
			return nil, err
		}
		out.Changes = Changes(x, how.Body)
	}
	return out, nil
}

// Changes returns the differences of a body from the recorded one of an exchange: of JSON and forms by path, of text by
// line.
func Changes(x *record.Exchange, body []byte) []compare.Difference {
	recorded, edited := compare.Request(x), compare.Request(x)
	edited.Body = body
	return compare.Messages(recorded, edited, compare.Options{})
}

// to returns the address for the target with a name, "" where a replay goes there by itself.
func (a *Actions) to(ctx context.Context, id int64, name string) (string, error) {
	all, err := a.Targets(ctx, id)
	if err != nil {
		return "", err
	}
	for _, t := range all {
		switch {
		case name != "" && t.Name != name:
		case t.home:
			return "", nil
		default:
			return t.url, nil
		}
	}
	if name == "" {
		return "", nil // the replay says that it does not know where to
	}
	return "", fail.Usage("%q is none of the targets that webhook %d may go to", name, id).
		Hint("write forward_to into a [[route]] of barb.toml")
}

// Repeated returns the exchange whose request a replay sends, whole: of a received webhook the last delivery of its
// sender, of a sent one the first attempt.
func (a *Actions) Repeated(ctx context.Context, id int64) (*record.Exchange, error) {
	w, err := webhooks.Get(ctx, a.Shell.History, id, a.Shell.Now())
	if err != nil {
		return nil, err
	}
	x := w.Last()
	if w.Kind() == record.Sent {
		x = w.Exchanges[0]
	}
	return a.Shell.History.Get(ctx, x.ID)
}

// Cassette returns a cassette of a webhook, as barb save writes it.
func (a *Actions) Cassette(ctx context.Context, id int64) ([]byte, error) {
	return files.Cassette(ctx, a.Shell, id)
}

// Pin pins a webhook, so that pruning leaves it, or unpins it.
func (a *Actions) Pin(ctx context.Context, id int64, pinned bool) error {
	return a.remark(ctx, id, func(r *store.Remark) { r.Pinned = pinned })
}

// MaxNote is the longest note in bytes.
const MaxNote = 4 << 10

// Note replaces the note on a webhook; "" removes it.
func (a *Actions) Note(ctx context.Context, id int64, text string) error {
	text = strings.TrimSpace(text)
	switch {
	case len(text) > MaxNote:
		return fail.Usage("the note is %d bytes long, %d are allowed", len(text), MaxNote)
	case !utf8.ValidString(text):
		return fail.Usage("the note is not UTF-8")
	}
	return a.remark(ctx, id, func(r *store.Remark) { r.Note = text })
}

func (a *Actions) remark(ctx context.Context, id int64, change func(*store.Remark)) error {
	w, err := webhooks.Get(ctx, a.Shell.History, id, a.Shell.Now())
	if err != nil {
		return err
	}
	change(&w.Remark)
	return a.Shell.History.SetRemark(ctx, w.Newest().First(), w.Remark)
}

// Delete removes a webhook with its forwards, attempts and replays from the history. It refuses a webhook that is
// pinned, waits in the queue or is on its way.
func (a *Actions) Delete(ctx context.Context, id int64) error {
	sh := a.Shell
	w, err := webhooks.Get(ctx, sh.History, id, sh.Now())
	if err != nil {
		return err
	}
	now := sh.Now()
	rule := store.PruneRule{Whole: true, OlderThan: now.Add(time.Hour), Open: now.Add(-webhooks.Abandoned),
		Filter: store.Filter{IDs: []store.Range{{From: w.ID, To: w.ID}}}}
	done, err := sh.History.Prune(ctx, rule)
	if err == nil && done.Webhooks == 0 && w.Remark.Pinned {
		return fail.Usage("webhook %d is pinned, and stays", w.ID).Hintf("barb unpin %d", w.ID)
	}
	if err == nil && done.Webhooks == 0 {
		return fail.Usage("webhook %d waits in the queue or is on its way, and stays", w.ID).
			Hint("barb queue lists what waits; barb queue cancel takes it out")
	}
	return err
}
