package senders_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/senders"
)

var noon = time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)

// later is when all that may come has come.
var later = noon.Add(240 * time.Hour)

// came is one arrival in a test: when, in milliseconds after noon, and what it was answered 10 ms later.
type came struct {
	at     int
	status int
	ask    time.Duration // Retry-After
	id     string        // "" for msg_1
	body   string
	stamp  string // "" for a new one, "-" for none
	took   int    // ms, 0 for 10
}

func attempts(all ...came) []senders.Attempt {
	var out []senders.Attempt
	for i, c := range all {
		id, took := c.id, c.took
		if id == "" {
			id = "msg_1"
		}
		if took == 0 {
			took = 10
		}
		start := noon.Add(time.Duration(c.at) * time.Millisecond)
		a := senders.Of(&record.Exchange{ID: int64(i + 1), Scheme: "standard-webhooks", Start: start,
			Took: time.Duration(took) * time.Millisecond, WebhookID: id,
			Request: record.Request{URL: "http://127.0.0.1:4242/in?x=1", Body: []byte("body" + c.body)}})
		a.Status, a.RetryAfter = c.status, c.ask
		if c.stamp != "-" {
			a.Timed, a.Timestamp = true, c.stamp
			if c.stamp == "" {
				a.Timestamp = fmt.Sprint(start.Unix())
			}
			a.Signature = "v1," + a.Timestamp
		}
		out = append(out, a)
	}
	return out
}

