// Package payload makes the bodies that are sent: one payload, a sample event, or a list of events. It reads files and
// streams, and neither signs nor sends them.
package payload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Bodies are the bodies of a run, numbered from 0.
type Bodies interface {
	// Count returns the number of bodies; 0 for an unknown number, until Event returns io.EOF.
	Count() int64
	// Event returns body n unchanged. It is called by one goroutine at a time, and is fastest in order.
	Event(ctx context.Context, n int64) ([]byte, error)
	// Digest identifies the bodies, so that a resumed run sends the same ones; "" when it is unknown.
	Digest() string
	// Bad returns the events that are left out.
	Bad() Bad
	// Close ends the reading.
	Close()
}

// Check returns why a body cannot be sent; nil: it can. A nil Check accepts every body.
type Check func(body []byte) error

// MaxEvent is the largest event of a list, in bytes. maxEventText is the same for people.
const (
	MaxEvent     = 16 << 20
	maxEventText = "17MB"
)

// badListed is how many bad events are listed; the others are counted.
const badListed = 10

// Bad counts and lists events that cannot be sent.
type Bad struct {
	Count int64
	First []string // place and fault of the first ten
}

func (b *Bad) add(format string, args ...any) {
	if b.Count++; len(b.First) < badListed {
		b.First = append(b.First, fmt.Errorf(format, args...).Error())
	}
}

// BadEventsError is the error for a list with events that cannot be sent.
type BadEventsError struct {
	Name string // of the list
	Bad
	All  bool // the list has no other event, so that leaving them out does not help
	Late bool // earlier events of the stream were sent already
}

// Error names the first bad event and the number of others.
func (e *BadEventsError) Error() string {
	switch more := e.Count - 1; {
	case e.All:
		return fmt.Sprintf("%s: no valid event (%d invalid); the first: %s", e.Name, e.Count, e.First[0])
	case more == 0:
		return e.Name + ": " + e.First[0]
	case more == 1:
		return fmt.Sprintf("%s: %s; and 1 more invalid event", e.Name, e.First[0])
	default:
		return fmt.Sprintf("%s: %s; and %d more invalid events", e.Name, e.First[0], more)
	}
}

// ErrNoEvent is the error for a list without events. It is wrapped with the name of the list.
var ErrNoEvent = errors.New("it contains no event")

// accept returns a completely checked list, or an error for an empty list, or for a bad event unless skipBad leaves it
// out.
func accept(e Bodies, name string, skipBad bool) (Bodies, error) {
	bad := e.Bad()
	var err error
	switch {
	case bad.Count > 0 && !skipBad:
		err = &BadEventsError{Name: name, Bad: bad}
	case e.Count() == 0 && bad.Count > 0:
		err = &BadEventsError{Name: name, Bad: bad, All: true}
	case e.Count() == 0:
		err = fmt.Errorf("%s: %w", name, ErrNoEvent)
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// checkLine returns why a line is not an event; nil when it is.
func checkLine(line []byte, check Check) error {
	if !json.Valid(line) {
		return whyNotJSON(line)
	}
	if check != nil {
		return check(line)
	}
	return nil
}

func whyNotJSON(line []byte) error {
	var raw json.RawMessage
	err := json.Unmarshal(line, &raw)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not JSON: %w at byte %d", err, syntax.Offset)
	}
	return errors.New("not JSON")
}

// list holds the number, the digest and the faults of a list of events.
type list struct {
	events int64 // 0: unknown
	digest string
	bad    Bad
}

func (l *list) Count() int64   { return l.events }
func (l *list) Digest() string { return l.digest }
func (l *list) Bad() Bad       { return l.bad }
func (l *list) Close()         {}

type repeated struct{ list }

// Repeated returns one payload that is sent several times, by its digest. Its Event returns no payload, because the
// caller has it.
func Repeated(digest string) Bodies { return &repeated{list{events: 1, digest: digest}} }

func (r *repeated) Event(context.Context, int64) ([]byte, error) { return nil, nil }
