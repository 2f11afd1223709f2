package ui

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/discover"
	"github.com/barbhq/barb/sign/explain"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/store/webhooks"
)

// printed returns what print writes to a pipe.
func printed(print func(p *Printer)) string {
	var out strings.Builder
	print(&Printer{W: &out})
	return out.String()
}

func TestBreachesAreNamedWithTheirLimits(t *testing.T) {
	limits := health.Limits{MinSamples: 2, MinSuccess: .95, MaxP99: 2 * time.Second, MaxQueue: 3,
		MaxSignatureFailures: .01, MaxRetryRate: .2}
	bad := limits.Judge(store.Figures{Attempts: 3, Retries: 1, P99: 2001 * time.Millisecond, Delivered: 949, Exhausted: 51,
		Checked: 1, Invalid: 1, Waiting: 4, Dead: 2}, 5*time.Minute)
	want := `breach  success_rate 94.9 % < 95 % over 5m (1000 deliveries)
breach  p99_latency 2.001s > 2s over 5m (3 attempts)
breach  queue_depth 4 > 3 now (barb queue)
breach  retry_rate 33.3 % > 20 % over 5m (3 attempts)
breach  dead_letters 2 > 0 in 5m (barb queue dead)
few     signature_failures (1 signature): fewer than 2 over 5m, not judged
`
	if got := printed(func(p *Printer) { p.Breaches(&bad, 2) }); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	well := limits.Judge(store.Figures{}, time.Hour)
	want = `ok      queue_depth 0  dead_letters 0  over 1h
few     success_rate (0 deliveries), p99_latency (0 attempts), ` +
		`signature_failures (0 signatures), retry_rate (0 attempts): fewer than 2 over 1h, not judged
`
	if got := printed(func(p *Printer) { p.Breaches(&well, 2) }); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	table := printed(func(p *Printer) { p.Figures(&bad) })
	for _, cell := range []string{"OVER 5m", "94.9 %", "< 95 %", "1000 deliveries", "breach", "few"} {
		if !strings.Contains(table, cell) {
			t.Errorf("no %q in\n%s", cell, table)
		}
	}
}

