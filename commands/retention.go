package commands

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/store"
)

// leastSize is the smallest max_size: an empty history takes nearly a fifth of it, and a smaller number most likely
// lacks its unit.
const leastSize = 1_000_000

// retention is [history] of barb.toml: by what limits the history prunes itself. Without one nothing is removed.
type retention struct {
	maxSize flags.Size
	maxAge  flags.Duration
}

// takeRetention reads max_size and max_age.
func (c *configFile) takeRetention() error {
	for _, limit := range []struct {
		key   string
		given any
		value pflag.Value
		wrong func(given string) (what, line string)
	}{
		{"max_size", c.History.MaxSize, &c.retention.maxSize, c.retention.wrongSize},
		{"max_age", c.History.MaxAge, &c.retention.maxAge, c.retention.wrongAge},
	} {
		if limit.given == nil {
			continue
		}
		line := findKeys(c.text).line("history", limit.key)
		if err := limit.value.Set(fmt.Sprint(limit.given)); err != nil {
			return fail.Usage("%s:%d: history.%s: %w", c.path, line, limit.key, err)
		}
		if wrong, right := limit.wrong(fmt.Sprint(limit.given)); wrong != "" {
			return fail.Usage("%s:%d: history.%s = %v %s", c.path, line, limit.key, limit.given,
				wrong).Hint(right + "; leave it out to keep everything")
		}
	}
	return nil
}

// wrongSize is what is wrong with max_size, and the line to write instead.
func (r *retention) wrongSize(given string) (what, line string) {
	_, err := strconv.Atoi(given)
	switch {
	case r.maxSize <= 0:
		return "would keep nothing", `max_size = "4GB"`
	case r.maxSize >= leastSize:
		return "", ""
	case err == nil:
		return "is in bytes, and less than 1MB", fmt.Sprintf(`max_size = "%sGB"`, given)
	}
	return "is less than 1MB", `max_size = "1MB"`
}

func (r *retention) wrongAge(string) (what, line string) {
	if r.maxAge <= 0 {
		return "would keep nothing", `max_age = "30d"`
	}
	return "", ""
}

// retentionRows are what barb config prints of the limits.
func (c *configFile) retentionRows() []configRow {
	rows := []configRow{{Key: "history.max_size", Source: "default"}, {Key: "history.max_age", Source: "default"}}
	for i, given := range []any{c.History.MaxSize, c.History.MaxAge} {
		if given != nil {
			rows[i].Value, rows[i].Source = fmt.Sprint(given), source(c.path)
		}
	}
	return rows
}

// retain makes a history that was opened for writing prune itself where barb.toml says so.
func (sh *shell) retain(history *store.Store) {
	if sh.file == nil || sh.file.retention == (retention{}) {
		return
	}
	r := sh.file.retention
	history.Retain(store.Limits{MaxAge: time.Duration(r.maxAge), MaxBytes: int64(r.maxSize), Now: sh.Now,
		Tell: func(err error) { sh.note("warning: the history could not be pruned: %v", err) }})
}
