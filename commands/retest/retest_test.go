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

// What is ignored is not a difference. A webhook that passed and fails now has regressed all the same.
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
