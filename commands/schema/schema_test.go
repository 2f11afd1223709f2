package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/probe"
	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/discover"
	"github.com/barbhq/barb/sign/explain"
	"github.com/barbhq/barb/sign/newkey"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/drift"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/senders"
	"github.com/barbhq/barb/store/webhooks"
)

var update = flag.Bool("update", false, "write the golden files")

// at is the time of everything in the golden files.
var at = time.Date(2026, 1, 20, 15, 32, 1, 123456789, time.FixedZone("", 3600))

func TestEveryObjectIsAsItsGoldenFile(t *testing.T) {
	for name, object := range objects(t) {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(object, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".json")
			got = append(got, '\n')
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not %s:\n%s", name, file, got)
			}
		})
	}
}

// checked is the result of a run in which a webhook is missing.
func checked() schema.Checked {
	c := schema.NewChecked("run", "0/1 expected, 1 unexpected, 0 bad signatures")
	c.Exit, c.CommandExit, c.Webhooks, c.Unexpected, c.BadSignatures = 4, new(int), 1, []int64{42}, []int64{}
	c.Cases = []schema.CheckedCase{{Expect: "invoice.paid: .body.amount_due == 4200", State: "missing",
		Want: "at least 1", Webhooks: []int64{}, Near: []schema.CheckedNear{{ID: 42, EventType: "invoice.paid",
			Why: []string{"amount_due is 4100"}}}}}
	return c
}

// objects returns an object of every kind, with every field set, or with none where "empty" is in its name.
func objects(t *testing.T) map[string]any {
	t.Helper()
	x := exchange()
	breaker := schema.NewBreaker("api.example.com", at)
	open := breaker
	open.Open(5, 30*time.Second)
	refused := schema.NewRefused("rate_limited", 12, at)
	refused.At(429, "192.0.2.1:5000", "POST", "/hooks/"+string(bytes.Repeat([]byte("x"), 300)))
	trust := schema.Trust{Path: "/home/ada/barb.toml", Wants: []schema.Want{
		{Line: 3, What: "run a command", Value: "make test"},
		{Line: 4, What: "read a file", Value: "key", Place: "/etc/key"}}}
	waiting := store.Queued{ID: 3, Kind: store.Message, Thread: 7, Target: "https://api.example.com:8443/hooks",
		State: store.Waiting, Blocked: true, Attempts: 2, Created: at, Changed: at.Add(time.Minute), Due: at.Add(time.Hour),
		First: 8, Last: 9, Why: "connection refused"}
	leased := waiting
	leased.Kind, leased.State = store.Command, store.Leased
	done := store.Queued{ID: 4, Kind: store.Forward, State: store.Done, Target: "http://a b/%zz", Created: at, Changed: at}
	all := map[string]any{
		"breaker": breaker, "breaker_open": open, "refused": refused, "refused_empty": schema.NewRefused("closed", 1, at),
		"exec": schema.NewExec(x), "mirror": schema.NewMirror(7, x, true), "trust": trust,
		"checked": checked(), "checked_empty": schema.NewChecked("wait", ""),
		"drift": schema.NewDrift(drift.Difference{Event: drift.Event{Scheme: "stripe", Type: "invoice.paid"},
			Path: ".data.object.amount", Change: drift.Changed, Old: drift.Side{Types: drift.Number, Webhooks: 40, Of: 40,
				Example: 3}, New: drift.Side{Types: drift.Number | drift.String, Webhooks: 12, Of: 12, Example: 58}}, true),
		"asserted": schema.Asserted{Schema: 1, Event: "assert", ID: 7, EventType: "invoice.paid",
			Failed: []schema.AssertedFailed{{That: ".status < 300", Why: []string{"status is 503"}}}},
		"queued": schema.NewQueued(&waiting), "queued_leased": schema.NewQueued(&leased),
		"queued_done": schema.NewQueued(&done),
		"worker": schema.NewWorker(&worker.Info{Name: "deliver-3f2a1b2c", Machine: "web-1", PID: 4711, Version: "1.2.0",
			State: worker.Live, Beats: true, BeatAge: 1200 * time.Millisecond, Leases: 4,
			Endpoints: []string{"api.example.com:443"}}, at),
		"worker_unknown": schema.NewWorker(&worker.Info{Name: "deliver", State: worker.Unknown, Leases: 1}, at),
		"queued_message": schema.NewQueuedMessage(x, export.With{}, &waiting),
		"signed": schema.NewSigned("linear",
			&sign.Signed{Fields: []sign.Field{{Name: "Linear-Signature", Value: "ab"}}, URL: "https://a.test/?sig=1",
				Body: []byte("{}")}, "msg_1", at),
		"signed_empty": schema.NewSigned("github", &sign.Signed{}, "", at),
		"pair":         schema.NewPair("stripe", newkey.Pair{Signing: []byte("whsec_1"), Verifying: []byte("whsec_1")}),
	}
	addSchemes(t, all)
	addVerdicts(all)
	addStats(all)
	addEvents(t, all)
	addProbe(all)
	return all
}