func TestSendersAreJudgedByWhatTheyDid(t *testing.T) {
	for name, c := range map[string]struct {
		came   []came
		grade  senders.Grade
		faults []string
		end    senders.End
	}{
		"one that succeeds": {[]came{{at: 0, status: 200}}, senders.NotJudged, nil, senders.Delivered},
		"a model": {[]came{{at: 0, status: 503}, {at: 2000, status: 503}, {at: 6000, status: 200}},
			senders.Good, nil, senders.Delivered},
		"waits as asked": {[]came{{at: 0, status: 429, ask: 2 * time.Second}, {at: 2010, status: 200}},
			senders.Good, nil, senders.Delivered},
		"comes too early": {[]came{{at: 0, status: 429, ask: 5 * time.Second}, {at: 1210, status: 200}},
			senders.Flawed, []string{"ignores Retry-After"}, senders.Delivered},
		"a wait asked with a 200": {[]came{{at: 0, status: 200, ask: 5 * time.Second}}, senders.NotJudged, nil,
			senders.Delivered},
		"old signature": {[]came{{at: 0, status: 503, stamp: "1"}, {at: 2000, status: 200, stamp: "1"}},
			senders.Flawed, []string{"reuses the signature and timestamp"}, senders.Delivered},
		"same second, same stamp": {[]came{{at: 0, status: 503, stamp: "1"}, {at: 500, status: 200, stamp: "1"}},
			senders.Good, nil, senders.Delivered},
		"signs no time": {[]came{{at: 0, status: 503, stamp: "-"}, {at: 5000, status: 200, stamp: "-"}},
			senders.Good, nil, senders.Delivered},
		"another body": {[]came{{at: 0, status: 503}, {at: 5000, status: 200, body: "2"}}, senders.Flawed,
			[]string{"changes the body"}, senders.Delivered},
		"another id": {[]came{{at: 0, status: 503}, {at: 2000, status: 503, id: "msg_2"},
			{at: 4000, status: 200, id: "msg_3"}}, senders.Flawed, []string{"changes the webhook id"}, senders.Delivered},
		"goes on after 200": {[]came{{at: 0, status: 200}, {at: 2000, status: 200}}, senders.Flawed,
			[]string{"keeps sending after 2xx"}, senders.Delivered},
		"two at once": {[]came{{at: 0, status: 200}, {at: 5, status: 200}}, senders.Good, nil,
			senders.Delivered},
		"did not wait for the 200": {[]came{{at: 0, status: 200, took: 9000}, {at: 9500, status: 200}}, senders.Good, nil,
			senders.Delivered},
		"stops at 410": {[]came{{at: 0, status: 410}}, senders.Good, nil, senders.Gone},
		"keeps sending after 410": {[]came{{at: 0, status: 410}, {at: 2000, status: 410}}, senders.Flawed,
			[]string{"keeps sending after 410"}, senders.Gone},
		"gives up": {[]came{{at: 0, status: 503}, {at: 2000, status: 503}}, senders.Good, nil, senders.GaveUp},
		"gives up at once": {[]came{{at: 0, status: 503}}, senders.Flawed,
			[]string{"does not retry"}, senders.GaveUp},
		"refused for good":      {[]came{{at: 0, status: 400}}, senders.NotJudged, nil, senders.Refused},
		"no answer got through": {[]came{{at: 0, status: 0}, {at: 2000, status: 200}}, senders.Good, nil, senders.Delivered},
		"wrong in every way": {[]came{{at: 0, status: 503, ask: time.Minute, stamp: "1"}, {at: 2000, status: 410, stamp: "1",
			body: "2"}, {at: 4000, status: 200, stamp: "1"}, {at: 6000, status: 200, stamp: "1"}}, senders.Poor,
			[]string{"keeps sending after 410", "keeps sending after 2xx", "ignores Retry-After",
				"reuses the signature and timestamp",
				"changes the body"}, senders.Delivered},
	} {
		t.Run(name, func(t *testing.T) {
			all := senders.Judge(attempts(c.came...), later)
			if len(all) != 1 || len(all[0].Deliveries) != 1 {
				t.Fatalf("%d senders, deliveries %v", len(all), all[0].Deliveries)
			}
			s := all[0]
			if s.Grade != c.grade || s.Deliveries[0].End != c.end {
				t.Errorf("%s, %s; want %s, %s", s.Grade, s.Deliveries[0].End, c.grade, c.end)
			}
			if diff := cmp.Diff(c.faults, s.Faults); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatMayStillComeIsOpen(t *testing.T) {
	all := attempts(came{at: 0, status: 503})
	for after, want := range map[time.Duration]senders.End{time.Minute: senders.Open, time.Hour: senders.GaveUp} {
		s := senders.Judge(all, noon.Add(after))[0]
		if s.Deliveries[0].End != want {
			t.Errorf("after %v: %s, want %s", after, s.Deliveries[0].End, want)
		}
	}
	// Who was asked to wait for a day, or has waited an hour before, has not given up yet.
	asked := senders.Judge(attempts(came{at: 0, status: 503, ask: 24 * time.Hour}), noon.Add(3*time.Hour))[0]
	hourly := senders.Judge(attempts(came{at: 0, status: 503}, came{at: 3_600_000, status: 503}), noon.Add(3*time.Hour))[0]
	if asked.Deliveries[0].End != senders.Open || hourly.Deliveries[0].End != senders.Open {
		t.Errorf("%s, %s", asked.Deliveries[0].End, hourly.Deliveries[0].End)
	}
}

func TestGapsHaveAShape(t *testing.T) {
	for name, c := range map[string]struct {
		gaps   []int // ms
		want   senders.Spacing
		jitter senders.Finding
	}{
		"one gap":               {[]int{500}, senders.NoSpacing, senders.Unknown},
		"two alike":             {[]int{1000, 1030}, senders.Constant, senders.No},
		"constant":              {[]int{1000, 1010, 990, 1040}, senders.Constant, senders.No},
		"short and noisy":       {[]int{20, 45, 30}, senders.Constant, senders.No},
		"linear":                {[]int{1000, 2010, 3000, 4020}, senders.Linear, senders.No},
		"exponential":           {[]int{1000, 2000, 4010, 8000}, senders.Exponential, senders.Unknown},
		"by three":              {[]int{100, 305, 900, 2700}, senders.Exponential, senders.Unknown},
		"exponential, jittered": {[]int{400, 1900, 700, 5000}, senders.Irregular, senders.Yes},
		"a schedule":            {[]int{1000, 5000, 30000, 32000}, senders.Growing, senders.Unknown},
		"two that grow":         {[]int{1000, 2000}, senders.Growing, senders.Unknown},
	} {
		all := []came{{at: 0, status: 503}}
		for _, gap := range c.gaps {
			all = append(all, came{at: all[len(all)-1].at + 10 + gap, status: 503})
		}
		s := senders.Judge(attempts(all...), later)[0]
		if s.Spacing != c.want || s.Jitter != c.jitter {
			t.Errorf("%s: %s, jitter %s; want %s, %s", name, s.Spacing, s.Jitter, c.want, c.jitter)
		}
	}
}

func TestJitterShowsBetweenWebhooks(t *testing.T) {
	for spread, want := range map[int]senders.Finding{10: senders.No, 700: senders.Yes} {
		var all []came
		for i := range 4 {
			id, at := fmt.Sprint("msg_", i), 60_000*i
			all = append(all, came{at: at, status: 503, id: id}, came{at: at + 2000 + spread*i, status: 200, id: id})
		}
		if s := senders.Judge(attempts(all...), later)[0]; s.Jitter != want || s.Again != 4 {
			t.Errorf("%d ms apart: jitter %s of %d, want %s", spread, s.Jitter, s.Again, want)
		}
	}
}

func TestAGapThatWasAskedForSaysNothingOfTheSendersOwn(t *testing.T) {
	s := senders.Judge(attempts(came{at: 0, status: 503}, came{at: 1010, status: 429, ask: 9 * time.Second},
		came{at: 10_030, status: 503}, came{at: 11_040, status: 200}), later)[0]
	if s.Spacing != senders.Constant || s.Asked != 1 || s.Honoured != 1 {
		t.Errorf("%s, %d of %d", s.Spacing, s.Honoured, s.Asked)
	}
}

func TestEqualBodiesAreNotTakenForOneWebhook(t *testing.T) {
	// A sender that brought an id twice keeps its ids.
	s := senders.Judge(attempts(came{at: 0, status: 503, id: "a"}, came{at: 2000, status: 503, id: "a"},
		came{at: 4000, status: 503, id: "b"}, came{at: 6000, status: 200, id: "b"}), later)[0]
	if len(s.Deliveries) != 2 || s.IDKept != senders.Yes {
		t.Errorf("%d deliveries, id kept %s", len(s.Deliveries), s.IDKept)
	}
	// After a 2xx the same body is the next webhook.
	s = senders.Judge(attempts(came{at: 0, status: 200, id: "a"}, came{at: 2000, status: 200, id: "b"}), later)[0]
	if len(s.Deliveries) != 2 || s.Grade != senders.NotJudged {
		t.Errorf("%d deliveries, %s", len(s.Deliveries), s.Grade)
	}
}

func TestWithoutAnIDTheBodyTells(t *testing.T) {
	all := attempts(came{at: 0, status: 503}, came{at: 2000, status: 200}, came{at: 9000, status: 200},
		came{at: 9500, status: 200, body: "2"})
	for i := range all {
		all[i].WebhookID = ""
	}
	s := senders.Judge(all, later)[0]
	if len(s.Deliveries) != 3 || s.Again != 1 || s.IDKept != senders.Unknown || s.Grade != senders.Good {
		t.Errorf("%d deliveries, %d again, id kept %s, %s", len(s.Deliveries), s.Again, s.IDKept, s.Grade)
	}
}

func TestSendersAreToldApartBySchemeAndPath(t *testing.T) {
	all := attempts(came{at: 0, status: 503}, came{at: 2000, status: 200}, came{at: 0, status: 410, id: "x"},
		came{at: 100, status: 410, id: "x"})
	all[2].Path, all[3].Path = "/other", "/other"
	got := senders.Judge(all, later)
	if len(got) != 2 || got[0].Path != "/in" || got[0].Grade != senders.Good || got[1].Path != "/other" ||
		got[1].Grade != senders.Flawed {
		t.Errorf("got %+v", got)
	}
}

func TestRetryAfterIsReadAsSendersMust(t *testing.T) {
	x := &record.Exchange{Start: noon, Took: 0, Response: &record.Response{Status: 503}}
	for value, want := range map[string]time.Duration{
		"2": 2 * time.Second, "0": 0, "-5": 0, "abc": 0, "1e9": 0, "": 0, "Tue, 20 Jan 2026 12:00:31 GMT": 30 * time.Second,
		"Tue, 20 Jan 2026 11:00:00 GMT": 0, "99999999999": 0,
	} {
		x.Response.Header = record.Header{{Name: "Retry-After", Value: value}}
		if got := senders.Of(x).RetryAfter; got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
	x.Err = &record.Failure{Kind: record.FailReset}
	if a := senders.Of(x); a.Status != 0 {
		t.Errorf("an answer that did not arrive counts as %d", a.Status)
	}
}
