package record

import "strings"

const handshakeEvent, notOurs = "handshake:", "event:"

// Event returns the event type for filters and JSON, "handshake:zoom" for a handshake.
func (x *Exchange) Event() string {
	if x.Handshake != "" {
		return handshakeEvent + x.Handshake
	}
	return x.EventType
}

// PlainEvent returns a received event type, changed if it could pass for a handshake in filters and JSON.
func PlainEvent(event string) string {
	if strings.HasPrefix(event, handshakeEvent) {
		return notOurs + event
	}
	return event
}

// EventToSend returns the event type that PlainEvent changed, for the header of a replay.
func EventToSend(event string) string {
	if strings.HasPrefix(event, notOurs+handshakeEvent) {
		return event[len(notOurs):]
	}
	return event
}
