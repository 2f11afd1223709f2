package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/web"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/store/record"
)

func TestTheFiguresPageHasWhatStatsHas(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s = siteWith(t, s.Store, func(p *web.Page) {
		p.Limits = health.Limits{MinSamples: 3, MinSuccess: .95, MaxP99: time.Second, MaxSignatureFailures: .01}
	})
	s.enter()
	for n := range 4 {
		x := received(n)
		if n == 0 {
			x.Verdict.Status, x.Took = record.Invalid, 700*time.Millisecond
		}
		s.add(x)
	}
	text := s.get("/figures")
	has(t, text,
		`signature_failures</th><td data-name="value">25.0 %</td><td data-name="breach">&gt; 1 %</td><td>4 `+
			"signatures",
		`<b class="c-bad">breach</b>`, "4  (0 sent, 4 received)", "<td>≤ 1s</td>", "<td>≤ 20ms</td>", `width="334"`,
		"at most 4 in 1s", "barb stats --since 1h --plot", "M0 100V1H1000V100z")
	if old := s.get("/figures?since=%3Cscript%3E"); strings.Contains(old, "<script>") {
		t.Error("a value from the address is on the page")
	}
	if unread := s.get("/figures?since=5m"); strings.Contains(unread, "since 1h") {
		t.Error("the time is not that of the address")
	}
}

// The parts, what fails, and how each sender behaved are below the six figures.
func TestTheFiguresPageHasThePartsOfTheHistory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s = siteWith(t, s.Store, func(p *web.Page) {
		p.Limits = health.Limits{MinSamples: 2, MinSuccess: .95, MaxP99: time.Second, MaxSignatureFailures: .01,
			MaxRetryRate: 1}
	})
	s.enter()
	for n := range 4 { // the second is tried twice, the last is badly signed
		x := received(n)
		x.WebhookID = "evt_" + itoa(int64(n))
		if n == 1 || n == 2 {
			x.WebhookID, x.Request.URL = "evt_1", "http://127.0.0.1:4242/in"
			x.Start = noon.Add(time.Duration(n) * 10 * time.Second)
		}
		if n == 1 {
			x.Response.Status = 503
		}
		if n == 3 {
			x.Verdict.Status, x.EventType = record.Invalid, "<b>order</b>.paid"
		}
		s.add(x)
	}
	s.addSent()
	if err := s.Enqueue(t.Context(), &store.Queued{Kind: store.Message, Thread: 1, Target: "http://a.test", Due: noon,
		Created: noon.Add(30 * time.Second)}); err != nil {
		t.Fatal(err)
	}
	has(t, s.get("/figures"),
		`<a href="/?q=endpoint%3Aapi.test%3A8443">api.test:8443</a></th><td data-name="success rate">`+
			`<b class="c-bad">66.7 %</b>`+" <small>of 3 deliveries</small>",
		`<a href="/?q=of-scheme%3Astripe">stripe</a>`, `<td data-name="signature failures"><b class="c-bad">25.0 %</b>`,
		`&lt;b&gt;order&lt;/b&gt;.paid</a></th><td data-name=failed><b class=c-bad>1</b></td><td data-name=of>1</td>`+
			`<td>bad signature <a href="/w/4">#4</a>`,
		`customer.created</a></th><td data-name=failed><b class=c-bad>1</b></td>`+
			"<td data-name=of>3</td><td>no answer: timeout",
		"1 came more than once", "1 with a bad signature left out",
		"lowest 0, highest 1 in steps of 2m2s", "H112V19.0H116V1.0H120")
}

// addSent adds three messages to an endpoint: the last is not delivered.
func (s *site) addSent() {
	for n := range 3 {
		x := received(n)
		x.Kind, x.Scheme, x.Verdict = record.Sent, "", record.Verdict{}
		x.Request.URL = "https://api.test:8443/in?" + itoa(int64(n))
		if x.EventType = "customer.created"; n == 2 {
			x.Response = nil
			x.Err = &record.Failure{Kind: record.FailTimeout}
		}
		s.add(x)
	}
}

// The state of a figure with few samples is explained.
func TestFewSamplesAreExplained(t *testing.T) {
	t.Parallel()
	s := siteWith(t, newStore(t), func(p *web.Page) { p.Limits = health.Limits{MinSamples: 100} })
	s.enter()
	s.add(received(1))
	has(t, s.get("/figures"), ">few</b>", "<b>few</b>: a figure of fewer than 100 samples is not judged.")
}
