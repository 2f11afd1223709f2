package agent

import (
	"context"
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

type showArgs struct {
	ID         string `json:"id"`
	Exchange   bool   `json:"exchange,omitempty"`
	Part       string `json:"part,omitempty"`
	BodyOffset int    `json:"body_offset,omitempty"`
	BodyLimit  int    `json:"body_limit,omitempty"`
	Encoding   string `json:"encoding,omitempty"`
}

// The sizes of a part of a body in bytes.
const (
	usualPart = 8 << 10
	mostPart  = 32 << 10
)

func (in *showArgs) check() error {
	switch {
	case in.Part != "" && in.Part != "request" && in.Part != "answer":
		return wrong("part", in.Part, "request or answer")
	case in.Encoding != "" && in.Encoding != "text" && in.Encoding != "base64":
		return wrong("encoding", in.Encoding, "text or base64")
	case in.BodyOffset < 0:
		return wrong("body_offset", strconv.Itoa(in.BodyOffset), "0 or more")
	case in.BodyLimit < 0 || in.BodyLimit > mostPart:
		return wrong("body_limit", strconv.Itoa(in.BodyLimit), "a number from 1 to 32768")
	}
	sel, err := flags.ParseSelector(in.ID)
	if err != nil {
		return flags.NoSelector(in.ID, err)
	}
	if sel.IDs.From != sel.IDs.To {
		return fail.Usage("%s is several webhooks; show takes one", in.ID).Hint("list with ids shows several")
	}
	return nil
}

// show shows one webhook with its headers and a part of a body.
func (a *agent) show(ctx context.Context, in showArgs) *answer {
	if err := in.check(); err != nil {
		return a.refused(err)
	}
	return a.direct(ctx, nil, func(ctx context.Context, sh *shell.Shell, chosen *flags.Filter, r *answer) error {
		s, err := sh.Selection(ctx, []string{in.ID}, chosen)
		if err != nil {
			return err
		}
		id := s.Filter.IDs[0].From
		var w *webhooks.Webhook
		if !in.Exchange {
			if w, err = webhooks.Get(ctx, sh.History, id, sh.Now()); err != nil {
				return err
			}
			id = w.Last().ID
		}
		x, err := sh.History.Get(ctx, id)
		if err != nil {
			return err
		}
		return a.fill(sh, r, &in, w, x)
	})
}

// fill fills an answer with an exchange, which stands for the webhook where there is one. Credentials are masked, as
// barb show masks them for a person.
func (a *agent) fill(sh *shell.Shell, r *answer, in *showArgs, w *webhooks.Webhook, x *record.Exchange) error {
	shown, with := sh.Redactor.Keep(x, true), export.With{URL: true, Headers: true}
	object := export.JSON(shown, with)
	if w != nil {
		object = w.JSON(shown, with)
	}
	c := newCleaner(a.scrub)
	v, err := c.value(object)
	if err != nil {
		return err
	}
	r.Results, r.Cut = append(r.Results, v), c.cut
	r.Body = a.part(shown, in)
	return nil
}

// part returns the part of a body that is asked for.
func (a *agent) part(x *record.Exchange, in *showArgs) *body {
	b := &body{Part: "request", Encoding: "text", Offset: in.BodyOffset}
	data := x.Request.Body
	_, b.Truncated = x.Marked(record.Truncated)
	if in.Part == "answer" {
		b.Part, b.Truncated, data = in.Part, false, nil
		if x.Response != nil {
			data = x.Response.Body
		}
	}
	text, limit := a.scrub(string(data)), in.BodyLimit
	if limit == 0 {
		limit = usualPart
	}
	b.Total = len(text)
	b.Offset = min(b.Offset, b.Total)
	rest := text[b.Offset:]
	if len(rest) > limit {
		rest = whole(rest[:limit])
	}
	b.Bytes = len(rest)
	if end := b.Offset + b.Bytes; end < b.Total {
		b.NextOffset = end
	}
	if b.Data = visible(rest); in.Encoding == "base64" {
		b.Encoding, b.Data = in.Encoding, base64.StdEncoding.EncodeToString([]byte(rest))
	}
	return b
}

// whole leaves out the beginning of a character at the end of a text. A text of bytes stays what it is.
func whole(s string) string {
	for i := len(s) - 1; i > 0 && i >= len(s)-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			if !utf8.FullRuneInString(s[i:]) {
				return s[:i]
			}
			break
		}
	}
	return s
}
