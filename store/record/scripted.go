package record

import (
	"fmt"
	"strings"
	"time"
)

// FailTooSlow is an answer that was whole and came later than the provider whose webhook it was would have waited.
const FailTooSlow FailureKind = "too-slow"

// scripted begins the kind of a failure that was asked for: "scripted:reset".
const scripted = "scripted:"

// Scripted is the kind of failure of a received exchange to whose sender something was done on purpose.
func Scripted(fault string) FailureKind { return FailureKind(scripted + fault) }

// Fault is what was done to the sender on purpose, "reset"; "" when nothing was.
func (k FailureKind) Fault() string {
	fault, ok := strings.CutPrefix(string(k), scripted)
	if !ok {
		return ""
	}
	return fault
}

// tooSlow begins what is said of a late answer.
const tooSlow = "too slow for "

// TooSlow adds to how an exchange ended that a provider would have given up by then. f may be nil and is not changed.
func TooSlow(f *Failure, provider string, deadline, took time.Duration) *Failure {
	text := fmt.Sprintf("%s%s (%s): %s", tooSlow, provider, seconds(deadline), seconds(took.Round(100*time.Millisecond)))
	if f == nil {
		return &Failure{Kind: FailTooSlow, Text: text}
	}
	late := *f
	late.Text += "; " + text
	return &late
}

// seconds writes a duration as people do: 4.1 s.
func seconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }

// Late says for whom an answer came too late, how long that provider waits, and the note that says so. ok is false when it
// came in time, or nobody asked.
func (f *Failure) Late() (provider string, deadline time.Duration, note string, ok bool) {
	if f == nil || f.Kind != FailTooSlow && f.Kind.Fault() == "" { // else the text may be a stranger's
		return "", 0, "", false
	}
	at := strings.LastIndex(f.Text, tooSlow)
	if at < 0 {
		return "", 0, "", false
	}
	note = f.Text[at:]
	provider, rest, _ := strings.Cut(note[len(tooSlow):], " (")
	rest, _, _ = strings.Cut(rest, ")")
	deadline, err := time.ParseDuration(strings.ReplaceAll(rest, " ", ""))
	return provider, deadline, note, err == nil
}
