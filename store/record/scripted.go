package record

import (
	"fmt"
	"time"
)

// FailTooSlow is an answer that was whole and came later than the provider whose webhook it was would have waited.
const FailTooSlow FailureKind = "too-slow"

// failScripted is the kind of failure of an exchange to whose sender something was done on purpose: "scripted:reset".
func failScripted(fault string) FailureKind { return FailureKind("scripted:" + fault) }

// Fault notes what was done to the sender of a received exchange on purpose, "reset", and how it went.
func (x *Exchange) Fault(fault, text string) {
	x.Scripted, x.Err = fault, &Failure{Kind: failScripted(fault), Text: text}
}

// Lateness is for whom an answer came too late.
type Lateness struct {
	Provider string
	Deadline time.Duration // how long the provider waits for an answer
}

// Text says it to people, of an answer that took so long: "too slow for slack (3 s): 4.1 s".
func (l *Lateness) Text(took time.Duration) string {
	return fmt.Sprintf("too slow for %s (%s): %s", l.Provider, seconds(l.Deadline),
		seconds(took.Round(100*time.Millisecond)))
}

// TooSlow notes that a provider would have given up waiting for the answer. A failure that is there already is not
// changed but replaced.
func (x *Exchange) TooSlow(provider string, deadline time.Duration) {
	x.Late = &Lateness{provider, deadline}
	failure := Failure{Kind: FailTooSlow, Text: x.Late.Text(x.Took)}
	if x.Err != nil {
		text := x.Err.Text + "; " + failure.Text
		failure = *x.Err
		failure.Text = text
	}
	x.Err = &failure
}

// seconds writes a duration as people do: 4.1 s.
func seconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }
