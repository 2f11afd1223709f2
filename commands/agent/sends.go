package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/units"
)

// duration adds a time, which may not be longer than another.
func (l *line) duration(flag, text, most string) {
	if text == "" {
		return
	}
	d, err := units.ParseDuration(text)
	limit, _ := units.ParseDuration(most)
	switch {
	case err != nil:
		l.fails(fail.Usage("%s %w", flag, err))
	case d > limit || d < 0:
		l.fails(fail.Usage("%s %s is longer than %s", flag, text, most))
	}
	l.text(flag, text)
}

type signArgs struct {
	signing
	payload
	ID        string   `json:"id,omitempty"`
	Timestamp string   `json:"timestamp,omitempty"`
	Event     string   `json:"event,omitempty"`
	URL       string   `json:"url,omitempty"`
	Method    string   `json:"method,omitempty"`
	Headers   []string `json:"headers,omitempty"`
}

// sign returns the headers that sign a body. A scheme that sends its secret as it is signs nothing.
func (a *agent) sign(ctx context.Context, in signArgs) *answer {
	l := &line{name: "sign"}
	if s, err := a.sh.File.LookupScheme(a.sh.File.Catalog().Name(in.Scheme)); err == nil && s.Auth == sign.Token {
		l.fails(fail.Unsupported("scheme %s sends the secret itself, and no tool prints a secret", s.Name).
			Hint("send sends it to the receiver without printing it"))
	}
	l.signing(a, in.signing)
	l.headers(in.Headers)
	l.payload(in.payload)
	l.text("id", in.ID)
	l.text("timestamp", in.Timestamp)
	l.text("event", in.Event)
	l.text("url", in.URL)
	l.text("method", in.Method)
	return a.command(ctx, l)
}

type sendArgs struct {
	URL string `json:"url"`
	signing
	payload
	Event       string   `json:"event,omitempty"`
	ID          string   `json:"id,omitempty"`
	Method      string   `json:"method,omitempty"`
	ContentType string   `json:"content_type,omitempty"`
	Headers     []string `json:"headers,omitempty"`
	Retries     *int     `json:"retries,omitempty"`
	Timeout     string   `json:"timeout,omitempty"`
	DryRun      bool     `json:"dry_run,omitempty"`
}

// mostRetries is the greatest number of retries that a tool makes while the agent waits for it.
const mostRetries = 10

// retries adds the retries of a delivery: none where nothing is said, since an agent waits for the answer.
func (l *line) retries(n *int, timeout string) {
	none := 0
	if n == nil {
		n = &none
	}
	if *n < 0 || *n > mostRetries {
		l.fails(fail.Usage("retries %d is not a number from 0 to %d", *n, mostRetries))
	}
	l.number("retries", n)
	l.duration("timeout", timeout, "1m")
	l.text("deadline", units.FormatDuration(longest-10*time.Second))
}

// aimed begins the command line of a tool that sends to a URL.
func (a *agent) aimed(name, url string, s signing, headers []string) *line {
	l := &line{name: name}
	address, err := a.may.target(url)
	if err != nil {
		l.fails(err)
	}
	l.positional = []string{address}
	l.signing(a, s)
	l.headers(headers)
	return l
}

func (a *agent) send(ctx context.Context, in sendArgs) *answer {
	l := a.aimed("send", in.URL, in.signing, in.Headers)
	if in.Body != "" || in.BodyBase64 != "" || in.Event == "" {
		l.payload(in.payload)
	}
	l.text("event", in.Event)
	l.text("id", in.ID)
	l.text("request", in.Method)
	l.text("content-type", in.ContentType)
	l.retries(in.Retries, in.Timeout)
	l.on("dry-run", in.DryRun)
	return a.command(ctx, l)
}

