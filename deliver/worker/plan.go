package worker

import (
	"encoding/json"
	"fmt"

	"github.com/barbhq/barb/deliver"
)

// Plan is how a queued message is delivered: everything but the message itself and its secret. It is stored with the
// queue entry as JSON, and the same text is stored once.
type Plan struct {
	Policy  json.RawMessage   `json:"policy"` // see PolicyText
	Scheme  string            `json:"scheme,omitempty"`
	Secrets []string          `json:"secrets,omitempty"` // references
	Needs   string            `json:"needs,omitempty"`   // the secret that a captured webhook lacks
	Params  map[string]string `json:"params,omitempty"`
	Client  Connection        `json:"client,omitzero"`
}

// Connection is how the connections of a plan are made. Paths are absolute, since a worker may run in another folder.
type Connection struct {
	deliver.Connection
	ConnectTimeout string `json:"connect_timeout,omitempty"` // as time.Duration writes it
}

// PolicyText returns a policy as it is stored. A webhook that needs nothing else is stored with its policy alone.
func PolicyText(p deliver.Policy) (string, error) {
	data, err := json.Marshal(p)
	return string(data), err
}

// PolicyIn returns the policy of a queue entry, whose text is a Plan or a policy alone.
func PolicyIn(text string) (deliver.Policy, error) {
	var p Plan
	if err := json.Unmarshal([]byte(text), &p); err == nil && len(p.Policy) > 0 {
		text = string(p.Policy)
	}
	return PolicyOf(text)
}

// PolicyOf reads what PolicyText wrote.
func PolicyOf(text string) (p deliver.Policy, err error) {
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("policy of a queued delivery: %w", err)
	}
	return p, nil
}
