package expect_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/quick"

	"github.com/barbhq/barb/commands/expect"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
)

// known has the built-in events, and two samples of a user's own.
var known = expect.Known{Own: []payload.Sample{
	{Event: fixture.Event{Provider: "acme", Type: "order.v1", Scheme: "standard-webhooks"}, Path: "acme/order.v1.json"},
	{Event: fixture.Event{Provider: "acme", Type: "jira:issue_updated"}, Path: "acme/jira:issue_updated.json"},
}}

func TestTheCountOfAnExpectation(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"invoice.paid":                "at least 1",
		"  invoice.paid  ":            "at least 1",
		"invoice.paid x1":             "exactly 1",
		"stripe:invoice.paid x2":      "exactly 2",
		"invoice.paid x2+":            "at least 2",
		"invoice.paid x2..4":          "2 to 4",
		"invoice.paid x2..2":          "exactly 2",
		"invoice.paid x0..2":          "at most 2",
		"invoice.paid x0+":            "at least 0",
		"invoice.paid\tx2: .ms < 100": "exactly 2",
		"none: *.failed":              "none",
		"none:*.failed":               "none",
		"none: *.failed: .ms > 1":     "none",
		"*":                           "at least 1",
		"x2":                          "at least 1",
		"none":                        "at least 1",
		"stripe:invoice.created":      "at least 1",
		"unheard:of.provider":         "at least 1",
		"github:pull_request_review":  "at least 1",
		"acme:order.v2":               "at least 1", // near one of the user's own, which are not all that there are
		"stripe:invoice.*d":           "at least 1",
	} {
		e, err := expect.Parse(text, known)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := e.Count.String(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestAnExpectationThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                           "the event is missing",
		"  ":                         "the event is missing",
		"none:":                      "the event is missing",
		": .a":                       "the event is missing",
		"invoice.paid:":              "the expression after the colon is missing",
		"invoice.paid: ":             "the expression after the colon is missing",
		"invoice.paid x":             `"x" is not a count`,
		"invoice.paid 2":             `"2" is not a count`,
		"invoice.paid 2x":            `"2x" is not a count`,
		"invoice.paid >=2":           `">=2" is not a count`,
		"invoice.paid x3..2":         "3..2: the smaller number comes first: 2..3",
		"invoice.paid x2..":          `"2.." is not a count such as 2, 2+ or 2..4`,
		"invoice.paid x-1":           "an event type has no blanks",
		"invoice.paid x99999999999":  "99999999999 is more than 1000000",
		"invoice.paid x0":            "x0: a count of 0 expects nothing",
		"none: invoice.paid x2":      "none: takes no count",
		"invoice.paid .body.x == 1":  "an expression follows a colon and a blank",
		"invoice paid":               "an event type has no blanks",
		"invoice.paid: .body.x ==":   "it ends too early\n  .body.x ==\n            ^",
		"invoice.paid: .body | lgth": "unknown function lgth\n  .body | lgth\n          ^",
		"stripe:":                    "the expression after the colon is missing",
		"stripe:invoice.pad":         `stripe has no event "invoice.pad"`,
		"stripe:Invoice.Paid":        `stripe has no event "Invoice.Paid"`,
		"gh:pussh":                   `gh has no event "pussh"`,
		"none: github:issue":         `github has no event "issue"`,
		"a\x00b":                     "has a control character",
	} {
		_, err := expect.Parse(text, known)
		f, ok := errors.AsType[*fail.Error](err)
		if !ok || f.Code != fail.ExitUsage || !strings.Contains(f.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestAMisspeltEventNamesTheNearestOnes(t *testing.T) {
	t.Parallel()
	_, err := expect.Parse("stripe:invoice.pad", known)
	typo, ok := errors.AsType[*expect.EventError](err)
	if !ok || !slices.Equal(typo.Near, []string{"stripe:invoice.paid"}) {
		t.Fatalf("%v", err)
	}
	if f, _ := errors.AsType[*fail.Error](err); !slices.Equal(f.Hints, []string{"did you mean stripe:invoice.paid?"}) {
		t.Error(f.Hints)
	}
}

// Parse takes what a person types: whatever that is, it ends with an expectation or with a usage error.
func TestHostileExpectationsAreUsageErrors(t *testing.T) {
	t.Parallel()
	check := func(text string) bool {
		e, err := expect.Parse(text, known)
		f, isUsage := errors.AsType[*fail.Error](err)
		return err == nil && e != nil || isUsage && f.Code == fail.ExitUsage
	}
	for _, text := range []string{"\xff\xfe: \xff", ":", "::", ": :", "none:none:none: a", strings.Repeat("x", 1<<20),
		strings.Repeat("*", 1<<12), "a x2 x3", "a: b: c: d", "💥:💥 x2", "stripe:\u202e", "a\u00a0x2", "a: 1 | (",
		"*:*"} {
		if !check(text) {
			t.Errorf("%.40q", text)
		}
	}
	pieces := []string{"none:", "stripe", ":", " ", "invoice.paid", "*", "x2", "+", "..", "4", ".a", "==", "\t", "é", "|",
		"("}
	err := quick.Check(func(choice []uint8, raw string) bool {
		var text string
		for _, n := range choice {
			text += pieces[int(n)%len(pieces)]
		}
		return check(text) && check(raw)
	}, &quick.Config{MaxCount: 3000})
	if err != nil {
		t.Error(err)
	}
}

func TestTheCountOfWait(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"3": "at least 3", "3+": "at least 3", "2..2": "exactly 2",
		"1..3": "1 to 3", "0..2": "at most 2", "1": "at least 1"} {
		if c, err := expect.ParseCount(text); err != nil || c.String() != want {
			t.Errorf("%s: %v, %v; want %s", text, c, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "+3", "3..", "..3", "3..2", "0", "0..0", "1.5", "3 ", "٣", "9999999",
		"1..9999999999999999999"} {
		if c, err := expect.ParseCount(text); err == nil {
			t.Errorf("%q is %v", text, c)
		}
	}
}
