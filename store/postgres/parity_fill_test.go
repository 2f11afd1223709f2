package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// noon is when the exchanges of the tests begin.
var noon = time.Date(2026, 1, 20, 12, 0, 0, 123456789, time.UTC)

var (
	endpoints = []string{"app.test:4242", "app.test", "API.test", "api.test:8443", "eu.other.test", "[::1]:80",
		"127.0.0.1:3000",
		"a_b.test", "a%b.test", "axb.test"}
	events    = []string{"", "invoice.paid", "invoice.voided", "a_b", "axb", "100%", "odd\x00\xff", `back\slash`}
	schemeSet = []string{"", "stripe", "github", "standard-webhooks"}
	targets   = []string{"http://app.test/in", "http://app.test", "http://app.test?x=1", "http://other.test:80/a_b",
		"exec:/usr/bin/run in /tmp", "exec:/opt/[run] in /x?y", "http://app.test#f"}
)

func oneOf[T any](chance *rand.Rand, all []T) T { return all[chance.IntN(len(all))] }

// fill records a little of everything that a history can hold, by chance.
func fill(t *testing.T, s *store.Store, chance *rand.Rand, n int) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil && !errors.Is(err, store.ErrLease) {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	var all []*record.Exchange
	for i := range n {
		x := anyExchange(chance, i, all)
		if x.Kind == record.Received && chance.IntN(4) == 0 || x.Kind == record.Sent && x.Attempt == 0 {
			q := anyEntry(chance)
			if x.Attempt == 0 {
				q.Kind = store.Message
			}
			must(s.RecordQueued(ctx, x, q))
			if chance.IntN(3) == 0 {
				deliver(t, s, chance, q)
			}
		} else {
			must(s.Record(ctx, x))
			if (x.Ended || x.Foreseen) && chance.IntN(2) == 0 {
				x.Ended = true
				must(s.Answer(ctx, x))
			}
		}
		all = append(all, x)
		if chance.IntN(20) == 0 {
			must(s.SetRemark(ctx, x.First(), store.Remark{Pinned: chance.IntN(2) == 0, Note: oneOf(chance, events)}))
		}
		if chance.IntN(20) == 0 {
			m := anyExchange(chance, i, nil)
			must(s.RecordMirror(ctx, m, x.ID))
			if chance.IntN(2) == 0 {
				must(s.CompareMirror(ctx, m.ID, chance.IntN(2) == 0))
			}
			all = append(all, m)
		}
	}
	_, err := s.Cancel(ctx, store.QueueFilter{IDs: []store.Range{{From: 3, To: 5}}}, noon.Add(time.Hour))
	must(err)
	fillNotes(t, s, chance)
	must(s.Flush(ctx))
}

