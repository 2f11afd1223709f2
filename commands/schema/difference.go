package schema

import (
	"encoding/json"

	"github.com/barbhq/barb/commands/retest"
	"github.com/barbhq/barb/deliver/compare"
	"github.com/barbhq/barb/store/record"
)

// Changed is one difference of two messages.
type Changed struct {
	Part string `json:"part"`           // "status", "header" or "body"
	Name string `json:"name,omitempty"` // of the header, the path of a JSON value, or the line of a text
	A    any    `json:"a"`              // null where there is none
	B    any    `json:"b"`
}

// NewDifferences returns the JSON form of differences, never nil.
func NewDifferences(all []compare.Difference) []Changed {
	out := make([]Changed, len(all))
	for i, d := range all {
		out[i] = Changed{Part: string(d.Part), Name: d.Name, A: side(&d, d.Old), B: side(&d, d.New)}
	}
	return out
}

func side(d *compare.Difference, text *string) any {
	switch {
	case text == nil:
		return nil
	case d.JSON, d.Part == compare.Status:
		return json.RawMessage(*text)
	}
	return *text
}

// Retested is what a replay that checks found of one webhook.
type Retested struct {
	Schema         int       `json:"schema"`
	Event          string    `json:"event"` // "checked"
	ID             int64     `json:"id"`
	WebhookID      string    `json:"webhook_id,omitempty"`
	EventType      string    `json:"event_type,omitempty"`
	Outcome        string    `json:"outcome"` // "pass", "fail", "skip" or "error"
	Compared       string    `json:"compared,omitempty"`
	StatusCode     int       `json:"status_code,omitempty"`
	LatencyMS      int64     `json:"latency_ms,omitempty"`
	RecordedStatus int       `json:"recorded_status_code,omitempty"`
	RecordedMS     int64     `json:"recorded_latency_ms,omitempty"`
	Failed         []string  `json:"failed,omitempty"` // assertions that do not hold
	Differences    []Changed `json:"differences"`
	Note           string    `json:"note,omitempty"` // why it was skipped, or what became of the answer in a snapshot
}

// NewRetested returns the JSON form of a verdict.
func NewRetested(webhook, attempt *record.Exchange, v *retest.Verdict) Retested {
	return Retested{Schema: 1, Event: "checked", ID: webhook.First(), WebhookID: attempt.WebhookID,
		EventType: webhook.Event(), Outcome: string(v.Outcome), Compared: string(v.Word), StatusCode: v.Now,
		LatencyMS: v.NowTook.Milliseconds(), RecordedStatus: v.Then, RecordedMS: v.ThenTook.Milliseconds(),
		Failed: v.Failed, Differences: NewDifferences(v.Differences), Note: v.Note}
}
