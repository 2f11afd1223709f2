package shell

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// Emit prints one object of the result as a line of JSON, through --jq when given.
func (sh *Shell) Emit(v any) error { return sh.EmitOf(nil, v) }

// EmitOf is Emit for a line about an exchange, whose body, headers and answer --jq may ask for. A line on which --jq
// fails is left out, and said. In a command without an end a line about something else is left out silently, because
// the expression is written for webhooks.
func (sh *Shell) EmitOf(x *record.Exchange, line any) error {
	return sh.EmitSubject(jq.Subject{Exchange: x, Line: line})
}

// EmitSubject is EmitOf for a line about a webhook as expressions have it.
func (sh *Shell) EmitSubject(s jq.Subject) error {
	if sh.filter == nil {
		return sh.printJSON(s.Line)
	}
	x := s.Exchange
	err := sh.filter.RunOn(context.Background(), s, sh.printResult)
	_, failed := errors.AsType[*jq.EvalError](err)
	switch {
	case failed && x != nil:
		sh.Judgements.Note("--jq", x, err)
		return nil
	case failed && sh.Judgements.Unending:
		return nil
	case err != nil:
		return fail.Usage("--jq: %w", err)
	case x != nil:
		sh.Judgements.Note("--jq", x, nil)
	}
	return nil
}

// printResult prints a value that --jq yields. As in gh, a string is printed without quotes.
func (sh *Shell) printResult(out any) error {
	if s, ok := out.(string); ok {
		if sh.OutTerminal {
			s = ui.Escape(s)
		}
		sh.Stdout.Line(s)
		return nil
	}
	data, err := jq.Marshal(out)
	if err != nil {
		return err
	}
	sh.Stdout.Line(ui.EscapeJSON(data))
	return nil
}

func (sh *Shell) printJSON(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fail.Local("json: %w", err)
	}
	sh.Stdout.Line(ui.EscapeJSON(data))
	return nil
}

// Breaks keeps the first error of printing, which is said at the end: a listener or a worker does not stop for a wrong
// --jq.
func (sh *Shell) Breaks(err error) {
	if sh.Broken == nil {
		sh.Broken = err
	}
}

// EmitExchange prints one exchange in its stable JSON form.
func (sh *Shell) EmitExchange(x *record.Exchange, with export.With) error {
	return sh.EmitOf(x, export.JSON(x, with))
}
