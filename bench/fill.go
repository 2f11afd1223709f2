package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// fill makes a history of so many exchanges through the store's own door: one every 10 ms until now. All are received
// hooks; with -mix one in four was sent, to fifty endpoints, and one in 52 of all failed. With -forward one in four was
// forwarded, which is an exchange besides.
func fill(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("fill", flag.ContinueOnError)
	path := flags.String("db", "", "the history")
	rows := flags.Int("rows", 1, "how many exchanges")
	mix := flags.Bool("mix", false, "also sent ones and failures")
	types := flags.Int("types", 1, "of events that are sent")
	forward := flags.Bool("forward", false, "also forwards of received ones")
	apart := flags.Duration("apart", 10*time.Millisecond, "from one to the next")
	if err := flags.Parse(args); err != nil {
		return err
	}
	history, err := store.Open(ctx, *path)
	if err != nil {
		return err
	}
	f := filler{history: history, begun: time.Now().Add(-time.Duration(*rows) * *apart), apart: *apart, mix: *mix,
		types: *types, forward: *forward, body: payload(1024)}
	for n := 0; n < *rows && err == nil; n += group {
		err = f.group(ctx, n, min(group, *rows-n))
	}
	return errors.Join(err, history.Close())
}

// group is how many exchanges are recorded in one go, as many as the store puts into one transaction.
const group = 512

type filler struct {
	history *store.Store
	begun   time.Time
	apart   time.Duration
	mix     bool
	types   int
	forward bool
	body    []byte
}

func (f *filler) group(ctx context.Context, from, count int) error {
	xs := make([]*record.Exchange, count)
	for i := range xs {
		if n := from + i; f.mix && n%4 == 3 {
			xs[i] = f.sent(n)
		} else {
			xs[i] = f.received(n)
		}
		end(xs[i], f.mix && (from+i)%52 == 3)
	}
	if err := f.history.Record(ctx, xs...); err != nil || !f.forward {
		return err
	}
	var forwards []*record.Exchange
	for i, x := range xs {
		if n := from + i; n%4 == 0 {
			to := f.sent(n + 1)
			to.Thread, to.Role, to.WebhookID, to.EventType, to.Scheme = x.ID, record.Forward, x.WebhookID, x.EventType, ""
			end(to, n%104 == 4)
			forwards = append(forwards, to)
		}
	}
	return f.history.Record(ctx, forwards...)
}

func (f *filler) received(n int) *record.Exchange {
	body := f.numbered(n)
	head := fmt.Sprintf("POST /webhooks/github HTTP/1.1\r\nHost: hooks.example.test\r\n"+
		"User-Agent: GitHub-Hookshot/044aadd\r\nAccept: */*\r\n"+
		"Content-Type: application/json\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-%012x\r\n"+
		"X-Hub-Signature-256: sha256=%x\r\nContent-Length: %d\r\n\r\n", n, digest(secret, body), len(body))
	r, err := record.ParseRequest(head, "http")
	if err != nil {
		panic(err) // it is ours
	}
	r.Body = body
	return &record.Exchange{Kind: record.Received, Attempt: 1, Remote: "127.0.0.1:40000", Start: f.at(n), Request: r,
		WebhookID: r.Header.Get("X-GitHub-Delivery"), EventType: "push", Scheme: "github",
		Verdict: record.Verdict{Status: record.Valid, Secret: "env:BENCH_SECRET"}}
}

func (f *filler) sent(n int) *record.Exchange {
	body := f.numbered(n)
	id := fmt.Sprintf("msg_%032x", n)
	host, event := fmt.Sprintf("api-%d.example.test", n/4%50), "order.completed"
	if f.types > 1 {
		event = fmt.Sprint("order.", n/4%f.types)
	}
	r := record.Request{Method: "POST", URL: "http://" + host + "/hooks", Target: "/hooks", Proto: "HTTP/1.1", Body: body,
		Header: record.Header{
			{Name: "Host", Value: host}, {Name: "User-Agent", Value: "barb"}, {Name: "Accept", Value: "*/*"},
			{Name: "Content-Type", Value: "application/json"}, {Name: "webhook-id", Value: id},
			{Name: "webhook-timestamp", Value: fmt.Sprint(f.at(n).Unix())},
			{Name: "webhook-signature", Value: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="},
			{Name: "Content-Length", Value: fmt.Sprint(len(body))}}}
	r.Head = string(r.AppendHead(nil))
	return &record.Exchange{Kind: record.Sent, Attempt: 1, Remote: "192.0.2.1:80", Start: f.at(n), Request: r,
		WebhookID: id, EventType: event, Scheme: "standard-webhooks"}
}

// end is how an exchange ended.
func end(x *record.Exchange, failed bool) {
	x.Took, x.Ended = 2*time.Millisecond, true
	x.Response = &record.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1",
		Header: record.Header{{Name: "Content-Length", Value: "0"}}}
	if failed {
		x.Response.Status, x.Response.Reason = 503, "Service Unavailable"
	}
	x.Response.Head = string(x.Response.AppendHead(nil))
}

func (f *filler) at(n int) time.Time { return f.begun.Add(time.Duration(n) * f.apart) }

// numbered is the payload with a number of its own, so that no two bodies are alike.
func (f *filler) numbered(n int) []byte {
	return bytes.Replace(f.body, []byte("evt_000000000001"), fmt.Appendf(nil, "evt_%012d", n), 1)
}
