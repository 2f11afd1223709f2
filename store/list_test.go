package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// mixed is a little of everything; the ids are 1 to 12 in this order.
func mixed() []*record.Exchange {
	at := func(x *record.Exchange, n int) *record.Exchange {
		x.Start = noon.Add(time.Duration(n) * time.Minute)
		return x
	}
	badly := answered(hook(3), 401)
	badly.Verdict = record.Verdict{Status: record.Invalid, Reason: "signature_mismatch"}
	other := answered(hook(4), 200)
	badly.Marks, other.Marks = []record.Mark{{Kind: record.Stale}},
		[]record.Mark{{Kind: record.Duplicate, Of: 1}, {Kind: record.Older, Of: 2}}
	other.EventType, other.Scheme, other.WebhookID = "invoice.voided", "github", "evt[1]"
	again := answered(attempt(6, "api.test:8443"), 200)
	again.Thread, again.Attempt = 5, 2
	first := answered(attempt(5, "api.test:8443"), 503)
	first.NextIn = time.Second
	grep := answered(attempt(9, "eu.other.test"), 404)
	grep.Response.Body = []byte("no such \x00 needle")
	return []*record.Exchange{
		at(answered(hook(1), 200), 1), at(hook(2), 2), at(badly, 3), at(other, 4), at(first, 5), at(again, 6),
		at(answered(attempt(7, "api.test"), 0), 7),
		at(attempt(8, "us.other.test"), 8), at(grep, 9), at(answered(attempt(10, "api.test"), 299), 10),
		at(answered(hook(11), 500), 11), at(answered(attempt(12, "API.test"), 200), 12),
	}
}

