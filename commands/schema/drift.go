package schema

import "github.com/barbhq/barb/store/drift"

// Drift is a field that webhooks of an event do not have as they had it before.
type Drift struct {
	Schema    int       `json:"schema"`
	Event     string    `json:"event"` // "drift"
	EventType string    `json:"event_type"`
	Scheme    string    `json:"scheme"`
	Change    string    `json:"change"` // "appeared", "vanished" or "changed"
	Path      string    `json:"path"`
	Before    DriftSide `json:"before"`
	Now       DriftSide `json:"now"`
}

// DriftSide is how webhooks of one side have the field. Without a type they do not have it, or its value is masked.
type DriftSide struct {
	Types    []string `json:"types"`
	Webhooks int      `json:"webhooks"` // that have it
	Of       int      `json:"of"`       // webhooks of this event
	ID       int64    `json:"id,omitempty"`
	Position int64    `json:"position,omitempty"` // in the file, from 1
}

// NewDrift returns the JSON form of a difference. In a file webhooks have positions instead of ids.
func NewDrift(d drift.Difference, oldIsFile bool) Drift {
	line := Drift{Schema: 1, Event: "drift", EventType: d.Type, Scheme: d.Scheme, Change: string(d.Change), Path: d.Path,
		Before: newDriftSide(d.Old), Now: newDriftSide(d.New)}
	if oldIsFile {
		line.Before.ID, line.Before.Position = 0, line.Before.ID
	}
	return line
}

func newDriftSide(s drift.Side) DriftSide {
	return DriftSide{Types: append([]string{}, s.Types.Names()...), Webhooks: s.Webhooks, Of: s.Of, ID: s.Example}
}