type replayArgs struct {
	IDs     []string `json:"ids"`
	To      string   `json:"to,omitempty"`
	Exact   bool     `json:"exact,omitempty"`
	Set     []string `json:"set,omitempty"`
	NewID   bool     `json:"new_id,omitempty"`
	Headers []string `json:"headers,omitempty"`
	Retries *int     `json:"retries,omitempty"`
	Timeout string   `json:"timeout,omitempty"`
	Assert  []string `json:"assert,omitempty"`
	Compare bool     `json:"compare_recorded,omitempty"`
	Ignore  []string `json:"ignore,omitempty"`
	DryRun  bool     `json:"dry_run,omitempty"`
	signing
}

func (a *agent) replay(ctx context.Context, in replayArgs) *answer {
	l := &line{name: "replay"}
	if len(in.IDs) == 0 {
		l.fails(fail.Usage("ids is empty: which webhooks?").Hint(`"ids": ["@"] is the newest; list has them`))
	}
	for _, id := range in.IDs {
		if sel, err := flags.ParseSelector(id); err == nil && sel.IDs.To-sel.IDs.From >= mostItems {
			l.fails(fail.Usage("%s is more than %d webhooks", id, mostItems))
		}
	}
	l.selectors(in.IDs...)
	if in.To != "" {
		address, err := a.may.target(in.To)
		if err != nil {
			return a.refused(err)
		}
		l.text("to", address)
	}
	l.signing(a, in.signing)
	l.headers(in.Headers)
	l.on("exact", in.Exact)
	l.text("set", in.Set...)
	l.on("new-id", in.NewID)
	l.retries(in.Retries, in.Timeout)
	l.expressions("assert", in.Assert...)
	l.on("compare-recorded", in.Compare)
	l.text("ignore", in.Ignore...)
	if in.DryRun {
		l.on("dry-run", true)
		return a.command(ctx, l)
	}
	if refused := a.targets(ctx, l); refused != nil {
		return refused
	}
	l.on("yes", true) // every address was allowed
	return a.command(ctx, l)
}

// targets refuses a replay that would send one of its webhooks to a host that is not allowed, before the first leaves.
func (a *agent) targets(ctx context.Context, l *line) *answer {
	if l.err != nil {
		return a.refused(l.err)
	}
	plan := *l
	plan.flags = append(append([]string{}, l.flags...), "--dry-run")
	release, err := a.slot(ctx, false)
	if err != nil {
		return a.refused(err)
	}
	defer release()
	code, out, words := a.output(ctx, &plan)
	if code != fail.ExitOK {
		return a.read(code, out, words)
	}
	for text := range bytes.Lines(out.data) {
		var planned struct {
			URL string `json:"url"`
		}
		if err := json.Unmarshal(text, &planned); err != nil || planned.URL == "" {
			return a.refused(fail.Local("the plan of the replay could not be read"))
		}
		if err := a.may.check(planned.URL); err != nil {
			return a.refused(err)
		}
	}
	return nil
}

type probeArgs struct {
	URL string `json:"url"`
	signing
	payload
	Event     string   `json:"event,omitempty"`
	Headers   []string `json:"headers,omitempty"`
	Only      []string `json:"only,omitempty"`
	Skip      []string `json:"skip,omitempty"`
	Timeout   string   `json:"timeout,omitempty"`
	Tolerance string   `json:"tolerance,omitempty"`
	FailUnder string   `json:"fail_under,omitempty"`
	DryRun    bool     `json:"dry_run,omitempty"`
}

func (a *agent) probe(ctx context.Context, in probeArgs) *answer {
	l := a.aimed("probe", in.URL, in.signing, in.Headers)
	if in.Body != "" || in.BodyBase64 != "" {
		l.payload(in.payload)
	}
	l.text("event", in.Event)
	l.text("only", in.Only...)
	l.text("skip", in.Skip...)
	l.duration("timeout", in.Timeout, "1m")
	l.text("tolerance", in.Tolerance)
	l.text("fail-under", in.FailUnder)
	l.on("dry-run", in.DryRun)
	l.on("yes", l.err == nil && a.may.isAllowed(l.positional[0]) && !in.DryRun)
	return a.command(ctx, l)
}
