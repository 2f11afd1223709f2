package retest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/report"
	"github.com/barbhq/barb/commands/retest"
	"github.com/barbhq/barb/deliver/compare"
	"github.com/barbhq/barb/store/record"
)

// answer is an exchange with an answer; status 0 is none.
func answer(status int, body string, took time.Duration) *record.Exchange {
	x := &record.Exchange{ID: 1, Kind: record.Sent, Took: took, Ended: true}
	if status != 0 {
		x.Response = &record.Response{Status: status, Body: []byte(body), Header: record.Header{
			{Name: "Date", Value: took.String()}}}
	} else {
		x.Err = &record.Failure{Kind: record.FailRefused, Text: "connection refused"}
	}
	return x
}

func TestOneWordSaysWhatBecameOfAWebhook(t *testing.T) {
	for _, c := range []struct {
		then, now         int
		bodyThen, bodyNow string
		word              retest.Word
		outcome           report.Outcome
		differs           int
	}{
		{200, 200, `{"a":1}`, `{"a":1}`, retest.StillPassing, report.Pass, 0},
		{200, 200, `{"a":1,"id":1}`, `{"a":1,"id":2}`, retest.StillPassing, report.Pass, 0},
		{200, 200, `{"a":1}`, `{"a":2}`, retest.StillPassing, report.Fail, 1},
		{200, 204, ``, ``, retest.StillPassing, report.Fail, 1},
		{200, 500, ``, ``, retest.Regressed, report.Fail, 1},
		{500, 200, `{"a":1}`, `{"a":2}`, retest.Fixed, report.Pass, 2},
		{500, 500, `x`, `x`, retest.StillFailing, report.Pass, 0},
		{500, 404, `x`, `y`, retest.StillFailing, report.Fail, 2},
		{302, 204, ``, ``, retest.Fixed, report.Pass, 1},
		{404, 404, `x`, `x`, retest.StillFailing, report.Pass, 0},
		{200, 0, `x`, ``, retest.Regressed, report.Error, 2},
		{500, 0, `x`, ``, retest.StillFailing, report.Error, 2},
	} {
		ignore, err := compare.ParseIgnored([]string{".id"})
		if err != nil {
			t.Fatal(err)
		}
		checks := retest.Checks{Compare: true, Ignore: ignore}
		v := checks.Judge(answer(c.now, c.bodyNow, 40), answer(c.then, c.bodyThen, 20))
		if v.Word != c.word || v.Outcome != c.outcome || len(v.Differences) != c.differs || v.Ratio() != 2 {
			t.Errorf("%d → %d, %s → %s: %+v", c.then, c.now, c.bodyThen, c.bodyNow, v)
		}
	}
}

func TestAnAssertionDecidesInPlaceOfTheStatus(t *testing.T) {
	expr, err := jq.Compile(".answer.status == .recorded.status and .status == 503")
	if err != nil {
		t.Fatal(err)
	}
	checks := retest.Checks{Assert: []*jq.Expr{expr}}
	for now, want := range map[int]report.Outcome{503: report.Pass, 200: report.Fail, 0: report.Error} {
		v := checks.Judge(answer(now, "", 1), answer(503, "", 1))
		if v.Outcome != want || (len(v.Failed) > 0) != (want == report.Fail) {
			t.Errorf("%d: %+v", now, v)
		}
	}
	for now, want := range map[int]report.Outcome{204: report.Pass, 302: report.Fail, 0: report.Error} {
		v := (&retest.Checks{}).Judge(answer(now, "", 1), nil)
		if v.Outcome != want || v.Word != "" {
			t.Errorf("%d without checks: %+v", now, v)
		}
		if detail := v.Detail(answer(now, "", 1)); (detail == "") != (want == report.Pass) || now == 0 &&
			!strings.Contains(detail, "connection refused") {
			t.Errorf("%d: %q", now, detail)
		}
	}
}

// --ignore leaves parts out of the comparison. A webhook that passed then and fails now has regressed nevertheless.
func TestNothingThatIsIgnoredHidesARegression(t *testing.T) {
	ignore, err := compare.ParseIgnored([]string{"status", "headers", "body"})
	if err != nil {
		t.Fatal(err)
	}
	checks := retest.Checks{Compare: true, Ignore: ignore}
	for _, c := range []struct {
		then, now int
		outcome   report.Outcome
	}{{200, 500, report.Fail}, {200, 204, report.Pass}, {500, 503, report.Pass}, {500, 200, report.Pass}} {
		v := checks.Judge(answer(c.now, "b", 1), answer(c.then, "a", 1))
		if v.Outcome != c.outcome || len(v.Differences) > 0 {
			t.Errorf("%d → %d: %+v", c.then, c.now, v)
		}
	}
}

