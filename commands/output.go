package commands

import (
	"context"
	"encoding/json"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// emit prints one object of the result as a line of JSON, through --jq when given. As in gh, a string that --jq yields
// is printed without quotes.
func (sh *shell) emit(v any) error {
	if sh.filter == nil {
		return sh.printJSON(v)
	}
	err := sh.filter.Run(context.Background(), v, func(out any) error {
		if s, ok := out.(string); ok {
			if sh.OutTerminal {
				s = ui.Escape(s)
			}
			sh.out.Line(s)
			return nil
		}
		return sh.printJSON(out)
	})
	if err != nil {
		return fail.Usage("--jq: %w", err)
	}
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
	return sh.emit(export.JSON(x, with))
}
