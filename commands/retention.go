package commands

import (
	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/store"
)

// retain makes a history that was opened for writing prune itself where barb.toml says so.
func (sh *shell) retain(history *store.Store) {
	r := sh.file.Retention
	if r == (config.Retention{}) {
		return
	}
	history.Retain(store.Limits{MaxAge: r.MaxAge, MaxBytes: r.MaxSize, Now: sh.Now,
		Tell: func(err error) { sh.warn("the history could not be pruned: %v", err) }})
}
