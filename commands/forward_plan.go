package commands

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// forwardPlan is how a captured webhook is delivered from the queue.
type forwardPlan struct {
	policy deliver.Policy
	needs  string // the secret that the history masks in it, as needOf writes it; "" for none
}

// plan is how a webhook is to be delivered, as the queue keeps it: the policy, and which secret has to be put back into
// the request, since the history does not keep it. Whether a listener can do that is then known before it takes a
// lease.
func (b *outbox) plan(needs string) string {
	if needs == "" {
		return b.policyText
	}
	data, err := json.Marshal(worker.Plan{Policy: json.RawMessage(b.policyText), Needs: needs})
	if err != nil {
		return b.policyText // the request is then found to lack its secret when it is delivered
	}
	return string(data)
}

// needs is the secret that has to be put back into a webhook, as needOf writes it; "" for none.
func (b *outbox) needs(kept *record.Exchange) string {
	for _, s := range b.secrets {
		if slices.ContainsFunc(kept.Masks, func(m record.Mask) bool { return m.Secret == s.Name && m.Proof != "" }) {
			return needOf(s)
		}
	}
	return ""
}

// orderOf is the order that a webhook of a lane belongs to, "" when it needs none. Those that need a secret are an
// order of their own: when the secret is rotated, or another project has the same app, what a listener cannot deliver
// holds up nothing else.
func (b *outbox) orderOf(l *gateway.Lane, r *record.Request, needs string) string {
	order := b.ordered.Of(l.Name, r)
	if order != "" && needs != "" {
		order += " needs " + needs
	}
	return order
}

// forwardPlanOf reads what plan has written, or the policy alone.
func forwardPlanOf(text string) (p forwardPlan, err error) {
	var j worker.Plan
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return p, fmt.Errorf("policy of a queued delivery: %w", err)
	}
	if len(j.Policy) > 0 {
		text, p.needs = string(j.Policy), j.Needs
	}
	p.policy, err = worker.PolicyOf(text)
	return p, err
}

// needOf names a secret that a queued webhook needs: its reference, which may mean another secret to another process,
// and 24 bits of its hash, which tell it from that one and are too few to find a weak secret by.
func needOf(s sign.Secret) string {
	sum := sha256.Sum256(append([]byte("barb queue\x00"), s.Key...))
	return s.Name + " " + hex.EncodeToString(sum[:3])
}

// unable says why this listener cannot deliver what is to be delivered so; "" when it can.
func (b *outbox) unable(plan string) string {
	p, err := forwardPlanOf(plan)
	switch {
	case err != nil:
		return err.Error()
	case p.needs == "" || slices.ContainsFunc(b.secrets, func(s sign.Secret) bool { return needOf(s) == p.needs }):
		return ""
	}
	name, _, _ := strings.Cut(p.needs, " ") // also where somebody else wrote it
	return "it came with the secret " + name + ", which the history does not keep and this listener does not have"
}

// onceSaid says each thing once.
type onceSaid struct {
	mu   sync.Mutex
	what map[string]bool
}

func (o *onceSaid) say(sh *shell, what, line string) {
	o.mu.Lock()
	before := o.what[what]
	if o.what == nil {
		o.what = map[string]bool{}
	}
	o.what[what] = true
	o.mu.Unlock()
	if !before {
		sh.note("%s", line)
	}
}
