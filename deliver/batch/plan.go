package batch

import (
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Plan is what the messages of a run follow from, so that a resumed run sends the same. It is stored as JSON.
type Plan struct {
	IDs    string `json:"ids"`   // what the ids of its messages begin with
	Seed   uint64 `json:"seed"`  // of its templates and its order
	Events string `json:"event"` // digest of what is sent; "": it came as a stream
	// Now is the clock of its templates and headers; zero: an older barb, which kept none, began the run.
	Now time.Time `json:"now,omitzero"`
	// Shared is a digest of what its messages have besides that; "": an older barb, which kept none, began the run.
	Shared string `json:"shared,omitempty"`
}

// MessageID returns the webhook id of a message, which is numbered from 0: as a UUID, or IDs with the number from 1.
func (p *Plan) MessageID(message int64, asUUID bool) string {
	text := p.IDs + "-" + strconv.FormatInt(message+1, 10)
	if asUUID {
		return uuid.NewSHA1(uuid.NameSpaceOID, []byte(text)).String()
	}
	return text
}
