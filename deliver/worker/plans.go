package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/signer"
)

// BlockedFor is how long a message that this process cannot deliver is left to others.
const BlockedFor = 30 * time.Second

// Plans makes the signer and client of each plan once. Where that failed, for example for want of a secret, it is tried
// again after a while. It may take as long as the command of a secret, and holds up no other plan.
type Plans struct {
	// Make returns what signs and what sends the messages of a plan; the client also if what signs cannot be made. One
	// goroutine calls it for each plan, with the target of a message.
	Make func(ctx context.Context, p *Plan, target string) (*signer.Signer, *deliver.Client, error)

	mu  sync.Mutex
	all map[string]*Made
}

// Made is what delivers by a plan.
type Made struct {
	Policy deliver.Policy
	Signer *signer.Signer
	Client *deliver.Client

	done  chan struct{} // closed when the others are set
	err   error
	until time.Time // when Make is tried again after err
}

// Of returns what delivers by a plan, given as JSON. With an error the Made may hold a Client, but nothing else that
// can be relied on.
func (p *Plans) Of(ctx context.Context, plan, target string) (*Made, error) {
	p.mu.Lock()
	m := p.all[plan]
	if m != nil && !m.isToBeTriedAgain() {
		p.mu.Unlock()
		<-m.done
		return m, m.err
	}
	m = &Made{done: make(chan struct{})}
	if p.all == nil {
		p.all = map[string]*Made{}
	}
	p.all[plan] = m
	p.mu.Unlock()
	m.err = p.fill(ctx, m, plan, target)
	m.until = time.Now().Add(BlockedFor - time.Second)
	close(m.done)
	return m, m.err
}

func (p *Plans) fill(ctx context.Context, m *Made, text, target string) (err error) {
	var plan Plan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return fmt.Errorf("cannot read its state in the queue: %w", err)
	}
	if m.Policy, err = PolicyOf(string(plan.Policy)); err != nil {
		return err
	}
	m.Signer, m.Client, err = p.Make(ctx, &plan, target)
	return err
}

func (m *Made) isToBeTriedAgain() bool {
	select {
	case <-m.done:
		return m.err != nil && time.Now().After(m.until)
	default:
		return false
	}
}

// Close closes the connections of all plans. It must not run beside Of.
func (p *Plans) Close() {
	for _, m := range p.all {
		if m.Client != nil {
			m.Client.Close()
		}
	}
}
