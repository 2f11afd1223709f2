package config

import (
	"context"
	"errors"
	"fmt"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/record"
)

// Condition compiles the expression of a key named where. It returns nil for "". An error of the function begins with
// place and says what follows from the failure: "barb.toml:7: where fails on it, so …".
func Condition(text, place, follows string) (func(*record.Exchange) (bool, error), error) {
	if text == "" {
		return nil, nil
	}
	where, err := jq.Compile(text)
	if err != nil {
		return nil, err
	}
	return func(x *record.Exchange) (bool, error) {
		ok, err := where.True(x, flags.WhereTimeout)
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("it took longer than %s", flags.WhereTimeout)
		}
		if err != nil {
			err = fmt.Errorf("%s: where fails, so %s: %w", place, follows, err)
		}
		return ok, err
	}, nil
}
