package flags

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/itchyny/gojq"
)

// JQ is a compiled jq expression.
type JQ struct{ code *gojq.Code }

// over is Run for a value that plainJSON returned.
func (f *JQ) over(ctx context.Context, plain any, each func(any) error) error {
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

// Run calls each with every value that the expression yields for v. v is any Go value that encodes as JSON.
func (f *JQ) Run(ctx context.Context, v any, each func(any) error) error {
	plain, err := plainJSON(v)
	if err != nil {
		return err
	}
	return f.over(ctx, plain, each)
}

// Truthy reports whether the expression yields a value that is neither false nor null, as --where asks. The expression
// may take as long as within, or any time for 0; after that the error is context.DeadlineExceeded.
func (f *JQ) Truthy(v any, within time.Duration) (bool, error) {
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

// CompileJQ compiles an expression. The error quotes it.
func CompileJQ(expr string) (*JQ, error) {
	query, err := gojq.Parse(expr)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", expr, err)
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", expr, err)
	}
	return &JQ{code}, nil
}

// plainJSON returns v as gojq takes it: maps, slices, strings and numbers.
func plainJSON(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var plain any
	return plain, json.Unmarshal(data, &plain)
}
