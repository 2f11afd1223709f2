package deliver

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// unlimited means as many retries as fit in the deadline.
const unlimited = "unlimited"

// policyJSON is a policy as a queue stores it: the flags of `barb send` under their names, as typed. Fields may be
// added; none may be removed or change its meaning, since old queues are still read.
type policyJSON struct {
	Retries  string `json:"retries"`
	Backoff  string `json:"backoff"`
	Base     string `json:"base"`
	MaxDelay string `json:"max_delay"`
	Jitter   string `json:"jitter"`
	RetryOn  string `json:"retry_on"`
	Timeout  string `json:"timeout"`
	Deadline string `json:"deadline"`

	Vary        float64     `json:"vary,omitempty"`
	Speed       float64     `json:"speed,omitempty"`
	NoRetry     string      `json:"no_retry,omitempty"`
	RetryFields []FieldForm `json:"retry_fields,omitempty"`
	Reasons     Reasons     `json:"reasons,omitzero"`
	As          string      `json:"as,omitempty"`
}

// MarshalJSON writes everything that a later attempt needs, also in another process.
func (p Policy) MarshalJSON() ([]byte, error) {
	j := policyJSON{Retries: strconv.Itoa(p.Retries), Backoff: p.backoffText(), Base: p.Base.String(),
		MaxDelay: p.MaxDelay.String(), Jitter: "full",
		RetryOn: p.RetryOn.String(), Timeout: p.Timeout.String(), Deadline: p.Deadline.String(),
		Vary: p.Vary, Speed: p.Speed, NoRetry: p.NoRetry, RetryFields: p.RetryFields, Reasons: p.Reasons, As: p.As}
	if p.Retries == math.MaxInt32 {
		j.Retries = unlimited
	}
	if p.NoJitter {
		j.Jitter = "none"
	}
	return json.Marshal(j)
}

// backoffText returns the backoff as ParseBackoff reads it.
func (p Policy) backoffText() string {
	if p.Backoff < Schedule {
		return backoffNames[p.Backoff]
	}
	waits := make([]string, len(p.Schedule))
	for i, wait := range p.Schedule {
		waits[i] = wait.String()
	}
	return strings.Join(waits, ",")
}

// UnmarshalJSON reads what MarshalJSON wrote, and checks it.
func (p *Policy) UnmarshalJSON(data []byte) (err error) {
	var j policyJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*p = Policy{NoJitter: j.Jitter == "none", Vary: j.Vary, Speed: j.Speed, NoRetry: j.NoRetry, RetryFields: j.RetryFields,
		Reasons: j.Reasons, As: j.As}
	if p.Backoff, p.Schedule, err = ParseBackoff(j.Backoff); err != nil {
		return err
	}
	if j.RetryOn != "" {
		if p.RetryOn, err = ParseRetryOn(j.RetryOn); err != nil {
			return err
		}
	}
	if p.Retries = math.MaxInt32; j.Retries != unlimited {
		if p.Retries, err = strconv.Atoi(j.Retries); err != nil {
			return fmt.Errorf("retries %q is not a number", j.Retries)
		}
	}
	for _, d := range []struct {
		text string
		to   *time.Duration
	}{{j.Base, &p.Base}, {j.MaxDelay, &p.MaxDelay}, {j.Timeout, &p.Timeout}, {j.Deadline, &p.Deadline}} {
		if *d.to, err = time.ParseDuration(d.text); err != nil {
			return err
		}
	}
	return p.Validate()
}
