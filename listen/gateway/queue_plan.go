package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// plan returns how a webhook is to be delivered, as the queue stores it: the policy, and which secret has to be put
// back into the request, since the history does not store it. Whether a listener can do that is then known before it
// takes a lease.
func (q *Queue) plan(needs string) string {
	if needs == "" {
		return q.policy
	}
	data, err := json.Marshal(worker.Plan{Policy: json.RawMessage(q.policy), Needs: needs})
	if err != nil {
		return q.policy // the request is then found to lack its secret when it is delivered
	}
	return string(data)
}

// planOf reads what plan has written: the policy, and the secret that is needed, "" for none.
func planOf(text string) (policy deliver.Policy, needs string, err error) {
	var p worker.Plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return policy, "", fmt.Errorf("policy of a queued delivery: %w", err)
	}
	if len(p.Policy) > 0 {
		text, needs = string(p.Policy), p.Needs
	}
	policy, err = worker.PolicyOf(text)
	return policy, needs, err
}

// needs returns the secret that has to be put back into a webhook, as needOf writes it; "" for none.
func (q *Queue) needs(kept *record.Exchange) string {
	for _, s := range q.g.Secrets {
		if slices.ContainsFunc(kept.Masks, func(m record.Mask) bool { return m.Secret == s.Name && m.Proof != "" }) {
			return needOf(s)
		}
	}
	return ""
}

// needOf names a secret that a queued webhook needs: its reference, which may mean another secret to another process,
// and 24 bits of its hash, which tell it from that one and are too few to find a weak secret by.
func needOf(s sign.Secret) string {
	sum := sha256.Sum256(append([]byte("barb queue\x00"), s.Key...))
	return s.Name + " " + hex.EncodeToString(sum[:3])
}

// orderOf returns the order that a webhook of a lane belongs to, "" when it needs none. Those that need a secret are an
// order of their own: when the secret is rotated, or another project has the same app, what a listener cannot deliver
// holds up nothing else.
func (q *Queue) orderOf(l *Lane, r *record.Request, needs string) string {
	order := q.Order(l.Name, r)
	if order != "" && needs != "" {
		order += " needs " + needs
	}
	return order
}

// prepare says why this listener cannot deliver entries of a plan; nil when it can.
func (q *Queue) prepare(_ context.Context, _, plan string) error {
	_, needs, err := planOf(plan)
	switch {
	case err != nil:
		return err
	case needs == "" || slices.ContainsFunc(q.g.Secrets, func(s sign.Secret) bool { return needOf(s) == needs }):
		return nil
	}
	name, _, _ := strings.Cut(needs, " ") // also where somebody else wrote it
	return fmt.Errorf("it came with secret %s, which the history does not store and this listener was not given", name)
}
