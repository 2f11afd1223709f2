package agent

import (
	"context"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
)

// signing says how a message is signed.
type signing struct {
	Scheme string   `json:"scheme,omitempty"`
	Secret string   `json:"secret,omitempty"`
	Params []string `json:"params,omitempty"`
}

// payload is a body.
type payload struct {
	Body       string `json:"body,omitempty"`
	BodyBase64 string `json:"body_base64,omitempty"`
}

type waitArgs struct {
	Events    []string `json:"events,omitempty"`
	Count     string   `json:"count,omitempty"`
	None      bool     `json:"none,omitempty"`
	Ordered   bool     `json:"ordered,omitempty"`
	Verified  bool     `json:"verified,omitempty"`
	Direction string   `json:"direction,omitempty"`
	Since     string   `json:"since,omitempty"`
	Timeout   string   `json:"timeout,omitempty"`
	Where     string   `json:"where,omitempty"`
	Endpoint  string   `json:"endpoint,omitempty"`
	Status    string   `json:"status,omitempty"`
	Grep      string   `json:"grep,omitempty"`
	Failed    bool     `json:"failed,omitempty"`
	Invalid   bool     `json:"invalid,omitempty"`
}

// longestWait is the longest time of wait.
const longestWait = "10m"

func (a *agent) wait(ctx context.Context, in waitArgs) *answer {
	l := &line{name: "wait", waits: true}
	f := filters{Direction: in.Direction, Failed: in.Failed, Invalid: in.Invalid, Endpoint: in.Endpoint, Status: in.Status,
		Since: in.Since, Grep: in.Grep, Where: in.Where}
	f.add(l)
	l.text("event", in.Events...)
	l.text("count", in.Count)
	l.on("none", in.None)
	l.on("ordered", in.Ordered)
	l.on("verified", in.Verified)
	l.duration("timeout", in.Timeout, longestWait)
	return a.command(ctx, l)
}

type diffArgs struct {
	A       string   `json:"a"`
	B       string   `json:"b"`
	Answers bool     `json:"answers,omitempty"`
	Ignore  []string `json:"ignore,omitempty"`
}

func (a *agent) diff(ctx context.Context, in diffArgs) *answer {
	l := &line{name: "diff"}
	l.selectors(in.A, in.B)
	l.on("answers", in.Answers)
	l.text("ignore", in.Ignore...)
	return a.command(ctx, l)
}

type verifyArgs struct {
	ID string `json:"id,omitempty"`
	signing
	payload
	Headers   []string `json:"headers,omitempty"`
	URL       string   `json:"url,omitempty"`
	Method    string   `json:"method,omitempty"`
	Tolerance string   `json:"tolerance,omitempty"`
	Now       string   `json:"now,omitempty"`
}

func (in *verifyArgs) line(a *agent) *line {
	l := &line{name: "verify"}
	l.signing(a, in.signing)
	l.headers(in.Headers)
	if in.ID == "" {
		l.payload(in.payload)
		if len(in.Headers) == 0 {
			l.fails(fail.Usage("neither id nor headers are given").Hint("give id for a recorded webhook, or headers and body"))
		}
	} else {
		l.one(in.ID)
		if in.Body != "" || in.BodyBase64 != "" {
			l.fails(fail.Usage("id and body are both given").Hint("give id for a recorded webhook, or headers and body"))
		}
	}
	l.text("url", in.URL)
	l.text("method", in.Method)
	l.text("tolerance", in.Tolerance)
	l.text("now", in.Now)
	return l
}

func (a *agent) verify(ctx context.Context, in verifyArgs) *answer {
	return a.check(ctx, &in, in.line(a))
}

func (a *agent) explain(ctx context.Context, in verifyArgs) *answer {
	l := in.line(a)
	l.on("explain", true)
	return a.check(ctx, &in, l)
}

// check checks a signature. A message of the agent's own is a guess at the secret unless it is valid.
func (a *agent) check(ctx context.Context, in *verifyArgs, l *line) *answer {
	if in.ID != "" && len(in.Headers) == 0 || l.err != nil {
		return a.command(ctx, l)
	}
	if err := a.guesses.take(a.sh.Now()); err != nil {
		return a.refused(err)
	}
	r := a.command(ctx, l)
	if r.Exit == fail.ExitOK || r.isError() {
		a.guesses.giveBack()
	}
	return r
}

// one adds the id of one webhook.
func (l *line) one(id string) {
	l.selectors(id)
	if sel, err := flags.ParseSelector(id); err == nil && sel.IDs.From != sel.IDs.To {
		l.fails(fail.Usage("%s is several webhooks; this tool takes one", id))
	}
}
