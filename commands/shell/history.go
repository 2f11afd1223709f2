package shell

import (
	"context"
	"errors"
	"os"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/webhooks"
)

// WriteHistory opens the history, making it when there is none.
func (sh *Shell) WriteHistory(ctx context.Context) (*store.Store, error) {
	first := sh.History == nil
	history, err := sh.open(ctx, store.Open)
	if err == nil && first {
		sh.retain(history)
	}
	if errors.Is(err, store.ErrNotExist) { // its folder could not be made
		return nil, fail.Local("%w", err).Hint("--db PATH or BARB_DB names another place")
	}
	return history, err
}

// ReadHistory opens a history that is there; a reader never makes one. What a listener has answered is in it: a script
// that posts a webhook and then looks sees how it was answered.
func (sh *Shell) ReadHistory(ctx context.Context) (*store.Store, error) {
	history, err := sh.open(ctx, store.OpenExisting)
	if err != nil {
		return nil, err
	}
	return history, webhooks.Settle(ctx, history, sh.Now)
}

func (sh *Shell) open(ctx context.Context, how func(context.Context, string) (*store.Store, error)) (*store.Store,
	error) {
	if sh.History != nil {
		return sh.History, nil
	}
	history, err := how(ctx, sh.HistoryPath())
	if errors.Is(err, store.ErrOwner) {
		return nil, fail.Local("%w", err).Hintf(
			`run barb as that user; or, if you trust what is in it: sudo chown "$(id -u)" %s*; or name another with --db`,
			export.Quote(sh.HistoryName()))
	}
	if err != nil {
		return nil, err
	}
	if sh.db == "" {
		makePrivate(sh.DataFolder())
	}
	if _, err := sh.configuration(); err != nil {
		return nil, errors.Join(err, history.Close())
	}
	history.Redact = sh.Redactor.Redact
	sh.History = history
	if history.Network() {
		sh.Warn("the history %s is on a network file system, where locks are not reliable; --db names another",
			history.Path())
	}
	return history, nil
}

// makePrivate gives barb's own folder the mode that it was made with. Where that cannot be done the files in it are
// still the user's alone.
func makePrivate(folder string) {
	if info, err := os.Lstat(folder); err == nil && info.IsDir() && info.Mode().Perm()&0o077 != 0 {
		_ = os.Chmod(folder, 0o700)
	}
}

// retain makes a history that was opened for writing prune itself where barb.toml says so.
func (sh *Shell) retain(history *store.Store) {
	r := sh.File.Retention
	if r == (config.Retention{}) {
		return
	}
	history.Retain(store.Limits{MaxAge: r.MaxAge, MaxBytes: r.MaxSize, Now: sh.Now,
		Tell: func(err error) { sh.Warn("the history could not be pruned: %v", err) }})
}
