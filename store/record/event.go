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

// PlainEvent keeps a stranger's event type from passing for a handshake in filters and JSON.
func PlainEvent(event string) string {
	if strings.HasPrefix(event, handshakeEvent) {
		return notOurs + event
	}
	return event
}

// EventToSend returns an event type as a header carries it when it is replayed: as it was before PlainEvent changed
// it.
func EventToSend(event string) string {
	if strings.HasPrefix(event, notOurs+handshakeEvent) {
		return event[len(notOurs):]
	}
	return event
}
