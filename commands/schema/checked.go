package schema

// Checked is the result of barb run or barb wait.
type Checked struct {
	Schema        int           `json:"schema"`
	Event         string        `json:"event"` // "run" or "wait"
	Exit          int           `json:"exit"`
	CommandExit   *int          `json:"command_exit,omitempty"` // of barb run; 130 when it was interrupted
	Summary       string        `json:"summary"`
	Webhooks      int           `json:"webhooks"`       // that came
	Unexpected    []int64       `json:"unexpected"`     // ids of webhooks
	BadSignatures []int64       `json:"bad_signatures"` // ids of webhooks
	Cases         []CheckedCase `json:"cases"`          // one for each expectation
}

// CheckedCase is how one expectation fared.
type CheckedCase struct {
	Expect   string        `json:"expect"` // as it was written
	OK       bool          `json:"ok"`
	State    string        `json:"state,omitempty"` // "missing", "too many" or "forbidden"
	Count    int           `json:"count"`           // webhooks that count
	Want     string        `json:"want"`            // "at least 1"
	Webhooks []int64       `json:"webhooks"`        // ids of those that meet it
	Near     []CheckedNear `json:"near,omitempty"`  // what nearly met it, the closest first
}

// CheckedNear is a webhook that nearly met an expectation.
type CheckedNear struct {
	ID        int64    `json:"id"`
	EventType string   `json:"event_type"`
	Why       []string `json:"why"` // "amount_due is 4100"
}

// NewChecked returns the line about a result without cases.
func NewChecked(event, summary string) Checked {
	return Checked{Schema: 1, Event: event, Summary: summary, Unexpected: []int64{}, BadSignatures: []int64{},
		Cases: []CheckedCase{}}
}

// Asserted is how a webhook fared with barb assert.
type Asserted struct {
	Schema    int              `json:"schema"`
	Event     string           `json:"event"` // "assert"
	ID        int64            `json:"id"`
	EventType string           `json:"event_type"`
	OK        bool             `json:"ok"`
	Failed    []AssertedFailed `json:"failed"` // the conditions that are not true
}

// AssertedFailed is a condition that is not true for a webhook.
type AssertedFailed struct {
	That string   `json:"that"` // as it was written
	Why  []string `json:"why"`  // "status is 503"
}
