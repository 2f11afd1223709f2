package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/itchyny/gojq"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// jqFilter is a compiled --jq expression.
type jqFilter struct{ code *gojq.Code }

func compileJQ(expr string) (*jqFilter, error) {
	query, err := gojq.Parse(expr)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", expr, err)
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", expr, err)
	}
	return &jqFilter{code}, nil
}

// run hands every value the expression yields for v to each. v is any Go value that encodes as JSON.
func (f *jqFilter) run(ctx context.Context, v any, each func(any) error) error {
	plain, err := plainJSON(v)
	if err != nil {
		return err
	}
	return f.over(ctx, plain, each)
}

// over is run for what plainJSON returned.
func (f *jqFilter) over(ctx context.Context, plain any, each func(any) error) error {
	iter := f.code.RunWithContext(ctx, plain)
	for {
		out, ok := iter.Next()
		if !ok {
			return nil
		}
		if err, isErr := out.(error); isErr {
			if halt, isHalt := errors.AsType[*gojq.HaltError](err); isHalt && halt.Value() == nil {
				return nil
			}
			return err
		}
		if err := each(out); err != nil {
			return err
		}
	}
}

// truthy reports whether one of the expression's values is neither false nor null: what --where asks. The expression itself
// may take as long as within says, 0 for no limit; longer is context.DeadlineExceeded.
func (f *jqFilter) truthy(v any, within time.Duration) (bool, error) {
	plain, err := plainJSON(v)
	if err != nil {
		return false, err
	}
	ctx := context.Background()
	if within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	found := false
	err = f.over(ctx, plain, func(out any) error {
		found = found || out != nil && out != false
		return nil
	})
	return found, err
}

// plainJSON is v as gojq takes it: maps, slices, strings, numbers.
func plainJSON(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var plain any
	return plain, json.Unmarshal(data, &plain)
}

// emit prints one object of the result as a line of JSON, through --jq when given. As in gh, a string that --jq yields is
// printed without quotes.
func (sh *shell) emit(v any) error {
	if sh.filter == nil {
		return sh.printJSON(v)
	}
	err := sh.filter.run(context.Background(), v, func(out any) error {
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

// emitExchange prints one exchange in its stable JSON form.
func (sh *shell) emitExchange(x *record.Exchange, with export.With) error {
	return sh.emit(export.JSON(x, with))
}
