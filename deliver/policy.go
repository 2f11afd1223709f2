package deliver

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/units"
)

// Backoff is the shape of the waits between attempts.
type Backoff uint8

// The shapes of backoff. Schedule takes its waits from Policy.Schedule.
const (
	Exponential Backoff = iota
	Linear
	Constant
	Schedule
)

// Policy says when a delivery is tried again. The zero value makes one attempt without a time limit.
type Policy struct {
	Retries  int // after the first attempt
	Backoff  Backoff
	Base     time.Duration   // the unit of the waits
	MaxDelay time.Duration   // cap of a wait; 0 is none. Neither a schedule nor Retry-After is capped by it
	Schedule []time.Duration // the waits themselves when Backoff is Schedule; the last one repeats
	NoJitter bool            // wait the upper end instead of a random part of it
	RetryOn  RetryOn
	Timeout  time.Duration // of one attempt; 0 is none
	Deadline time.Duration // of all attempts and waits, on the monotonic clock; 0 is none

	// Vary is the part that is added to the waits of a schedule at random: 0.1 adds up to a tenth. NoJitter adds nothing.
	Vary float64
	// Speed divides every wait, that of a Retry-After too, but no timeout and no deadline. 0 is 1.
	Speed float64
	// NoRetry is a field of an answer, as "Name: value", with which the app asks for no further attempt; "" is none.
	NoRetry     string
	RetryFields []FieldForm // that retries carry
	Reasons     Reasons     // words of RetryFields
	As          string      // the provider whose policy this is, "" for none
}

// DefaultPolicy returns the policy of `barb send` without flags.
func DefaultPolicy() Policy {
	return Policy{
		Retries:  4,
		Backoff:  Exponential,
		Base:     500 * time.Millisecond,
		MaxDelay: 30 * time.Second,
		RetryOn:  DefaultRetryOn(),
		Timeout:  15 * time.Second,
		Deadline: 5 * time.Minute,
	}
}

// Validate returns an error for a policy without sense: something negative, a schedule without waits.
func (p Policy) Validate() error {
	switch {
	case p.Base < 0:
		return fmt.Errorf("base %s is negative", p.Base)
	case p.MaxDelay < 0:
		return fmt.Errorf("max-delay %s is negative", p.MaxDelay)
	case p.Timeout < 0:
		return fmt.Errorf("timeout %s is negative", p.Timeout)
	case p.Deadline < 0:
		return fmt.Errorf("deadline %s is negative", p.Deadline)
	case p.Retries < 0:
		return fmt.Errorf("retries %d is negative", p.Retries)
	case p.Backoff > Schedule:
		return fmt.Errorf("unknown backoff %d", p.Backoff)
	case p.Backoff == Schedule && len(p.Schedule) == 0:
		return errors.New("the backoff has no waits")
	case p.Vary < 0 || math.IsNaN(p.Vary) || p.Vary > 1:
		return fmt.Errorf("vary %g is not from 0 to 1", p.Vary)
	case p.Speed < 0 || math.IsNaN(p.Speed) || math.IsInf(p.Speed, 0):
		return fmt.Errorf("speed %g is not a number above 0", p.Speed)
	}
	for _, wait := range p.Schedule {
		if wait < 0 {
			return fmt.Errorf("backoff %s is negative", wait)
		}
	}
	return nil
}

// Delay returns the wait before retry n, from 1, without Speed; random is from [0, 1). A schedule is used as it is, but
// for Vary. Otherwise the wait is a random part of the upper end (min(MaxDelay, Base·2^(n-1)), Base·n or Base), or with
// NoJitter all of it.
func (p Policy) Delay(n int, random float64) time.Duration {
	n = max(n, 1)
	if p.Backoff == Schedule {
		if len(p.Schedule) == 0 {
			return 0
		}
		wait := p.Schedule[min(n, len(p.Schedule))-1]
		return p.lengthened(wait, p.Vary*random*float64(wait))
	}
	upper := p.upper(n)
	if p.MaxDelay > 0 {
		upper = min(upper, p.MaxDelay)
	}
	if p.NoJitter {
		return upper
	}
	return time.Duration(random * float64(upper))
}

// upper returns the uncapped upper end of wait n, at most the longest Duration.
func (p Policy) upper(n int) time.Duration {
	factor := int64(1)
	if p.Backoff == Exponential {
		factor <<= min(n-1, 62)
	}
	if p.Backoff == Linear {
		factor = int64(n)
	}
	if int64(p.Base) > math.MaxInt64/factor {
		return math.MaxInt64
	}
	return p.Base * time.Duration(factor)
}

// lengthened returns a wait that must not be shorter, of a schedule or asked for by a peer, plus a random part so that
// not all senders come back at once. With NoJitter nothing is added.
func (p Policy) lengthened(wait time.Duration, part float64) time.Duration {
	if p.NoJitter {
		return wait
	}
	return wait + min(time.Duration(part), math.MaxInt64-wait)
}

// compressed returns a wait divided by Speed.
func (p Policy) compressed(wait time.Duration) time.Duration {
	if p.Speed == 0 || p.Speed == 1 {
		return wait
	}
	if quick := float64(wait) / p.Speed; quick < math.MaxInt64 {
		return time.Duration(quick)
	}
	return math.MaxInt64
}

// backoffNames are the shapes but Schedule, which is written as its waits.
var backoffNames = [...]string{"exponential", "linear", "constant"}

// ParseBackoff reads "exponential", "linear", "constant" or a list of waits such as "1s,5s,30s,2m,10m". For a list it
// returns Schedule and the waits, one for each retry.
func ParseBackoff(s string) (Backoff, []time.Duration, error) {
	if i := slices.Index(backoffNames[:], s); i >= 0 {
		return Backoff(i), nil, nil
	}
	var waits []time.Duration
	for item := range strings.SplitSeq(s, ",") {
		wait, err := units.ParseDuration(strings.TrimSpace(item))
		if err != nil {
			return 0, nil, fmt.Errorf("backoff %q is not exponential, linear, constant or a list of waits like 1s,5s,30s", item)
		}
		waits = append(waits, wait)
	}
	return Schedule, waits, nil
}
