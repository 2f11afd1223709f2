package schema

import (
	"unicode/utf8"

	"github.com/barbhq/barb/deliver/fixture"
)

// Event is a sample event.
type Event struct {
	Schema      int         `json:"schema"`
	Event       string      `json:"event"`
	Provider    string      `json:"provider"`
	EventType   string      `json:"event_type"`
	Scheme      string      `json:"scheme,omitempty"`
	ContentType string      `json:"content_type,omitempty"`
	About       string      `json:"about"`
	Own         bool        `json:"own"`
	Template    bool        `json:"template"` // false: a body that is sent unchanged
	Path        string      `json:"path,omitempty"`
	WebhookID   string      `json:"webhook_id,omitempty"`
	Seed        *uint64     `json:"seed,omitempty"`
	Headers     [][2]string `json:"headers,omitempty"`
	Body        *string     `json:"body,omitempty"`
	BodyBase64  []byte      `json:"body_base64,omitempty"`
}

// NewEvent returns a sample event. path is the file that it was read from, "" for an event that barb brings along.
func NewEvent(e *fixture.Event, path string) Event {
	return Event{Schema: 1, Event: e.Provider + ":" + e.Type, Provider: e.Provider, EventType: e.EventName(),
		Scheme: e.Scheme, ContentType: e.ContentType, About: e.About, Own: path != "", Template: !e.Plain, Path: path}
}

// Render adds the payload that was made from the event. seed is nil for a payload without random values.
func (j *Event) Render(p *fixture.Payload, seed *uint64) {
	j.WebhookID, j.Seed = p.ID, seed
	for _, f := range p.Header {
		j.Headers = append(j.Headers, [2]string{f.Name, f.Value})
	}
	if text := string(p.Body); utf8.ValidString(text) {
		j.Body = &text
		return
	}
	j.BodyBase64 = p.Body
}