// addProbe adds the objects of barb probe, with a check as it is in the table.
func addProbe(all map[string]any) {
	check := probe.Checks()[0]
	failed := probe.Result{Check: check, Outcome: probe.Fail, Severity: check.Severity, Detail: "401 Unauthorized",
		Exchange: 7, Fix: check.Fix}
	skipped := probe.Result{Check: check, Outcome: probe.Skip, Severity: check.Severity}
	all["probe_check"], all["probe_check_empty"] = schema.NewProbeCheck(&failed), schema.NewProbeCheck(&skipped)
	all["probe_grade"] = schema.ProbeGrade{Grade: "F", Checks: probe.Count([]probe.Result{failed, skipped})}
	all["probe_plan"] = schema.NewProbePlan(check, 4, 1, "not chosen")
}

func exchange() *record.Exchange {
	return &record.Exchange{ID: 9, Thread: 7, Kind: record.Sent, Start: at, Took: 1234 * time.Millisecond,
		Attempt: 1, Ended: true,
		WebhookID: "msg_1", EventType: "invoice.paid", Scheme: "stripe",
		Request:  record.Request{Method: "POST", URL: "https://api.example.com:8443/hooks", Body: []byte("{}")},
		Response: &record.Response{Status: 503}, Run: &record.Run{Exit: 3, Took: 250 * time.Millisecond}}
}

func addSchemes(t *testing.T, all map[string]any) {
	t.Helper()
	for _, name := range []string{"stripe", "discord", "mercadopago", "pubsub"} {
		s, ok := catalog.Lookup(name)
		if !ok {
			t.Fatal(name)
		}
		all["scheme_"+name] = schema.NewScheme(s, "")
	}
	s, _ := catalog.Lookup("stripe")
	all["scheme_own"] = schema.NewScheme(s, "barb.toml:12")
	found := schema.NewDiscovery(&discover.Result{Found: true, Scheme: s, Same: []string{"stripe"}, Like: []string{"svix"},
		Tried: 1284, Signatures: 2, Times: 1, IDs: 3})
	found.Secret, found.TOML = "env:WHSEC", "[scheme.found]\n"
	all["discovery"] = found
	lost := schema.NewDiscovery(&discover.Result{Tried: 9, Cut: true})
	lost.Next = []string{"is it the right secret"}
	all["discovery_empty"] = lost
	for _, name := range []string{"stripe", "github"} {
		p, err := provider.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		all["provider_"+name] = schema.NewProvider(&p)
	}
}

