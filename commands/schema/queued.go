package schema

import (
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// Queued is an entry of the queue.
type Queued struct {
	Schema         int     `json:"schema"`
	ID             int64   `json:"id"`
	Kind           string  `json:"kind"` // "forward", "message" or "command"
	Thread         int64   `json:"thread"`
	EndpointDomain string  `json:"endpoint_domain"`
	State          string  `json:"state"`
	Behind         bool    `json:"behind"` // an earlier entry of the same order comes first
	Attempts       int     `json:"attempts"`
	Created        string  `json:"created"`
	Changed        string  `json:"changed"`
	Due            *string `json:"due,omitempty"`          // of an entry that waits
	LeasedUntil    *string `json:"leased_until,omitempty"` // of an entry that is being delivered
	First          int64   `json:"first_attempt,omitempty"`
	Last           int64   `json:"last_attempt,omitempty"`
	Why            string  `json:"why,omitempty"`
}

// NewQueued returns an entry of the queue.
func NewQueued(q *store.Queued) Queued {
	due := Stamp(q.Due)
	out := Queued{Schema: 1, ID: q.ID, Kind: q.Kind.String(), Thread: q.Thread, EndpointDomain: hostname(q.Target),
		State: string(q.State), Behind: q.Blocked, Attempts: q.Attempts, Created: Stamp(q.Created), Changed: Stamp(q.Changed),
		First: q.First, Last: q.Last, Why: q.Why}
	switch q.State {
	case store.Waiting:
		out.Due = &due
	case store.Leased:
		out.LeasedUntil = &due
	}
	return out
}

// QueuedMessage is a message that barb send --queue put into the queue.
type QueuedMessage struct {
	export.Line
	QueueID int64 `json:"queue_id"` // for barb queue
}

// NewQueuedMessage returns a message with its entry in the queue.
func NewQueuedMessage(x *record.Exchange, with export.With, q *store.Queued) QueuedMessage {
	return QueuedMessage{Line: export.JSON(x, with), QueueID: q.ID}
}
