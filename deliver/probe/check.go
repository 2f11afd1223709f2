package probe

import (
	"context"
	"slices"
	"sync"
)

// Check is one question to a receiver, a row of the table.
type Check struct {
	ID       string // a letter for the group and a number: B4
	Name     string
	Severity Severity
	Source   []string // addresses of who asks for it
	Fix      string   // what to change in the receiver, as a sentence

	skip     func(p *Probe) string // why the check does not apply; "" when it does; nil: it always does
	messages func(p *Probe) []message
	requests func(p *Probe) int // at most, of a check that is more than its messages
	atOnce   int                // requests at a time; 0 is 1
	judge    func(ctx context.Context, r *run) finding
	late     bool // judges what was answered before, so it runs also when the receiver has stopped answering
}

// Group returns the letter of the check's group.
func (c *Check) Group() string { return c.ID[:1] }

// isBaseline reports whether the check is the one without which nothing else means anything.
func (c *Check) isBaseline() bool { return c.ID == "A1" }

func (c *Check) reasonToSkip(p *Probe) string {
	if c.skip == nil {
		return ""
	}
	return c.skip(p)
}

func (c *Check) run(ctx context.Context, r *run) finding {
	if c.judge != nil {
		return c.judge(ctx, r)
	}
	return judgeMessages(c.messages)(ctx, r)
}

// Requests returns how many requests the check sends at most, and how many of them at a time.
func (c *Check) Requests(p *Probe) (n, atOnce int) {
	if c.requests != nil {
		return c.requests(p), max(c.atOnce, 1)
	}
	if c.messages == nil {
		return 0, 1
	}
	for _, m := range c.messages(p) {
		n++
		if m.want != accept {
			n++ // the control
		}
	}
	return n, 1
}

// Skips returns why the check does not apply, "" when it does.
func (c *Check) Skips(p *Probe) string { return c.reasonToSkip(p) }

// Checks returns the table, in the order in which the checks run.
func Checks() []*Check {
	table := checks()
	all := make([]*Check, len(table))
	for i := range table {
		all[i] = &table[i]
	}
	return all
}

// IDs returns the ids of all checks and the letters of their groups.
func IDs() (ids, groups []string) {
	for _, c := range Checks() {
		ids = append(ids, c.ID)
		groups = append(groups, c.Group())
	}
	slices.Sort(groups)
	return ids, slices.Compact(groups)
}

// checks returns the table. It is put together when it is first needed, and never changed.
var checks = sync.OnceValue(func() []Check {
	return slices.Concat(reach, authenticity, timing, rotation, exactness, duplicates, malformed, challenges, speed,
		telling)
})

// all joins reasons to skip: the first that gives one counts.
func all(reasons ...func(p *Probe) string) func(p *Probe) string {
	return func(p *Probe) string {
		for _, reason := range reasons {
			if why := reason(p); why != "" {
				return why
			}
		}
		return ""
	}
}

// The sources.
const (
	sourceSW  = "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"
	sourceWRC = "https://github.com/luckyteagirl/webhook-receiver-conformance"
	sourceFYI = "https://webhooks.fyi/best-practices/webhook-consumers"
	sourceOW  = "https://cheatsheetseries.owasp.org/cheatsheets_draft/Webhook_Security_Guidelines_Cheat_Sheet.html"
	sourceSVX = "https://docs.svix.com/receiving/introduction"
	sourceGH  = "https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks"
	sourceSTR = "https://docs.stripe.com/webhooks#best-practices"
	sourceBRB = "https://github.com/barbhq/barb/blob/main/docs/probe.md"
)
