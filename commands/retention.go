package commands

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/barbhq/barb/store"
)

// retention is [history] of barb.toml: by what limits the history prunes itself. Without one nothing is removed.
type retention struct {
	maxSize sizeValue
	maxAge  ageValue
}

// takeRetention reads max_size and max_age.
func (c *configFile) takeRetention() error {
	for _, limit := range []struct {
		key   string
		given any
		value pflag.Value
		zero  func() bool
	}{
		{"max_size", c.History.MaxSize, &c.retention.maxSize, func() bool { return c.retention.maxSize <= 0 }},
		{"max_age", c.History.MaxAge, &c.retention.maxAge, func() bool { return c.retention.maxAge <= 0 }},
	} {
		if limit.given == nil {
			continue
		}
		line := findKeys(c.text).line("history", limit.key)
		if err := limit.value.Set(fmt.Sprint(limit.given)); err != nil {
			return usage("%s:%d: history.%s: %w", c.path, line, limit.key, err)
		}
		if limit.zero() {
			return usage("%s:%d: history.%s = %v would keep nothing", c.path, line, limit.key, limit.given).
				hint(`max_size = "4GB", max_age = "30d"; leave it out to keep everything`)
		}
	}
	return nil
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
