package pick

import (
	"context"
	"slices"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/webhooks"
)

// followBack is how many of the newest exchanges may still change what was returned; an answer that takes longer than
// this many further exchanges is not followed.
const followBack = 500

// News follows a selection. It knows which webhooks it has returned, and in which state.
type News struct {
	Chosen Selection
	Began  int64 // the newest exchange when it began; 0: none
	shown  map[int64]version
}

// version is what was returned of a webhook.
type version struct {
	newest int64
	state  webhooks.State
	remark store.Remark
}

// First returns the newest webhooks of the selection, the oldest of them first; at most limit of them (0: all).
func (n *News) First(ctx context.Context, limit int, now time.Time) ([]*webhooks.Webhook, error) {
	s := n.Chosen
	s.Filter.Limit = limit
	return n.changed(ctx, &s, now, func(version) bool { return true })
}

// Next returns the webhooks that have come or have changed since the last call, the oldest first. The history has come
// to the exchange newest.
func (n *News) Next(ctx context.Context, newest int64, now time.Time) ([]*webhooks.Webhook, error) {
	s := n.Chosen
	s.Filter.Limit = followBack
	if len(s.Filter.IDs) == 0 {
		s.Filter.IDs = []store.Range{{From: max(newest-followBack, 1), To: newest}}
	}
	return n.changed(ctx, &s, now, func(v version) bool { return v.newest > n.Began })
}

// changed returns the webhooks that have changed since they were returned, and those of the others that are new.
func (n *News) changed(ctx context.Context, s *Selection, now time.Time, isNew func(version) bool) (
	changed []*webhooks.Webhook, err error) {
	seen := map[int64]version{}
	for w, err := range s.Webhooks(ctx, now) {
		if err != nil {
			return nil, err
		}
		v := version{w.Newest().ID, w.State, w.Remark}
		seen[w.ID] = v
		before, known := n.shown[w.ID]
		if known && v.differs(before) || !known && isNew(v) {
			changed = append(changed, w)
		}
	}
	for id, v := range n.shown { // a webhook that a filter leaves out for a while is not returned again unchanged
		if _, ok := seen[id]; !ok && v.newest > n.Began-followBack {
			seen[id] = v
		}
	}
	n.shown = seen
	slices.Reverse(changed)
	return changed, nil
}

// differs reports whether a webhook is worth another line. While it waits, further attempts are not: the line comes
// when it has settled.
func (v version) differs(before version) bool {
	return v.state != before.state || v.remark != before.remark || v.newest != before.newest && v.state != webhooks.Pending
}
