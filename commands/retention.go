package commands

import (
	"fmt"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/store"
)

// retentionRows returns the lines of barb config about the limits of the history.
func retentionRows(c *config.File) []configRow {
	rows := []configRow{{Key: "history.max_size", Source: "default"}, {Key: "history.max_age", Source: "default"}}
	for i, given := range []any{c.History.MaxSize, c.History.MaxAge} {
		if given != nil {
			rows[i].Value, rows[i].Source = fmt.Sprint(given), source(c.Path)
		}
	}
	return rows
}

// retain makes a history that was opened for writing prune itself where barb.toml says so.
func (sh *shell) retain(history *store.Store) {
	r := sh.file.Retention
	if r == (config.Retention{}) {
		return
	}
	history.Retain(store.Limits{MaxAge: r.MaxAge, MaxBytes: r.MaxSize, Now: sh.Now,
		Tell: func(err error) { sh.warn("the history could not be pruned: %v", err) }})
}
