// Package jq evaluates jq expressions over webhooks. Every expression sees the same object: the JSON form of an
// exchange, with short names and the parsed body where it mentions them. The package does not print, and it knows no
// flag.
package jq

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/itchyny/gojq"

	"github.com/barbhq/barb/store/record"
)

// Expr is a compiled expression. It may be used by several goroutines.
type Expr struct {
	query *gojq.Query
	code  *gojq.Code
	reads reading
}

// Compile compiles an expression. The error is a *SyntaxError that shows the place.
func Compile(text string) (*Expr, error) {
	query, err := gojq.Parse(text)
	if err != nil {
		return nil, syntaxError(text, err)
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, syntaxError(text, err)
	}
	return &Expr{query, code, readingOf(query)}, nil
}

// String returns the expression, with its blanks as jq would write them.
func (e *Expr) String() string { return e.query.String() }

// RunOn is Run for what is printed of an exchange.
func (e *Expr) RunOn(ctx context.Context, s Subject, each func(any) error) error {
	plain, err := e.object(s)
	if err != nil {
		return err
	}
	return e.Run(ctx, plain, each)
}

// Run calls each with every value that the expression yields for v, a value as body.Content has it. An error of the
// expression is an *EvalError, and context.DeadlineExceeded when ctx ends first.
func (e *Expr) Run(ctx context.Context, v any, each func(any) error) error {
	iter := e.code.RunWithContext(ctx, v)
	for {
		out, ok := iter.Next()
		if !ok {
			return nil
		}
		if err, isErr := out.(error); isErr {
			if halt, isHalt := errors.AsType[*gojq.HaltError](err); isHalt && halt.Value() == nil {
				return nil
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return e.evalError(ctx, v, err)
		}
		if err := each(out); err != nil {
			return err
		}
	}
}

// True reports whether the expression yields a value that is neither false nor null for an exchange. It may take as
// long as within, or any time for 0; after that the error is context.DeadlineExceeded. With a limit of time it may also
// take only so much memory; beyond it the error is ErrMemory.
func (e *Expr) True(x *record.Exchange, within time.Duration) (bool, error) {
	return e.TrueOf(Subject{Exchange: x}, within)
}

// TrueOf is True for a form of an exchange.
func (e *Expr) TrueOf(s Subject, within time.Duration) (found bool, err error) {
	plain, err := e.object(s)
	if err != nil {
		return false, err
	}
	ctx, cancel := bounded(within)
	defer cancel()
	err = e.Run(ctx, plain, func(out any) error {
		found = found || out != nil && out != false
		return nil
	})
	return found, err
}

// plainJSON returns v as gojq takes it: maps, slices, strings and numbers, which keep each digit.
func plainJSON(v any) (plain any, err error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return plain, d.Decode(&plain)
}

// Marshal encodes a value that an expression yields, as jq writes it.
func Marshal(v any) ([]byte, error) { return gojq.Marshal(v) }