func TestLongSentencesBreakBetweenWordsOnATerminal(t *testing.T) {
	var out strings.Builder
	p := &Printer{W: &out, Width: 46}
	p.Explanation(&explain.Answer{Hints: []explain.Hint{{
		Words: "the header was removed by a proxy on the way to this app"}}})
	p.Delivery(Summary{Delivered: true, Attempts: 3, Last: 14, WebhookID: "msg_1", Took: 2 * time.Second})
	want := `  likely cause: the header was removed by a
    proxy on the way to this app
  no cause found: none of 0 changes to the
    secret, the headers and the body makes the
    signature match
delivered  msg_1  3 attempts in 2s
  (barb show 14)
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	long := Summary{Attempts: 1, Last: 7, WebhookID: strings.Repeat("x", 80)}
	if got := printed(func(p *Printer) { p.Delivery(long) }); strings.Count(got, "\n") != 1 {
		t.Errorf("in a pipe: %q", got)
	}
}

func TestADiscoverySaysWhatWasFoundAndWhatItResembles(t *testing.T) {
	s, _ := catalog.Lookup("stripe")
	for _, c := range []struct {
		found discover.Result
		want  string
	}{
		{discover.Result{Tried: 1284, Signatures: 1, IDs: 2}, "not found  1 signature, 0 timestamps, 2 ids  (1,284 tried)\n"},
		{discover.Result{Cut: true},
			"not found  0 signatures, 0 timestamps, 0 ids  (0 tried, more than a search may take)\n"},
		{discover.Result{Found: true, Scheme: s, Same: []string{"stripe"}, Tried: 3}, "found  HMAC-SHA256 hex of " +
			"{ts}.{body}  header Stripe-Signature  secret env:A  age 1m  (3 tried)\nthis is stripe, which barb knows: " +
			"-s stripe\n"},
		{discover.Result{Found: true, Scheme: s, Like: []string{"a", "b", "c", "d", "e"}, Tried: 3},
			"found  HMAC-SHA256 hex of {ts}.{body}  header Stripe-Signature  secret env:A  age 1m  (3 tried)\nsame as a, b, " +
				"c and 2 more but for the headers\n"},
	} {
		if got := printed(func(p *Printer) { p.Discovery(&c.found, "env:A", "age 1m") }); got != c.want {
			t.Errorf("got\n%swant\n%s", got, c.want)
		}
	}
	if got := carrierText("query:sig"); got != "in query:sig" {
		t.Error(got)
	}
}

func TestAnExplanationQuotesNothingThatActs(t *testing.T) {
	fix := []explain.Fix{{Framework: "Express", Text: "use express.raw"}}
	got := printed(func(p *Printer) {
		p.Explanation(&explain.Answer{Tried: 9, Cut: true,
			Seen:  []explain.Seen{{Header: "X-Sig"}, {Header: "X-Hub", Schemes: []string{"github"}}},
			Hints: []explain.Hint{{Words: "the clock is wrong", Fix: fix}},
			Causes: []explain.Cause{{Part: explain.Secret, Change: "the secret is another", Words: "it is",
				Secret: "env:\x1b[2J", Fix: fix,
				Difference: &explain.Difference{Of: explain.Message, Offset: 3, Have: []byte("a"), Want: []byte("b")}}}})
	})
	for _, want := range []string{"  matches if the secret is another: it is\n", "first difference at byte 3 of the URL:",
		"  Express: use express.raw\n",
		"  likely cause: the clock is wrong\n", "  X-Sig is named like a signature",
		"  X-Hub has the format of github\n", "stopped after 9 changes"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
	if got := printed(func(p *Printer) { p.Explanation(&explain.Answer{Tried: 7}) }); !strings.Contains(got,
		"7 changes to the secret") {
		t.Error(got)
	}
}

func TestStatisticsLeaveOutWhatDidNotHappen(t *testing.T) {
	text := func(pairs [][2]string) (all string) {
		for _, p := range pairs {
			all += p[0] + ": " + p[1] + "\n"
		}
		return all
	}
	if got := text(StatsPairs(store.Stats{}, &webhooks.Counts{})); got != "webhooks: 0  (0 sent, 0 "+
		"received)\nexchanges: 0  (0 sent, 0 received)\nanswers: \nno answer: \n" {
		t.Error(got)
	}
	latency := store.Latency{P50: time.Millisecond, P95: time.Second, P99: time.Minute, Max: time.Hour}
	got := text(StatsPairs(store.Stats{Total: 3, Sent: 2, Received: 1,
		Retries: 1, BadSignatures: 1,
		SentLatency: latency, ReceivedLatency: latency, ByStatus: map[int]int64{503: 1, 200: 12},
		ByFailure: map[string]int64{"refused": 1}},
		&webhooks.Counts{Deliveries: 3, Delivered: 1, Open: 1, SuccessRate: 1}))
	for _, want := range []string{"deliveries: 3  (1 delivered, 0 gave up, 1 open, 1 cancelled)\n",
		"success rate: 100.0 %\n", "retries: 1\n", "bad signatures: 1\n",
		"p50 1ms  p95 1s  p99 1m  max 1h  (each attempt)\n", "answers: 200 ×12  503 ×1\n", "no answer: refused ×1\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if got := QueueLine(map[store.QueueState]int64{store.Dead: 1, store.Waiting: 3,
		store.Done: 9}); got != "3 waiting, 1 dead" {
		t.Error(got)
	}
}

func TestEverySchemeAndProviderIsDescribed(t *testing.T) {
	for _, s := range catalog.All() {
		pairs := map[string]string{}
		for _, p := range SchemePairs(s, "") {
			pairs[p[0]] = p[1]
		}
		for _, name := range []string{"name", "signature", "header", "secret", "tolerance", "rotation", "evidence"} {
			if pairs[name] == "" {
				t.Errorf("%s: no %s", s.Name, name)
			}
		}
		if s.Key != sign.Raw && pairs["secret"] == string(s.Key) {
			t.Errorf("%s: the secret %s has no words", s.Name, s.Key)
		}
	}
	for _, row := range ProviderRows(provider.All()) {
		if len(row) != 5 || row[0] == "" || row[1] == "" {
			t.Error(row)
		}
	}
}

func TestThePageOfProvidersIsTheOneInDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != ProvidersPage() {
		t.Error("docs/providers.md is not what the rows say: go generate ./...")
	}
}
