package replay_test

import (
	"fmt"
	"testing"

	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// targets lists the exchange and the target of each item of a webhook.
func targets(t *testing.T, exchanges []*record.Exchange, entries ...*store.Queued) string {
	t.Helper()
	w := webhooks.New(exchanges, entries, now)
	all := func(yield func(*webhooks.Webhook, error) bool) { yield(w, nil) }
	text := ""
	for item, err := range replay.Letters(nil).Items(all) {
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprint(item.ID, " ", item.Target)
	}
	return text
}

// part is an exchange of a webhook.
func part(id int64, kind record.Kind, role record.Role, url string) *record.Exchange {
	return &record.Exchange{ID: id, Kind: kind, Role: role, Ended: true, Request: record.Request{Method: "POST", URL: url}}
}

// taken is an exchange that was answered 200.
func taken(x *record.Exchange) *record.Exchange {
	x.Response = &record.Response{Status: 200}
	return x
}

func TestAWebhookGoesWhereItWasFirstForwarded(t *testing.T) {
	t.Parallel()
	const in, sent = record.Received, record.Sent
	came := part(1, in, record.First, "http://hooks.example/in?q=1")
	for name, c := range map[string]struct {
		exchanges []*record.Exchange
		entries   []*store.Queued
		want      string
	}{
		"its first forward": {[]*record.Exchange{came, part(2, sent, record.Forward, "http://a/hooks?q=1"),
			part(3, sent, record.Forward, "http://b/hooks?q=1")}, nil, "1 http://a/hooks"},
		"the app that has not taken it": {[]*record.Exchange{came, taken(part(2, sent, record.Forward, "http://a/in?q=1")),
			part(3, sent, record.Forward, "http://b/in?q=1")}, nil, "1 http://b/in"},
		"the first when all have it": {[]*record.Exchange{came, taken(part(2, sent, record.Forward, "http://a/in?q=1")),
			taken(part(3, sent, record.Forward, "http://b/in?q=1"))}, nil, "1 http://a/in"},
		"the query of the app stays": {[]*record.Exchange{came, part(2, sent, record.Forward, "http://a/?k=2&q=1")}, nil,
			"1 http://a/?k=2"},
		"no mirror and no replay": {[]*record.Exchange{came, part(2, sent, record.Mirror, "http://m/in?q=1"),
			part(3, sent, record.Elsewhere, "http://e/in?q=1"), part(4, sent, record.Forward, "http://a/in?q=1")}, nil,
			"1 http://a/in"},
		"nowhere yet": {[]*record.Exchange{came}, nil, "1 "},
		"the queue":   {[]*record.Exchange{came}, []*store.Queued{{Kind: store.Forward, Target: "http://q"}}, "1 http://q"},
		"a command is no address": {[]*record.Exchange{came}, []*store.Queued{{Kind: store.Command, Target: "sh"}},
			"1 "},
		"a masked address is not known": {[]*record.Exchange{came, part(2, sent, record.Forward,
			"http://a/in?key=[secret]&q=1")}, nil, "1 "},
		"the last delivery of the sender": {[]*record.Exchange{came, part(2, sent, record.Forward, "http://a/in?q=1"),
			part(3, in, record.Redelivery, "http://hooks.example/in?q=1")}, nil, "3 http://a/in"},
		"a sent one goes where it was sent": {[]*record.Exchange{part(1, sent, record.First, "http://a/in"),
			part(2, sent, record.Attempt, "http://a/in"), part(3, sent, record.Elsewhere, "http://b/in")}, nil,
			"1 http://a/in"},
	} {
		if got := targets(t, c.exchanges, c.entries...); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
