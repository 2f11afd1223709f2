// Package others notes which exchanges other processes have recorded.
package others

import "sync"

// Notes tells the ids that this process gave from those that others gave. Its methods may be called from several
// goroutines at once.
type Notes struct {
	mu       sync.Mutex
	ours     int64 // the highest id that this process gave
	from, to int64 // the range with new exchanges of other processes; 0: none
	told     int64 // the highest id that a call of Take covered
}

// Gave notes the newest id of this process, before the commit makes it visible.
func (o *Notes) Gave(newest int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ours = max(o.ours, newest)
}

// Found notes ids that others have given.
func (o *Notes) Found(from, to int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.add(from, to)
}

func (o *Notes) add(from, to int64) {
	if from = max(from, o.told+1); from > to {
		return
	}
	if o.to == 0 || from < o.from {
		o.from = from
	}
	o.to = max(o.to, to)
}

// Take returns the range of ids, of which newest is the highest, among which others have recorded since the last call;
// to is 0 when there are none.
func (o *Notes) Take(newest int64) (from, to int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if newest > o.ours {
		o.add(max(o.ours, o.told)+1, newest)
	}
	from, to = o.from, o.to
	o.told, o.from, o.to = max(o.told, o.to), 0, 0
	return from, to
}