func addVerdicts(all map[string]any) {
	v := schema.NewVerdict("stripe", &record.Verdict{Status: record.Invalid, Version: "v1", Reason: "mismatch",
		HasAge: true, Age: 90 * time.Second, Secret: "env:WHSEC"})
	v.Detail, v.CoversBody, v.Spelling = "no v1 matches", true, "upper_case"
	fix := []explain.Fix{{Framework: "Express", Text: "use express.raw"}}
	v.Explain = schema.NewExplanation(&explain.Answer{Tried: 70, Cut: true,
		Causes: []explain.Cause{
			{Kind: "body", Also: []explain.Kind{"space"}, Part: explain.Body, Change: "the body is parsed",
				Words: "it was parsed", Scheme: "stripe", Secret: "env:WHSEC", Fix: fix,
				Difference: &explain.Difference{Of: explain.Body, Offset: 3, Start: 1, Have: []byte("abc"), Want: []byte("abd")}},
			{Difference: &explain.Difference{Of: "url"}},
		},
		Hints: []explain.Hint{{Kind: "clock", Words: "the clock is wrong", Fix: fix}},
		Seen:  []explain.Seen{{Header: "X-Signature", Schemes: []string{"github"}}}})
	all["verdict"] = v
	empty := schema.NewVerdict("", &record.Verdict{Status: record.Valid})
	empty.Explain = schema.NewExplanation(nil)
	all["verdict_empty"] = empty
	all["explanation_empty"] = schema.NewExplanation(&explain.Answer{})
}

func addStats(all map[string]any) {
	limits := health.Limits{MinSamples: 2, MinSuccess: .95, MaxP99: 10 * time.Second, MaxQueue: 10}
	r := limits.Judge(store.Figures{Attempts: 3, Retries: 1, P99: 1500 * time.Microsecond, Delivered: 1, Exhausted: 1,
		Waiting: 4}, 5*time.Minute)
	all["figures"] = schema.NewFigureLines(&r)
	latency := store.Latency{P50: time.Millisecond, P95: 1500 * time.Microsecond, P99: 2 * time.Second, Max: time.Minute}
	all["stats"] = schema.NewStats(store.Stats{Total: 9, Sent: 5, Received: 4,
		Retries: 2, BadSignatures: 1, SentLatency: latency, ReceivedLatency: latency,
		ByStatus:  map[int]int64{200: 2, 503: 1},
		ByFailure: map[string]int64{"refused": 1}}, &webhooks.Counts{Total: 4, Deliveries: 3, Delivered: 2, Exhausted: 1,
		SuccessRate: 2. / 3, ByState: map[webhooks.State]int64{webhooks.Accepted: 3, webhooks.Failed: 1}},
		map[store.QueueState]int64{store.Waiting: 4, store.Dead: 1}, &r)
	start := time.Date(2026, 1, 20, 14, 0, 0, 0, time.UTC)
	tries := []senders.Attempt{
		{ID: 1, Scheme: "stripe", Path: "/hooks", WebhookID: "msg_1", Start: start, Answered: start.Add(time.Second),
			Status: 503, RetryAfter: 5 * time.Second},
		{ID: 2, Scheme: "stripe", Path: "/hooks", WebhookID: "msg_1", Start: start.Add(10 * time.Second), Status: 200},
		{ID: 3, Scheme: "stripe", Path: "/hooks", WebhookID: "msg_2", Start: start.Add(20 * time.Second), Status: 200},
	}
	for _, s := range senders.Judge(tries, start.Add(time.Hour)) {
		all["sender"] = schema.NewSender(s)
	}
}

func addEvents(t *testing.T, all map[string]any) {
	t.Helper()
	e := fixture.Event{Provider: "stripe", Type: "invoice.paid", Scheme: "stripe", ContentType: "application/json",
		About: "an invoice was paid"}
	all["event"] = schema.NewEvent(&e, "")
	seed := uint64(7)
	own := schema.NewEvent(&e, "/home/ada/events/stripe/invoice.paid.json")
	own.Render(&fixture.Payload{ID: "evt_1", Header: []fixture.Field{{Name: "X-Kind", Value: "a"}},
		Body: []byte(`{"id":"evt_1"}`)}, &seed)
	all["event_rendered"] = own
	binary := schema.NewEvent(&e, "")
	binary.Render(&fixture.Payload{Body: []byte{0xff}}, nil)
	all["event_binary"] = binary
}