func fillNotes(t *testing.T, s *store.Store, chance *rand.Rand) {
	t.Helper()
	ctx := context.Background()
	for i := range 4 {
		r := &store.Run{Created: noon, Options: `{"n":1}`, Total: int64(chance.IntN(3)), Next: int64(i),
			Open: make([]int64, chance.IntN(3)), Owner: oneOf(chance, events)}
		if err := s.StartRun(ctx, r); err != nil {
			t.Fatal(err)
		}
		print, err := s.Fingerprint(ctx, fmt.Append(nil, "secret", i))
		if err == nil {
			_, err = s.Pin(ctx, store.Pin{Route: oneOf(chance, []string{"", "/a", "/\x00"}), Secret: print,
				Scheme: oneOf(chance, schemeSet[1:])}, "", noon)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func anyEntry(chance *rand.Rand) *store.Queued {
	return &store.Queued{Kind: oneOf(chance, []store.QueueKind{store.Forward, store.Command}),
		Target:  oneOf(chance, targets),
		Policy:  oneOf(chance, []string{"", `{"a":1}`, `{"b":"\u0000"}`}),
		Order:   oneOf(chance, []string{"", "", "a", "b\x00"}),
		Due:     noon.Add(time.Duration(chance.IntN(5)) * time.Minute),
		Created: noon.Add(time.Duration(chance.IntN(9)) * time.Minute),
		Masks:   oneOf(chance, [][]record.Mask{nil})}
}

// deliver leases an entry's kind and ends some of what it gets.
func deliver(t *testing.T, s *store.Store, chance *rand.Rand, like *store.Queued) {
	t.Helper()
	ctx, owner := context.Background(), oneOf(chance, []string{"w1", "w2", "w\x00"})
	now := noon.Add(10 * time.Minute)
	got, err := s.Lease(ctx, store.LeaseRequest{Kind: like.Kind, Target: like.Target, Policy: like.Policy, Owner: owner,
		Want: 2, Now: now, Until: now.Add(time.Duration(chance.IntN(20)) * time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range got {
		if chance.IntN(3) == 0 {
			continue
		}
		if err := s.Try(ctx, owner, q, now); err != nil {
			t.Fatal(err)
		}
		q.State, q.Why = oneOf(chance, []store.QueueState{store.Done, store.Dead, store.Waiting}), oneOf(chance, events)
		q.Answered = q.State == store.Done && chance.IntN(2) == 0
		if err := s.Complete(ctx, owner, q, now.Add(time.Minute)); err != nil && !errors.Is(err, store.ErrLease) {
			t.Fatal(err)
		}
	}
}

// anyExchange makes an exchange; some belong to an earlier one.
func anyExchange(chance *rand.Rand, i int, before []*record.Exchange) *record.Exchange {
	endpoint := oneOf(chance, endpoints)
	x := &record.Exchange{Kind: record.Received, Attempt: 1,
		Start:     noon.Add(time.Duration(i)*time.Second + time.Duration(chance.IntN(3000))*time.Millisecond),
		Remote:    "127.0.0.1:5555",
		WebhookID: oneOf(chance, []string{"", fmt.Sprint("msg_", chance.IntN(40)), "often", "odd\x00\xff"}),
		EventType: oneOf(chance, events), Scheme: oneOf(chance, schemeSet),
		Request: record.Request{Method: "POST", URL: "http://" + endpoint + "/in?key=1", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Host", Value: endpoint}, {Name: "X-B", Value: "\xff"}},
			Body:   []byte(oneOf(chance, []string{"", "a needle", "hay", "\x00\xff needle", strings.Repeat("x", 300)}))}}
	if chance.IntN(2) == 0 {
		x.Kind = record.Sent
		x.Attempt = oneOf(chance, []int{1, 1, 1, 2, 3, 0})
	}
	if len(before) > 0 && chance.IntN(2) == 0 && x.Attempt > 0 {
		x.Thread = before[max(0, len(before)-1-chance.IntN(30))].ID
		x.Role = oneOf(chance, []record.Role{record.Forward, record.Redelivery, record.Replay, record.Copy})
	}
	if x.Kind == record.Received {
		judge(chance, x)
	}
	if x.Attempt > 0 && chance.IntN(6) > 0 {
		end(chance, x)
	}
	return x
}

func judge(chance *rand.Rand, x *record.Exchange) {
	switch chance.IntN(4) {
	case 0:
		x.Verdict = record.Verdict{Status: record.Invalid, Reason: "signature_mismatch", Tried: "env:A, env:B"}
	case 1:
		x.Verdict = record.Verdict{Status: record.Valid, Version: "v1", Secret: "env:A", HasAge: true, Age: time.Second}
	case 2:
		x.EventType, x.Handshake = "", oneOf(chance, []string{"zoom", "slack", "odd\x00"})
	}
	if chance.IntN(3) == 0 {
		x.Marks = []record.Mark{{Kind: oneOf(chance, record.MarkKinds()), Of: 1 + chance.Int64N(50)}}
	}
	if chance.IntN(5) == 0 {
		x.Late, x.Scripted = &record.Lateness{Provider: "slack", Deadline: 3 * time.Second}, "reset"
	}
}

func end(chance *rand.Rand, x *record.Exchange) {
	x.Ended, x.Took = true, time.Duration(chance.IntN(5000))*time.Millisecond
	status := oneOf(chance, []int{200, 200, 200, 204, 299, 302, 404, 500, 503, 0})
	if status == 0 {
		x.Err = &record.Failure{Kind: oneOf(chance, []record.FailureKind{record.FailRefused, record.FailInterrupted}),
			Text: "connection \x00 refused", Ambiguous: chance.IntN(2) == 0}
		return
	}
	body := oneOf(chance, []string{"", "so", "a needle", strings.Repeat("y", 200)})
	x.Response = &record.Response{Status: status, Reason: "Said", Proto: "HTTP/1.1", Size: int64(len(body)),
		Header: record.Header{{Name: "x-a", Value: "b"}}, Body: []byte(body),
		Head: fmt.Sprintf("HTTP/1.1 %d Said\r\nDate: Tue, 20 Jan 2026 12:00:0%d GMT\r\nx-a: b\r\n\r\n", status,
			chance.IntN(9))}
	if status != 200 && x.Kind == record.Sent && chance.IntN(2) == 0 {
		x.NextIn = time.Second
	}
	if x.Kind == record.Received && status < 500 && chance.IntN(2) == 0 { // recorded before it goes out
		x.Foreseen, x.Response.Body, x.Response.Size = true, nil, 0
		x.Ended = false
	}
}
