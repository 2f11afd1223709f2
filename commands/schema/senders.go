package schema

import (
	"slices"

	"github.com/barbhq/barb/store/senders"
)

// Sender is the behaviour of a sender, as barb stats --senders prints it.
type Sender struct {
	Schema     int                 `json:"schema"`
	Scheme     string              `json:"scheme"`
	Path       string              `json:"path"`
	Grade      senders.Grade       `json:"grade"`
	Faults     []string            `json:"faults"`
	Webhooks   int                 `json:"webhooks"`
	Attempts   int                 `json:"attempts"`
	Repeated   int                 `json:"repeated"`
	Ends       map[senders.End]int `json:"ends"`
	Spacing    senders.Spacing     `json:"spacing"`
	Jitter     senders.Finding     `json:"jitter"`
	Conduct    Conduct             `json:"conduct"`
	Deliveries []Delivery          `json:"deliveries"` // those with several attempts
}

// Conduct lists the rules of delivery and whether a sender kept them.
type Conduct struct {
	RetryAfterAsked    int             `json:"retry_after_asked"`
	RetryAfterHonoured int             `json:"retry_after_honoured"`
	UndercutMS         int64           `json:"undercut_ms"`
	IDKept             senders.Finding `json:"id_kept"`
	BodyKept           senders.Finding `json:"body_kept"`
	SignedAnew         senders.Finding `json:"signed_anew"`
	StoppedAfter2xx    senders.Finding `json:"stopped_after_2xx"`
	StoppedAfter410    senders.Finding `json:"stopped_after_410"`
	Retried            senders.Finding `json:"retried"`
}

// Delivery is the attempts of one webhook, in their order.
type Delivery struct {
	WebhookIDs []string        `json:"webhook_ids"`
	IDs        []int64         `json:"ids"`
	Answers    []int           `json:"answers"` // 0: none
	GapsMS     []int64         `json:"gaps_ms"` // from each response to the next attempt
	AskedMS    []int64         `json:"asked_ms"`
	Spacing    senders.Spacing `json:"spacing"`
	End        senders.End     `json:"end"`
	Conduct    Conduct         `json:"conduct"`
}

// NewSender returns the judgement on a sender.
func NewSender(s *senders.Sender) Sender {
	out := Sender{Schema: 1, Scheme: s.Scheme, Path: s.Path, Grade: s.Grade, Faults: append([]string{}, s.Faults...),
		Webhooks: len(s.Deliveries), Attempts: s.Attempts, Repeated: s.Again, Ends: s.Ends, Spacing: s.Spacing,
		Jitter: s.Jitter, Conduct: newConduct(s.Conduct), Deliveries: []Delivery{}}
	for _, d := range s.Deliveries {
		if len(d.Attempts) > 1 {
			out.Deliveries = append(out.Deliveries, newDelivery(d))
		}
	}
	return out
}

func newConduct(c senders.Conduct) Conduct {
	return Conduct{c.Asked, c.Honoured, c.Undercut.Milliseconds(), c.IDKept, c.BodyKept, c.Signed,
		c.Stopped2xx, c.Stopped410, c.Retried}
}

func newDelivery(d *senders.Delivery) Delivery {
	out := Delivery{WebhookIDs: []string{}, Spacing: d.Spacing, End: d.End, Conduct: newConduct(d.Conduct)}
	for i := range d.Attempts {
		a := &d.Attempts[i]
		if a.WebhookID != "" && !slices.Contains(out.WebhookIDs, a.WebhookID) {
			out.WebhookIDs = append(out.WebhookIDs, a.WebhookID)
		}
		out.IDs, out.Answers = append(out.IDs, a.ID), append(out.Answers, a.Status)
		if i < len(d.Gaps) {
			out.GapsMS = append(out.GapsMS, d.Gaps[i].Milliseconds())
			out.AskedMS = append(out.AskedMS, a.RetryAfter.Milliseconds())
		}
	}
	return out
}
