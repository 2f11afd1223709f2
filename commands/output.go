package commands

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

// emit prints one object of the result as a line of JSON, through --jq when given.
func (sh *shell) emit(v any) error { return sh.emitOf(nil, v) }

// emitOf is emit for a line about an exchange, whose body, headers and answer --jq may ask for. A line on which --jq
// fails is left out, and said. In a command without an end a line about something else is left out silently, because
// the expression is written for webhooks.
func (sh *shell) emitOf(x *record.Exchange, line any) error {
	return sh.emitSubject(jq.Subject{Exchange: x, Line: line})
}

func (sh *shell) emitSubject(s jq.Subject) error {
	if sh.filter == nil {
		return sh.printJSON(s.Line)
	}
	x := s.Exchange
	err := sh.filter.RunOn(context.Background(), s, sh.printResult)
	_, failed := errors.AsType[*jq.EvalError](err)
	switch {
	case failed && x != nil:
		sh.judgements.Note("--jq", x, err)
		return nil
	case failed && sh.judgements.Unending:
		return nil
	case err != nil:
		return fail.Usage("--jq: %w", err)
	case x != nil:
		sh.judgements.Note("--jq", x, nil)
	}
	return nil
}

// printResult prints a value that --jq yields. As in gh, a string is printed without quotes.
func (sh *shell) printResult(out any) error {
	if s, ok := out.(string); ok {
		if sh.OutTerminal {
			s = ui.Escape(s)
		}
		sh.out.Line(s)
		return nil
	}
	data, err := jq.Marshal(out)
	if err != nil {
		return err
	}
	sh.out.Line(ui.EscapeJSON(data))
	return nil
}

func (sh *shell) printJSON(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fail.Local("json: %w", err)
	}
	sh.out.Line(ui.EscapeJSON(data))
	return nil
}

// breaks keeps the first error of printing, which is said at the end: a listener or a worker does not stop for a wrong
// --jq.
func (sh *shell) breaks(err error) {
	if sh.broken == nil {
		sh.broken = err
	}
}

// emitExchange prints one exchange in its stable JSON form.
func (sh *shell) emitExchange(x *record.Exchange, with export.With) error {
	return sh.emitOf(x, export.JSON(x, with))
}
