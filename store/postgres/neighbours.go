package postgres

import (
	"context"
	"sync"

	"github.com/barbhq/barb/store/engine"
)

// lookBack is how many ids below the newest are looked at again. The order of ids is not that of commits: a group whose
// ids are lower may be committed later.
const lookBack = 512

// neighbours notes which exchanges of other processes Others has told of. The zero value is ready for use.
type neighbours struct {
	mu     sync.Mutex
	newest int64          // the highest id that was there; 0: not looked yet
	told   map[int64]bool // ids of others, among the last lookBack up to newest
}

// othersQuery finds ids of other writers than $2: all of the last ones up to $1, of those above $1 the last ones and
// the first. The newest id of all comes first. The server would go through a whole partition where an id is compared
// with what a subquery finds, and without statistics also where it has no upper bound.
const (
	othersQuery = "(SELECT id FROM barb.exchange WHERE id > $1::bigint - $3::bigint" + bounded +
		`ORDER BY id DESC LIMIT 1)
	UNION ALL SELECT id FROM barb.exchange WHERE id > $1::bigint - $3::bigint AND id <= $1 AND writer <> $2
	UNION ALL (SELECT id FROM barb.exchange WHERE id > $1 AND writer <> $2` + bounded + `ORDER BY id DESC LIMIT $3)
	UNION ALL (SELECT id FROM barb.exchange WHERE id > $1 AND writer <> $2` + bounded + "ORDER BY id LIMIT 1)"
	bounded = " AND id < 9000000000000000000 "
)

// Others returns the ids among which other processes have recorded since the last call, maybe with some of ours
// between; false when there are none. The first call returns all ids. An exchange is missed that is committed after
// 512 higher ids were.
func (s *Engine) Others(ctx context.Context) (found engine.Range, any bool, err error) {
	n := &s.others
	n.mu.Lock()
	defer n.mu.Unlock()
	ids, err := s.numbers(ctx, othersQuery, n.newest, s.self, int64(lookBack))
	if err != nil || len(ids) == 0 {
		return found, false, err
	}
	first, newest, told := n.newest == 0, ids[0], map[int64]bool{}
	for _, id := range ids[1:] {
		if id > newest-lookBack {
			told[id] = true
		}
		if !n.told[id] {
			found = joined(found, id)
		}
	}
	if n.newest, n.told = max(n.newest, newest), told; first && found.To > 0 {
		found.From = 1
	}
	return found, found.To > 0, nil
}

// joined returns a range, the zero value for none, that has an id too.
func joined(r engine.Range, id int64) engine.Range {
	if r.To == 0 {
		return engine.Range{From: id, To: id}
	}
	return engine.Range{From: min(r.From, id), To: max(r.To, id)}
}
