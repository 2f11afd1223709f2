package record_test

import (
	"testing"
	"time"

	"github.com/barbhq/barb/store/record"
)

func TestTooSlowIsReadBackAsItWasSaid(t *testing.T) {
	deadline, took := 3*time.Second, 4120*time.Millisecond
	faulty := &record.Failure{Kind: record.Scripted("drip"), Text: "sent at 9 bytes a second"}
	for name, f := range map[string]*record.Failure{
		"alone":         record.TooSlow(nil, "slack", deadline, took),
		"after a fault": record.TooSlow(faulty, "slack", deadline, took),
	} {
		provider, d, note, ok := f.Late()
		if !ok || provider != "slack" || d != deadline || note != "too slow for slack (3 s): 4.1 s" {
			t.Errorf("%s: Late = %q, %s, %q, %t", name, provider, d, note, ok)
		}
	}
	if faulty.Text != "sent at 9 bytes a second" {
		t.Errorf("TooSlow changed what it was given: %q", faulty.Text)
	}
	if provider, d, _, ok := record.TooSlow(nil, "p", 1500*time.Millisecond, took).Late(); !ok || provider != "p" || d != 1500*time.Millisecond {
		t.Errorf("Late of a deadline with a fraction = %q, %s, %t", provider, d, ok)
	}
}

func TestLateTrustsNoStranger(t *testing.T) {
	for name, f := range map[string]*record.Failure{
		"nothing":         nil,
		"another failure": {Kind: record.FailReset, Text: "too slow for slack (3 s): 4.1 s"},
		"a plain fault":   {Kind: record.Scripted("reset"), Text: "the connection was cut"},
		"not a duration":  {Kind: record.FailTooSlow, Text: "too slow for slack (long): 4.1 s"},
	} {
		if provider, _, _, ok := f.Late(); ok {
			t.Errorf("%s is late for %q", name, provider)
		}
	}
}

func TestAnExchangeThatWasLeftWithoutAnAnswerOnPurposeFailed(t *testing.T) {
	x := &record.Exchange{Kind: record.Received, Ended: true, Err: &record.Failure{Kind: record.Scripted("reset")}}
	if x.Outcome() != record.Failed || x.FailureKind().Fault() != "reset" {
		t.Errorf("outcome %s, fault %q", x.Outcome(), x.FailureKind().Fault())
	}
	x.Response = &record.Response{Status: 200}
	if x.Outcome() != record.Accepted {
		t.Errorf("with a status: outcome %s", x.Outcome())
	}
	if fault := record.FailReset.Fault(); fault != "" {
		t.Errorf("a reset that nobody asked for is the fault %q", fault)
	}
}