func filters(t *testing.T, h history) {
	for _, x := range mixed() { // one by one: an exchange of a thread knows the first one's id
		keep(t, h, x)
	}
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	cases := map[string]struct {
		filter store.Filter
		want   []int64
	}{
		"all":                 {store.Filter{}, []int64{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
		"the newest":          {store.Filter{Limit: 2}, []int64{12, 11}},
		"the oldest":          {store.Filter{Limit: 2, OldestFirst: true}, []int64{1, 2}},
		"received":            {store.Filter{Kind: record.Received}, []int64{11, 4, 3, 2, 1}},
		"sent":                {store.Filter{Kind: record.Sent}, []int64{12, 10, 9, 8, 7, 6, 5}},
		"failed":              {store.Filter{Failed: true}, []int64{11, 9, 8, 7, 5}},
		"badly signed":        {store.Filter{Invalid: true}, []int64{3}},
		"failed and received": {store.Filter{Failed: true, Kind: record.Received}, []int64{11}},
		"an id":               {store.Filter{IDs: []store.Range{{From: 4, To: 4}}}, []int64{4}},
		"ranges": {store.Filter{IDs: []store.Range{{From: 10, To: 99}, {From: 2, To: 3}, {From: 3, To: 4}}},
			[]int64{12, 11, 10, 4, 3, 2}},
		"ranges, oldest first": {store.Filter{IDs: []store.Range{{From: 10, To: 11}, {From: 2, To: 3}}, OldestFirst: true,
			Limit: 3}, []int64{2, 3, 10}},
		"ranges and more": {store.Filter{IDs: []store.Range{{From: 1, To: 3}, {From: 7, To: 9}}, Failed: true},
			[]int64{9, 8, 7}},
		"an empty range":       {store.Filter{IDs: []store.Range{{From: 5, To: 4}}}, nil},
		"scheme":               {store.Filter{Scheme: "github"}, []int64{4}},
		"unknown scheme":       {store.Filter{Scheme: "gitlab"}, nil},
		"event":                {store.Filter{Event: "invoice.paid"}, []int64{11, 3, 2, 1}},
		"event glob":           {store.Filter{Event: "invoice.*"}, []int64{11, 4, 3, 2, 1}},
		"event glob inside":    {store.Filter{Event: "*.v*d"}, []int64{4}},
		"event, not a glob":    {store.Filter{Event: "invoice.pai?"}, nil},
		"endpoint":             {store.Filter{Endpoint: "api.test"}, []int64{10, 7, 6, 5}},
		"endpoint with port":   {store.Filter{Endpoint: "api.test:8443"}, []int64{6, 5}},
		"endpoint glob":        {store.Filter{Endpoint: "*.other.test"}, []int64{9, 8}},
		"endpoint of received": {store.Filter{Endpoint: "app.test:4242", Limit: 2}, []int64{11, 4}},
		"endpoint and status": {store.Filter{Endpoint: "api.test*", Status: store.StatusRange{From: 200, To: 299}},
			[]int64{10, 6}},
		"endpoint and class": {store.Filter{Endpoint: "api.test", Status: store.StatusRange{From: 200, To: 299}},
			[]int64{10, 6}},
		"endpoint and failed":   {store.Filter{Endpoint: "api.test", Failed: true}, []int64{7, 5}},
		"status":                {store.Filter{Status: store.StatusRange{From: 404, To: 404}}, []int64{9}},
		"status classes":        {store.Filter{Status: store.StatusRange{From: 400, To: 599}}, []int64{11, 9, 5, 3}},
		"webhook id":            {store.Filter{WebhookID: "evt[1]"}, []int64{4}},
		"webhook id is no glob": {store.Filter{WebhookID: "msg_*"}, nil},
		"marked":                {store.Filter{Marked: record.Duplicate}, []int64{4}},
		"marked by a second":    {store.Filter{Marked: record.Older}, []int64{4}},
		"marked and failed":     {store.Filter{Marked: record.Stale, Invalid: true}, []int64{3}},
		"marked is no pattern":  {store.Filter{Marked: "*"}, nil},
		"since":                 {store.Filter{Since: minute(10)}, []int64{12, 11, 10}},
		"until":                 {store.Filter{Until: minute(2)}, []int64{2, 1}},
		"since and until":       {store.Filter{Since: minute(4), Until: minute(6), Kind: record.Sent}, []int64{6, 5}},
		"since and ids":         {store.Filter{Since: minute(4), IDs: []store.Range{{From: 1, To: 5}}}, []int64{5, 4}},
		"in the future":         {store.Filter{Since: minute(99)}, nil},
		"before it all":         {store.Filter{Until: minute(-99)}, nil},
		"grep in requests":      {store.Filter{Grep: `{"n":1,`}, []int64{1}},
		"grep in answers":       {store.Filter{Grep: "such \x00 needle"}, []int64{9}},
		"grep minds the case":   {store.Filter{Grep: "NEEDLE"}, nil},
		"grep is no pattern":    {store.Filter{Grep: "n%"}, nil},
		"grep and limit":        {store.Filter{Grep: "pad", Limit: 3, Kind: record.Sent}, []int64{12, 10, 9}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := listed(t, h, c.filter); !slices.Equal(got, c.want) {
				t.Errorf("listed %v, want %v", got, c.want)
			}
		})
	}
}

func listsPageAfterPage(t *testing.T, h history) {
	var xs []*record.Exchange
	for n := range 1100 {
		xs = append(xs, answered(attempt(n, "a.test"), 200+n%3*100))
	}
	keep(t, h, xs...)
	for name, f := range map[string]store.Filter{
		"newest first": {Status: store.StatusRange{From: 200, To: 200}, Bodies: true},
		"oldest first": {Status: store.StatusRange{From: 200, To: 200}, OldestFirst: true},
		"endpoint":     {Status: store.StatusRange{From: 200, To: 200}, Endpoint: "a.test"},
		"scattered":    {IDs: scattered(1100)},
	} {
		t.Run(name, func(t *testing.T) {
			var want []int64
			for id := int64(1); id <= 1100; id += 3 {
				want = append(want, id)
			}
			if !f.OldestFirst {
				slices.Reverse(want)
			}
			if got := listed(t, h, f); !slices.Equal(got, want) {
				t.Errorf("listed %d, want %d", len(got), len(want))
			}
			f.Limit = 300
			if got := listed(t, h, f); !slices.Equal(got, want[:300]) {
				t.Errorf("listed %d of 300", len(got))
			}
		})
	}
}

// scattered is every third id up to n.
func scattered(n int64) (ranges []store.Range) {
	for id := int64(1); id <= n; id += 3 {
		ranges = append(ranges, store.Range{From: id, To: id})
	}
	return ranges
}

func letsAListBeLeftEarly(t *testing.T, h history) {
	keep(t, h, hook(1), hook(2), hook(3))
	for range 20 { // more often than there are connections for reading
		for x, err := range h.List(context.Background(), store.Filter{}) {
			if err != nil || x.ID != 3 {
				t.Fatalf("first of the list: %v, %v", x, err)
			}
			break
		}
	}
}

func listsWithoutBodiesUnlessAsked(t *testing.T, h history) {
	x := answered(hook(1), 404)
	keep(t, h, x)
	for light := range h.List(context.Background(), store.Filter{}) {
		if light.Request.Body != nil || light.Request.Head != "" || light.Response.Body != nil {
			t.Errorf("a list loads bodies: %+v", light)
		}
		if light.Request.Method != x.Request.Method || light.Request.URL != x.Request.URL || light.Response.Status != 404 ||
			light.Response.Size != 2 {
			t.Errorf("a list without bodies lacks what it shows: %+v, %+v", light.Request, light.Response)
		}
	}
	for heavy := range h.List(context.Background(), store.Filter{Bodies: true}) {
		if d := diff(x, heavy); d != "" {
			t.Errorf("a list with bodies (-recorded +listed):\n%s", d)
		}
	}
}

func letsWriteWhileListing(t *testing.T, h history) {
	var xs []*record.Exchange
	for n := range 600 {
		xs = append(xs, hook(n))
	}
	keep(t, h, xs...)
	n := 0
	for x, err := range h.List(context.Background(), store.Filter{OldestFirst: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n > 600 {
			t.Fatal("a list does not end while others write")
		}
		if n%50 == 0 {
			keepAnswer(t, h, answered(x, 200))
		}
		if err := h.Add(context.Background(), hook(n)); err != nil { // as replay does
			t.Fatal(err)
		}
	}
	if n != 600 {
		t.Errorf("listed %d of the 600 that were there at the start", n)
	}
}

// A batch is recorded before it is sent, clocks are set back, and two processes do not agree: the order of ids is not
// that of time.
func filtersByTimeWhereStartsAreDisordered(t *testing.T, h history) {
	offsets := []int{0, 1, 2, -3600, 3, 4, 7200, 5, 6, -7200, 7, 8, 9, 100000, 10, 11, -100000, 12}
	for round := range 20 {
		for _, s := range offsets {
			x := hook(1)
			x.Start = noon.Add(time.Duration(round*20+s) * time.Second)
			keep(t, h, x)
		}
	}
	var all []*record.Exchange
	for x := range h.List(context.Background(), store.Filter{OldestFirst: true}) {
		all = append(all, x)
	}
	for _, bounds := range [][2]int{{0, 100}, {-4000, 0}, {100, 7400}, {395, 500000}, {-500000, -3500}, {200, 200},
		{99999, 100100}} {
		since, until := noon.Add(time.Duration(bounds[0])*time.Second), noon.Add(time.Duration(bounds[1])*time.Second)
		want := []int64{}
		for _, x := range all {
			if !x.Start.Before(since) && !x.Start.After(until) {
				want = append(want, x.ID)
			}
		}
		if got := listed(t, h, store.Filter{Since: since, Until: until, OldestFirst: true}); !slices.Equal(got, want) {
			t.Errorf("between %v: %d exchanges, want %d", bounds, len(got), len(want))
		}
	}
}

func countsFromTheNewest(t *testing.T, h history) {
	keep(t, h, hook(1), hook(2), hook(3), hook(4))
	if _, err := h.Prune(context.Background(), store.PruneRule{OlderThan: noon.AddDate(1, 0, 0),
		Filter: store.Filter{IDs: []store.Range{{From: 3, To: 3}}}}); err != nil {
		t.Fatal(err)
	}
	for n, want := range []int64{4, 2, 1} {
		if got, err := h.Newest(context.Background(), n); got != want || err != nil {
			t.Errorf("@-%d is %d, %v, want %d", n, got, err, want)
		}
	}
}

func completesEventTypes(t *testing.T, h history) {
	for n, event := range []string{"b.two", "a.one", "", "b.two", "b.%", "B.up", "b.three"} {
		x := hook(n)
		x.EventType = event
		keep(t, h, x)
	}
	for _, c := range []struct {
		prefix string
		limit  int
		want   []string
	}{{"", 9, []string{"B.up", "a.one", "b.%", "b.three", "b.two"}}, {"b.", 9, []string{"b.%", "b.three", "b.two"}},
		{"b.", 2, nil}, {"b.%", 9, []string{"b.%"}}, {"x", 9, nil}} {
		got, err := h.EventTypes(context.Background(), c.prefix, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		if c.limit < 9 {
			if len(got) != c.limit {
				t.Errorf("%d types of at most %d", len(got), c.limit)
			}
			continue
		}
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("types with %q: %q, want %q", c.prefix, got, c.want)
		}
	}
}
