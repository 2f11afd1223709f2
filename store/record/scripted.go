package record

import (
	"fmt"
	"time"
)

// FailTooSlow is a complete response that came after the provider's deadline.
const FailTooSlow FailureKind = "too-slow"

// failScripted returns the kind of failure of a deliberate fault: "scripted:reset".
func failScripted(fault string) FailureKind { return FailureKind("scripted:" + fault) }

// Fault notes a deliberate fault of a response, "reset", with a text about its effect.
func (x *Exchange) Fault(fault, text string) {
	x.Scripted, x.Err = fault, &Failure{Kind: failScripted(fault), Text: text}
}

// Lateness names the provider for which a response came too late.
type Lateness struct {
	Provider string
	Deadline time.Duration // how long the provider waits for a response
}

// Text describes a response that took that long: "too slow for slack (3 s): 4.1 s".
func (l *Lateness) Text(took time.Duration) string {
	return fmt.Sprintf("too slow for %s (%s): %s", l.Provider, seconds(l.Deadline),
		seconds(took.Round(100*time.Millisecond)))
}

// TooSlow notes that a provider would not have waited for the response. It replaces an earlier failure.
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

// seconds formats a duration: 4.1 s.
func seconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }
