package record

import "cmp"

// Role is what an exchange is in its webhook.
type Role uint8

// The roles, by their codes in the history. All but First and Copy belong to the webhook of their Thread.
const (
	First      Role = 0 // begins a webhook: received for the first time, or the first attempt
	Attempt    Role = 1 // a retry, or an attempt of a message of the queue
	Redelivery Role = 2 // received again
	Forward    Role = 3 // to the app, with its retries
	Mirror     Role = 4 // to another app, whose response does not count
	Replay     Role = 5 // to where the webhook went before
	Elsewhere  Role = 6 // a replay to another place, whose response does not count
	Copy       Role = 7 // a replay with a new id, which begins a webhook
)

// String returns the JSON name of a role.
func (r Role) String() string {
	switch r {
	case Redelivery:
		return "redelivery"
	case Forward:
		return "forward"
	case Mirror:
		return "mirror"
	case Replay, Elsewhere:
		return "replay"
	}
	return "attempt"
}

// First returns the id of the first exchange of the webhook that x belongs to.
func (x *Exchange) First() int64 { return cmp.Or(x.Webhook, x.ID) }
