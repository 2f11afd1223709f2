package store

import (
	"context"
	"database/sql"
	"sync"
)

// others notes which exchanges other processes have recorded.
type others struct {
	mu       sync.Mutex
	ours     int64 // the highest id that this process gave
	from, to int64 // the range with new exchanges of other processes; 0: none
	told     int64 // the highest id that a call of Others covered
}

// gave notes the newest id of this process, before the commit makes it visible.
func (o *others) gave(newest int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ours = max(o.ours, newest)
}

// found notes ids that others have given.
func (o *others) found(from, to int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.add(from, to)
}

func (o *others) add(from, to int64) {
	if from = max(from, o.told+1); from > to {
		return
	}
	if o.to == 0 || from < o.from {
		o.from = from
	}
	o.to = max(o.to, to)
}

// Others returns the ids among which other processes have recorded since the last call, maybe with some of ours
// between; false when there are none. The first call returns all ids. It costs a look at the newest id.
func (s *Store) Others(ctx context.Context) (Range, bool, error) {
	var newest sql.NullInt64
	if err := s.db.QueryRowContext(ctx, "SELECT max(id) FROM exchange").Scan(&newest); err != nil || !newest.Valid {
		return Range{}, false, s.told(err)
	}
	o := &s.others
	o.mu.Lock()
	defer o.mu.Unlock()
	if newest.Int64 > o.ours {
		o.add(max(o.ours, o.told)+1, newest.Int64)
	}
	r := Range{From: o.from, To: o.to}
	o.told, o.from, o.to = max(o.told, o.to), 0, 0
	return r, r.To > 0, nil
}
