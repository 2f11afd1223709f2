package store

import (
	"context"
	"time"
)

// An answer is written to the history a few milliseconds after it went out, so a reader that its sender starts at once
// would find the webhook without one. A received exchange is therefore announced before its answer goes out: Took is
// set although it has not Ended, and says when the answer was due. A reader waits for those that are due (Settle) and
// sees no such Took. After a kill the exchange has no answer, which is what is known of it.

const (
	// settleFor is how long Settle waits at most, and how long ago an answer was due that it still waits for. A writer
	// that lives needs a few milliseconds.
	settleFor = 2 * time.Second
	// settleNewest is among how many of the newest exchanges Settle looks.
	settleNewest = 1000
	// settleAhead allows for the clock between the announcement and the answer.
	settleAhead = 10 * time.Millisecond
)

// Announce makes durable that the answer to a received exchange is about to go out, so long after its Start. Record
// does the same for an exchange that has a Took and has not Ended.
func (s *Store) Announce(ctx context.Context, id int64, took time.Duration) error {
	_, err := s.idsOf(ctx, "UPDATE exchange SET took = ? WHERE id = ? AND ended = 0 RETURNING id", int64(took), id)
	return err
}

// Settle waits until the answers that were announced and are due are in the history, for at most two seconds: less than
// that has passed since they went out, or their listener was killed. now is the clock that exchanges
// have their Start from. It costs a look at the newest exchanges.
func (s *Store) Settle(ctx context.Context, now func() time.Time) error {
	begun, pause := now(), time.Millisecond
	for newest := int64(0); ; pause = min(2*pause, 20*time.Millisecond) {
		var last, open int64
		at := now()
		err := s.db.QueryRowContext(ctx, settleQuery, settleNewest, newest, nanos(at.Add(-settleFor)),
			nanos(at.Add(settleAhead))).Scan(&last, &open)
		if err != nil {
			return s.told(err)
		}
		if open == 0 || at.Sub(begun) > settleFor {
			return nil
		}
		if newest == 0 { // what comes from now on is not waited for
			newest = last
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

const settleQuery = `WITH newest (id) AS (SELECT ifnull(max(id), 0) FROM exchange)
	SELECT (SELECT id FROM newest), count(*) FROM exchange
	WHERE id > (SELECT id FROM newest) - ?1 AND id <= iif(?2, ?2, (SELECT id FROM newest))
		AND kind = 2 AND ended = 0 AND start + took BETWEEN ?3 AND ?4`
