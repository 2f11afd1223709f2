package script_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/store/record"
)

func parsed(t *testing.T, text string) *script.Script {
	t.Helper()
	s, err := script.Parse(text, files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// webhooks plays a plan for webhooks at these paths, recorded one after another, and returns the statuses of their
// answers.
func webhooks(t *testing.T, p *script.Plan, paths ...string) (statuses []int) {
	t.Helper()
	for i, path := range paths {
		x := &record.Exchange{EventType: "a.b", Scheme: "github", Request: record.Request{Target: path}}
		chosen, _ := p.ScriptFor(x)
		at, err := p.Number(x, chosen, func() error { x.ID = int64(i + 1); return nil })
		if err != nil {
			t.Fatal(err)
		}
		given := listen.Answer{}
		if chosen == nil {
			given = answer(200, "")
		}
		statuses = append(statuses, p.Answer(at, given).Response.Status)
	}
	return statuses
}

func TestEachRuleCountsItsOwnWebhooks(t *testing.T) {
	p := &script.Plan{Respond: parsed(t, "201,202"), Rules: []script.Rule{
		{Path: "/a", Event: "x.*", Script: parsed(t, "500")},
		{Path: "/a", Event: "a.*", Scheme: "github", Script: parsed(t, "301,302")},
		{Path: "/b", Scheme: "stripe", Script: parsed(t, "500")},
	}}
	got := webhooks(t, p, "/a", "/b", "/A/c", "/b/", "/a", "/b")
	if want := "[301 201 302 202 302 202]"; fmt.Sprint(got) != want {
		t.Errorf("answered %v, want %s", got, want)
	}
}

func TestARuleWithAConditionIsForWebhooksThatMeetIt(t *testing.T) {
	wrong := errors.New("wrong")
	p := &script.Plan{Respond: parsed(t, "201"), Rules: []script.Rule{
		{Path: "/a", Script: parsed(t, "500"), Where: func(x *record.Exchange) (bool, error) {
			if x.Request.Target == "/a/wrong" {
				return true, wrong
			}
			return x.Request.Target == "/a/yes", nil
		}},
		{Path: "/a/wrong", Script: parsed(t, "301")},
	}}
	if got := webhooks(t, p, "/a/yes", "/a/no", "/a/wrong", "/b"); fmt.Sprint(got) != "[500 201 301 201]" {
		t.Errorf("answered %v", got)
	}
	_, failed := p.ScriptFor(&record.Exchange{Request: record.Request{Target: "/a/wrong"}})
	if len(failed) != 1 || !errors.Is(failed[0], wrong) {
		t.Errorf("failed: %v", failed)
	}
}

func TestAPartOfTheWebhooksFailsWhateverElseIsAnswered(t *testing.T) {
	p := &script.Plan{FailRate: 0.5, FailWith: parsed(t, "500,501,503"), Random: script.Random{Seed: 7},
		Latency: script.Span{Min: time.Second, Max: time.Second}}
	got := webhooks(t, p, "/", "/", "/", "/", "/", "/")
	if want := "[500 501 200 200 503 200]"; fmt.Sprint(got) != want {
		t.Errorf("answered %v, want %s", got, want)
	}
	x := &record.Exchange{}
	at, _ := p.Number(x, nil, func() error { x.ID = 7; return nil })
	if a := p.Answer(at, answer(200, "")); a.Delay != time.Second {
		t.Errorf("answered after %s", a.Delay)
	}
}

func TestAWebhookThatIsChosenToFailHasFailed(t *testing.T) {
	p := &script.Plan{FailRate: 1, FailWith: parsed(t, "500")}
	x := &record.Exchange{}
	at, _ := p.Number(x, nil, func() error { x.ID = 1; return nil })
	if at.Judge(x); x.Err != nil || x.Scripted != "fail-rate" {
		t.Errorf("its failure is %v (%s)", x.Err, x.Scripted)
	}
	gone := &record.Exchange{Err: &record.Failure{Kind: record.FailReset}}
	if at.Judge(gone); gone.Scripted != "" || gone.Err.Kind != record.FailReset {
		t.Errorf("another failure became %v", gone.Err)
	}
	other := &record.Exchange{}
	if (script.Position{}).Judge(other); other.Err != nil {
		t.Errorf("outside of a plan it has failed with %v", other.Err)
	}
}

func TestHandshakesAndBadSignaturesAreNoPartOfAPlan(t *testing.T) {
	p := &script.Plan{Respond: parsed(t, "201"), FailRate: 1, FailWith: parsed(t, "500")}
	for name, x := range map[string]*record.Exchange{
		"a handshake": {Handshake: "zoom"}, "a bad signature": {Verdict: record.Verdict{Status: record.Invalid}},
	} {
		chosen, _ := p.ScriptFor(x)
		at, err := p.Number(x, chosen, func() error { x.ID = 1; return nil })
		if err != nil || at != (script.Position{}) || chosen != nil {
			t.Errorf("%s has position %v, %v", name, at, err)
		}
	}
}

func TestWhatIsNotRecordedHasNoPosition(t *testing.T) {
	p := &script.Plan{Respond: parsed(t, "201,202")}
	full := errors.New("disk full")
	at, err := p.Number(&record.Exchange{}, p.Respond, func() error { return full })
	if !errors.Is(err, full) || at != (script.Position{}) {
		t.Errorf("position %v, %v", at, err)
	}
	if at, err = p.Number(&record.Exchange{}, p.Respond, func() error { return nil }); err != nil ||
		at != (script.Position{}) {
		t.Errorf("position %v, %v", at, err)
	}
	given := answer(401, "")
	if got := p.Answer(at, given); got.Response != given.Response {
		t.Errorf("it was answered %+v", got)
	}
	if got := webhooks(t, p, "/", "/"); fmt.Sprint(got) != "[201 202]" {
		t.Errorf("then answered %v", got)
	}
	plain, called := &script.Plan{}, false
	at, err = plain.Number(&record.Exchange{ID: 1}, nil, func() error { called = true; return nil })
	if !called || err != nil || at != (script.Position{}) {
		t.Errorf("a plan without an order gave position %v, %v", at, err)
	}
}

func TestAPlanHasTheLimitsOfItsPlatform(t *testing.T) {
	vercel, _ := script.LookupPlatform("vercel")
	p := &script.Plan{Platform: &vercel, Respond: parsed(t, "200;delay=11s")}
	if p.MaxBody(10<<20) != vercel.MaxBody || p.MaxBody(100) != 100 || (&script.Plan{}).MaxBody(10<<20) != 10<<20 {
		t.Errorf("bodies up to %d and %d", p.MaxBody(10<<20), p.MaxBody(100))
	}
	if p.AppTimeout(time.Hour) != vercel.Timeout || (&script.Plan{}).AppTimeout(time.Hour) != time.Hour {
		t.Errorf("an app has %s", p.AppTimeout(time.Hour))
	}
	if got := webhooks(t, p, "/"); got[0] != 504 {
		t.Errorf("a slow answer was %d", got[0])
	}
	timeout := &record.Failure{Kind: record.FailTimeout}
	if got := p.Relay(nil, timeout); got.Status != 504 ||
		got.Header.Get("X-Vercel-Error") != "FUNCTION_INVOCATION_TIMEOUT" {
		t.Errorf("answered %d %v", got.Status, got.Header)
	}
	if got := p.Relay(nil, &record.Failure{Kind: record.FailRefused}); got.Status != 502 {
		t.Errorf("an app that is down is answered %d", got.Status)
	}
	if got := p.Relay(&record.Response{Status: 418}, nil); got.Status != 418 {
		t.Errorf("an app that answers is answered %d", got.Status)
	}
}
