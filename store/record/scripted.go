package record

import (
	"fmt"
	"time"
)

// FailTooSlow is a complete response that came after the provider's deadline.
const FailTooSlow FailureKind = "too-slow"

// Fault notes a deliberate fault of a response, "reset", with a text about its effect. The failure's kind is
// "scripted:reset".
func (x *Exchange) Fault(fault, text string) {
	x.Scripted, x.Err = fault, &Failure{Kind: FailureKind("scripted:" + fault), Text: text}
}

// Lateness names the provider for which a response came too late.
type Lateness struct {
	Provider string
	Deadline time.Duration // how long the provider waits for a response
}

// Text describes a response that took that long: "too slow for slack (3 s): 4.1 s".
func (l *Lateness) Text(took time.Duration) string {
	return fmt.Sprintf("too slow for %s (%g s): %g s", l.Provider, l.Deadline.Seconds(),
		took.Round(100*time.Millisecond).Seconds())
}

// TooSlow notes that a provider would not have waited for the response. An earlier failure stays, with this text too.
func (x *Exchange) TooSlow(provider string, deadline time.Duration) {
	x.Late = &Lateness{provider, deadline}
	failure := Failure{Kind: FailTooSlow, Text: x.Late.Text(x.Took)}
	if x.Err != nil {
		late := failure.Text
		failure = *x.Err
		failure.Text += "; " + late
	}
	x.Err = &failure
}