func TestADetailSaysWhatIsWrongFirst(t *testing.T) {
	compile := func(text string) *jq.Expr {
		expr, err := jq.Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		return expr
	}
	status, never := compile(".answer.status < 300"), compile("empty")
	long := strings.Repeat("é", 300)
	for _, c := range []struct {
		checks retest.Checks
		then   *record.Exchange
		now    *record.Exchange
		note   string
		want   string
	}{
		{retest.Checks{}, nil, answer(500, "", 1), "", "answered 500"},
		{retest.Checks{}, answer(200, "a", 1), answer(500, "b", 1), "", "answered 500"},
		{retest.Checks{}, nil, answer(200, "", 1), "not in the snapshot", ""},
		{retest.Checks{}, nil, answer(500, "", 1), "not in the snapshot", "not in the snapshot"},
		{retest.Checks{Assert: []*jq.Expr{status, never}}, nil, answer(500, "", 1), "",
			"not true: .answer.status < 300: answer.status is 500\nnot true: empty: empty has no value"},
		{retest.Checks{Compare: true}, answer(200, "a", 1), answer(500, "b", 1), "",
			"regressed\nstatus: 200 → 500\nbody line 1: a → b"},
		{retest.Checks{Compare: true}, answer(200, "a", 1), answer(200, long, 1), "",
			"still passing\nbody line 1: a → " + long[:500] + "…"},
		{retest.Checks{Compare: true}, answer(200, "a", 1), answer(0, "", 1), "",
			"regressed\nno answer: connection refused\nstatus: 200 → (none)\nbody: a → (none)"},
	} {
		v := c.checks.Judge(c.now, c.then)
		v.Note = c.note
		if got := v.Detail(c.now); got != c.want {
			t.Errorf("%+v:\n%q, want\n%q", v, got, c.want)
		}
	}
}

func TestOnlyHeadersThatASenderActsOnAreCompared(t *testing.T) {
	then, now := answer(200, "", 1), answer(200, "", 2) // another Date
	now.Response.Header = append(now.Response.Header, record.Field{Name: "Location", Value: "/x"})
	v := (&retest.Checks{Compare: true}).Judge(now, then)
	if len(v.Differences) != 1 || v.Differences[0].Name != "location" {
		t.Errorf("%+v", v.Differences)
	}
}

func TestTheFactsAreStatusesAndTimes(t *testing.T) {
	const ms = time.Millisecond
	compared := retest.Checks{Compare: true}
	for _, c := range []struct {
		checks *retest.Checks
		then   *record.Exchange
		now    *record.Exchange
		want   string
		ratio  float64
	}{
		{&retest.Checks{}, answer(200, "", ms), answer(500, "", 2*ms), "500  2ms", 0},
		{&compared, answer(200, "", 2*ms), answer(500, "", 3*ms), "200 → 500  2ms → 3ms (1.5×)", 1.5},
		{&compared, answer(200, "", 2*ms), answer(200, "", 4*ms), "200 → 200  2ms → 4ms (2×)", 2},
		{&compared, answer(200, "", 0), answer(200, "", 4*ms), "200 → 200  4ms", 0}, // of a snapshot
		{&compared, answer(0, "", 2*ms), answer(0, "", 0), "no answer → no answer  2ms → 0s", 0},
		{&compared, answer(200, "", 2*ms), answer(0, "", ms), "200 → no answer  2ms → 1ms", 0.5},
	} {
		v := c.checks.Judge(c.now, c.then)
		if got := v.Facts(); got != c.want || v.Ratio() != c.ratio {
			t.Errorf("%q and %v, want %q and %v", got, v.Ratio(), c.want, c.ratio)
		}
	}
}

func TestACaseNamesTheWebhookAndBothAnswers(t *testing.T) {
	webhook := &record.Exchange{ID: 7, Kind: record.Received, Scheme: "stripe"}
	then, now := answer(200, "", 30*time.Millisecond), answer(500, "", 60*time.Millisecond)
	v := (&retest.Checks{Compare: true}).Judge(now, then)
	c := v.Case(webhook, now, 3)
	properties := map[string]string{}
	for _, p := range c.Properties {
		properties[p.Name] = p.Value
	}
	if c.Name != "7" || c.Class != "stripe" || c.Retries != 2 || c.Took != now.Took || c.Outcome != report.Fail ||
		properties["status"] != "500" || properties["recorded status"] != "200" || properties["recorded ms"] != "30" {
		t.Errorf("%+v", c)
	}
	webhook.Scheme = ""
	v = (&retest.Checks{}).Judge(now, then)
	if c = v.Case(webhook, now, 0); c.Class != "unsigned" || c.Retries != 0 || len(c.Properties) != 2 {
		t.Errorf("%+v", c)
	}
}
