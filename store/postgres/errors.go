package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/reason"
)

const (
	// patience is how long a statement is tried again that others, or a restart of the server, are in the way of.
	patience = 10 * time.Second
	// leastPatience is what is left of it, at least, for a group that waited for another one.
	leastPatience = 500 * time.Millisecond
	// connectPatience is how long one host may take to answer, unless the address has a connect_timeout.
	connectPatience = 5 * time.Second
	longestPause    = 500 * time.Millisecond // between two tries
	// openPatience is how long a history is tried to open where there is no server, which may be about to start. Once it
	// is open, patience holds.
	openPatience = 2 * time.Second
)

// patiently calls do again while its error may pass, for at most patience. do must be safe to repeat.
func patiently(ctx context.Context, do func() error) error {
	return tried(ctx, do, func(error) time.Duration { return patience })
}

// tried is patiently with a patience for each error.
func tried(ctx context.Context, do func() error, patience func(error) time.Duration) error {
	begun := time.Now()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, longestPause) {
		err := reason.OfContext(ctx, do())
		if err == nil || !reason.MayPass(err) || ctx.Err() != nil || time.Since(begun) > patience(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause/2 + rand.N(pause)): // many processes wait for the same server
		}
	}
}

// patienceToOpen is short where nobody listens at the address, or no such host is known.
func patienceToOpen(err error) time.Duration {
	if reason.IsOfConnecting(err) && reason.Code(err) == "" && !pgconn.Timeout(err) {
		return openPatience
	}
	return patience
}

// forbiddenWrite is the error of a user who has no right to a table.
func (s *Engine) forbiddenWrite(err error) error {
	return engine.Fault(s.name, fmt.Errorf("%w (%w)", engine.ErrNoRight, reason.Plain(err)))
}
