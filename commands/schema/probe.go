package schema

import "github.com/barbhq/barb/deliver/probe"

// ProbeCheck is the result of one check of barb probe.
type ProbeCheck struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Outcome  string   `json:"outcome"` // pass, fail, warn, skip or unknown
	Severity string   `json:"severity"`
	Detail   string   `json:"detail"`
	Fix      string   `json:"fix,omitempty"` // of a check that failed
	Source   []string `json:"source"`
	Exchange int64    `json:"exchange,omitempty"` // id of the request that decided
}

// NewProbeCheck returns a result in its JSON form.
func NewProbeCheck(r *probe.Result) ProbeCheck {
	c := ProbeCheck{ID: r.ID, Name: r.Name, Outcome: string(r.Outcome), Severity: string(r.Severity), Detail: r.Detail,
		Source: r.Source, Exchange: r.Exchange}
	if r.Outcome == probe.Fail {
		c.Fix = r.Fix
	}
	return c
}

// ProbeGrade is the last object of barb probe.
type ProbeGrade struct {
	Grade  string       `json:"grade"`
	Checks probe.Counts `json:"checks"`
}

// ProbePlan is a check of barb probe --dry-run.
type ProbePlan struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Severity string   `json:"severity"`
	Requests int      `json:"requests"` // at most
	AtOnce   int      `json:"at_once"`
	Skipped  string   `json:"skipped,omitempty"` // why nothing is sent
	Source   []string `json:"source"`
}

// NewProbePlan returns what a check would send.
func NewProbePlan(c *probe.Check, requests, atOnce int, skipped string) ProbePlan {
	return ProbePlan{ID: c.ID, Name: c.Name, Severity: string(c.Severity), Requests: requests, AtOnce: atOnce,
		Skipped: skipped, Source: c.Source}
}
