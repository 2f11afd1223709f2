package commands

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/barbhq/barb/store"
)

// historyPath is --db, BARB_DB, db in barb.toml, or the default.
func (sh *shell) historyPath() string {
	if sh.db != "" {
		return sh.db
	}
	return filepath.Join(sh.dataFolder(), "history.db")
}

// writeHistory opens the history, making it when there is none.
func (sh *shell) writeHistory(ctx context.Context) (*store.Store, error) {
	history, err := sh.open(ctx, store.Open)
	if errors.Is(err, store.ErrNotExist) { // its folder could not be made
		return nil, local("%w", err).hint("--db PATH or BARB_DB names another place")
	}
	return history, err
}

// readHistory opens a history that is there; a reader never makes one.
func (sh *shell) readHistory(ctx context.Context) (*store.Store, error) {
	return sh.open(ctx, store.OpenExisting)
}

func (sh *shell) open(ctx context.Context, how func(context.Context, string) (*store.Store, error)) (*store.Store, error) {
	if sh.history != nil {
		return sh.history, nil
	}
	history, err := how(ctx, sh.historyPath())
	if err != nil {
		return nil, err
	}
	sh.history = history
	if history.Network() {
		sh.warn("the history %s is on a network file system, where locks cannot be relied on; --db names another", history.Path())
	}
	return history, nil
}
