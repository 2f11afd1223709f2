package expect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/expect"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// hook is a received webhook: "stripe:invoice.paid {"amount":1} invalid". Body and verdict are optional.
// The words unrouted and handshake make it one of these.
func hook(id int64, text string) expect.Webhook {
	words := strings.Fields(text)
	scheme, event, ok := strings.Cut(words[0], ":")
	if !ok || strings.HasSuffix(text, "unchecked") {
		scheme, event = "", words[0]
	}
	x := &record.Exchange{ID: id, Kind: record.Received, Attempt: 1, Scheme: scheme, EventType: event, Ended: true,
		Verdict:  record.Verdict{Status: record.Valid, Secret: "env:S"},
		Request:  record.Request{Method: "POST", URL: "/", Body: []byte("{}")},
		Response: &record.Response{Status: 200}}
	w := expect.Webhook{Subject: jq.Subject{Exchange: x}, State: webhooks.Accepted}
	for _, word := range words[1:] {
		switch word {
		case "invalid":
			x.Verdict, w.State = record.Verdict{Status: record.Invalid, Reason: "signature_mismatch"}, webhooks.Rejected
			x.Response.Status = 401
		case "unchecked":
			x.Verdict = record.Verdict{}
		case "unrouted":
			x.Verdict, w.State, x.Response.Status = record.Verdict{}, webhooks.Rejected, 404
		case "handshake":
			x.Handshake, x.EventType = event, ""
		default:
			x.Request.Body = []byte(word)
		}
	}
	return w
}

func board(t testing.TB, expectations ...string) *expect.Board {
	t.Helper()
	b := &expect.Board{}
	for _, text := range expectations {
		e, err := expect.Parse(text, known)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		b.Expected = append(b.Expected, e)
	}
	return b
}

// told is a result as a person reads it.
func told(r *expect.Result) string {
	lines := []string{r.String()}
	for _, c := range r.Cases {
		if c.State != expect.Met {
			lines = append(lines, fmt.Sprintf("%s: %s: %s", c.State, c.Expectation.Text, c.Said()))
		}
		for _, m := range c.Near {
			lines = append(lines, "  near "+m.String())
		}
	}
	for _, c := range r.Unexpected {
		lines = append(lines, "unexpected "+c.String())
	}
	for _, c := range r.Bad {
		lines = append(lines, "bad "+c.String())
	}
	return strings.Join(lines, "\n")
}

var sums = []struct {
	name, expected, came string // separated by " | "
	code                 int
	told                 string
}{
	{"nothing is expected", "", "a | b", 0, "0/0 expected, 0 unexpected, 0 bad signatures"},
	{"what is expected comes", "stripe:invoice.paid x2 | invoice.paid: .body.amount == 4200 | none: *.failed",
		`stripe:invoice.paid {"amount":4200} | stripe:invoice.paid`, 0, "2/2 expected, 0 unexpected, 0 bad signatures"},
	{"the value differs", "invoice.paid: .body.amount_due == 4200", `stripe:invoice.paid {"amount_due":4100}`, 4,
		`0/1 expected, 1 unexpected, 0 bad signatures
missing: invoice.paid: .body.amount_due == 4200: 0 came, at least 1 expected
  near 1 stripe invoice.paid valid: amount_due is 4100
unexpected 1 stripe invoice.paid valid`},
	{"the event differs", "stripe:invoice.paid", "stripe:invoice.payment_failed | stripe:charge.refunded", 4,
		`0/1 expected, 2 unexpected, 0 bad signatures
missing: stripe:invoice.paid: 0 came, at least 1 expected
  near 1 stripe invoice.payment_failed valid: event is invoice.payment_failed
  near 2 stripe charge.refunded valid: event is charge.refunded
unexpected 1 stripe invoice.payment_failed valid
unexpected 2 stripe charge.refunded valid`},
	{"the signature is bad", "invoice.paid", "stripe:invoice.paid invalid", 4,
		`0/1 expected, 0 unexpected, 1 bad signature
missing: invoice.paid: 0 came, at least 1 expected
  near 1 stripe invoice.paid invalid signature_mismatch: verdict is invalid (signature_mismatch)
bad 1 stripe invoice.paid invalid signature_mismatch`},
	{"a bad signature beside what is expected", "a", "a | b invalid", 1,
		"1/1 expected, 0 unexpected, 1 bad signature\nbad 2 b invalid signature_mismatch"},
	{"another provider's", "github:push", "gitlab:push", 4, `0/1 expected, 1 unexpected, 0 bad signatures
missing: github:push: 0 came, at least 1 expected
  near 1 gitlab push valid: scheme is gitlab
unexpected 1 gitlab push valid`},
	{"no scheme is known", "github:push", "push unchecked", 4, `0/1 expected, 1 unexpected, 0 bad signatures
missing: github:push: 0 came, at least 1 expected
  near 1 push unchecked: scheme is unknown
unexpected 1 push unchecked`},
	{"an older scheme of the provider", "gh:push", "github-sha1:push", 0, "1/1 expected, 0 unexpected, 0 bad signatures"},
	{"one webhook meets several", "invoice.* | *.paid | *", "invoice.paid", 0,
		"3/3 expected, 0 unexpected, 0 bad signatures"},
	{"too many", "a x2", "a | a | a", 1, `0/1 expected, 0 unexpected, 0 bad signatures
too many: a x2: 3 came, exactly 2 expected`},
	{"too few", "a x2", "a", 4, `0/1 expected, 0 unexpected, 0 bad signatures
missing: a x2: 1 came, exactly 2 expected`},
	{"as many as may come", "a x1..3", "a | a | a", 0, "1/1 expected, 0 unexpected, 0 bad signatures"},
	{"missing goes before unexpected", "a | b", "b | c", 4, `1/2 expected, 1 unexpected, 0 bad signatures
missing: a: 0 came, at least 1 expected
  near 2 c valid: event is c
unexpected 2 c valid`},
	{"what must not come", "none: *.failed", "x.failed | y", 1, `0/0 expected, 1 unexpected, 0 bad signatures
forbidden: none: *.failed: 1 came, none expected
unexpected 1 x.failed valid`},
	{"what must not come although it is expected", "x.* | none: *.failed", "x.failed", 1,
		`1/1 expected, 1 unexpected, 0 bad signatures
forbidden: none: *.failed: 1 came, none expected
unexpected 1 x.failed valid`},
	{"a handshake and a request that barb refused are beside it", "a", "a | zoom:url handshake | /favicon unrouted", 0,
		"1/1 expected, 0 unexpected, 0 bad signatures"},
	{"barb refused it", "a", "a unrouted", 4, `0/1 expected, 0 unexpected, 0 bad signatures
missing: a: 0 came, at least 1 expected
  near 1 a unchecked: barb answered 404`},
	{"an event type with a colon", "jira:issue_updated | jira:comment_created",
		"jira:jira:issue_updated | jira:jira:comment_created", 0, "2/2 expected, 0 unexpected, 0 bad signatures"},
	{"an event type with a colon, of an unknown scheme", "jira:issue_* | gh:issue_created",
		"jira:issue_created unchecked", 4, `1/2 expected, 0 unexpected, 0 bad signatures
missing: gh:issue_created: 0 came, at least 1 expected`},
	{"an expression fails", "a: .body.items[]|.x", "a", 4, `0/1 expected, 1 unexpected, 0 bad signatures
missing: a: .body.items[]|.x: 0 came, at least 1 expected
  near 1 a valid: .body.items[]: cannot iterate over: null
unexpected 1 a valid`},
	{"the header has another name", "gitlab:push | linear:Issue.create",
		`gitlab:Push_Hook | linear:Issue {"action":"update"}`, 4, `0/2 expected, 2 unexpected, 0 bad signatures
missing: gitlab:push: 0 came, at least 1 expected
  near 2 linear Issue valid: event is Issue
  near 1 gitlab Push_Hook valid: event is Push_Hook
missing: linear:Issue.create: 0 came, at least 1 expected
  near 2 linear Issue valid: action is update
  near 1 gitlab Push_Hook valid: event is Push_Hook
unexpected 1 gitlab Push_Hook valid
unexpected 2 linear Issue valid`},
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, " | ")
}

func TestTheSum(t *testing.T) {
	t.Parallel()
	for _, c := range sums {
		b := board(t, split(c.expected)...)
		for i, text := range split(c.came) {
			b.Put(hook(int64(i+1), text))
		}
		r := b.Result()
		if got := told(r); got != c.told || r.Code() != c.code {
			t.Errorf("%s: code %d, want %d\n got %s\nwant %s", c.name, r.Code(), c.code, got, c.told)
		}
	}
}

// In which order webhooks are looked at does not matter, nor how often, with or without an order that they must have.
func TestTheOrderOfFeedingDoesNotChangeTheSum(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	events := []string{"a", "b", "c", "a invalid", `b {"n":1}`, "d unrouted"}
	for range 300 {
		first := board(t, "a x1..2", "b: .body.n == 1", "none: c", "b x2+")
		first.Ordered = random.IntN(2) == 0
		var came []expect.Webhook
		for id := range random.IntN(9) {
			came = append(came, hook(int64(id+1), events[random.IntN(len(events))]))
		}
		second := &expect.Board{Expected: first.Expected, Ordered: first.Ordered}
		for _, w := range came {
			first.Put(w)
			second.Put(hook(w.Exchange.ID, events[random.IntN(len(events))])) // an earlier state
		}
		random.Shuffle(len(came), func(i, k int) { came[i], came[k] = came[k], came[i] })
		for _, w := range slices.Concat(came, came) {
			second.Put(w)
		}
		if one, other := told(first.Result()), told(second.Result()); one != other {
			t.Fatalf("in the order of ids:\n%s\nshuffled:\n%s", one, other)
		}
	}
}

func TestAWebhookThatChangesIsJudgedAnew(t *testing.T) {
	t.Parallel()
	b := board(t, "a: .status == 200")
	w := hook(7, "a")
	w.Exchange.Response.Status = 503
	b.Put(w)
	if b.Missing() != 1 {
		t.Error(told(b.Result()))
	}
	b.Put(hook(7, "a"))
	if r := b.Result(); b.Missing() != 0 || r.Came != 1 || r.Code() != 0 {
		t.Error(told(r))
	}
}

func TestWebhooksInOrder(t *testing.T) {
	t.Parallel()
	for came, want := range map[string]string{
		"a | b":             "",
		"a | x | b":         "",
		"b | a | b":         "",
		"a | a | b | a | b": "",
		"b | a":             "missing: b: 0 came, at least 1 expected\n  near 1 b valid: it came before a",
		"a":                 "missing: b: 0 came, at least 1 expected",
		"b": "missing: a: 0 came, at least 1 expected\n" +
			"missing: b: 0 came, at least 1 expected\n  near 1 b valid: it came before a",
	} {
		b := board(t, "a", "b")
		b.Ordered, b.AllowUnexpected = true, true
		for i, text := range split(came) {
			b.Put(hook(int64(i+1), text))
		}
		_, got, _ := strings.Cut(told(b.Result()), "\n")
		got, _, _ = strings.Cut(got, "unexpected")
		if got = strings.TrimSpace(got); got != want {
			t.Errorf("%s:\n got %s\nwant %s", came, got, want)
		}
	}
	b := board(t, "a", "a")
	b.Ordered = true
	b.Put(hook(1, "a"))
	if b.Missing() != 1 {
		t.Error("one webhook is two")
	}
}

func TestWhenItIsDecided(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expected, came string
		tolerant       bool
		code           int
		decided        bool
	}{
		{"a x3+", "a | a", true, fail.ExitTimedOut, false},
		{"a x3+", "a | a | a", true, fail.ExitOK, true},
		{"a x3+", "a | a | a", false, fail.ExitOK, false}, // something unexpected may still come
		{"a x2", "a | a", true, fail.ExitOK, false},       // a third may still come
		{"a x2", "a | a | a", true, fail.ExitFailed, true},
		{"none: a", "", true, fail.ExitOK, false},
		{"none: a", "a", true, fail.ExitFailed, true},
		{"a", "a invalid", true, fail.ExitTimedOut, false},
		{"a | b", "a | c", false, fail.ExitTimedOut, true},
		{"a | b", "a | a invalid", false, fail.ExitTimedOut, true},
		{"a | b", "a | c", true, fail.ExitTimedOut, false},
	} {
		b := board(t, split(c.expected)...)
		b.Tolerant = c.tolerant
		for i, text := range split(c.came) {
			b.Put(hook(int64(i+1), text))
		}
		if code, decided := b.Decided(); code != c.code || decided != c.decided {
			t.Errorf("%+v: %d, %v", c, code, decided)
		}
	}
}

func TestOnlyVerifiedWebhooksCountWhereThatIsAsked(t *testing.T) {
	t.Parallel()
	b := board(t, "a")
	b.Verified = true
	b.Put(hook(1, "a unchecked"))
	if got := told(b.Result()); !strings.Contains(got, "verdict is unchecked") {
		t.Error(got)
	}
	b.Put(hook(2, "a"))
	if b.Missing() != 0 {
		t.Error(told(b.Result()))
	}
}

func TestBadSignaturesCountWhereTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	b := board(t, "a")
	b.Invalid = true
	if !b.Put(hook(1, "a invalid")) || b.Result().Code() != 0 {
		t.Error(told(b.Result()))
	}
}

func TestAnyOfSeveralExpectationsCounts(t *testing.T) {
	t.Parallel()
	several := board(t, "a", "b").Expected
	for _, one := range several {
		where, err := jq.Compile(".body.n > 1")
		if err != nil {
			t.Fatal(err)
		}
		one.Where(where)
	}
	for came, want := range map[string]string{
		`a {"n":2} | b {"n":3}`: "1/1 expected, 0 unexpected, 0 bad signatures",
		`a {"n":2} | b {"n":1} | c`: `0/1 expected, 0 unexpected, 0 bad signatures
missing: a or b: 1 came, at least 2 expected
  near 2 b valid: n is 1
  near 3 c valid: event is c`,
	} {
		b := &expect.Board{Tolerant: true, Expected: []*expect.Expectation{expect.AnyOf(expect.AtLeast(2), several...)}}
		for i, text := range split(came) {
			b.Put(hook(int64(i+1), text))
		}
		got := told(b.Result())
		got, _, _ = strings.Cut(strings.Replace(got, ", 2 unexpected", ", 0 unexpected", 1), "\nunexpected")
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", came, got, want)
		}
	}
}

func TestAnExpressionThatTakesTooLongMeetsNothing(t *testing.T) {
	t.Parallel()
	b := board(t, "a: last(repeat(1))")
	b.Within = time.Millisecond
	b.Put(hook(1, "a"))
	if got := told(b.Result()); !strings.Contains(got, "takes longer than 1ms") {
		t.Error(got)
	}
}

func TestAssert(t *testing.T) {
	t.Parallel()
	var conditions []*expect.That
	for _, text := range []string{".status < 300", ".body.total > 100\nand .event == \"order.paid\""} {
		c, err := expect.ParseThat(text)
		if err != nil {
			t.Fatal(err)
		}
		conditions = append(conditions, c)
	}
	for text, want := range map[string]string{
		`order.paid {"total":101}`: "",
		`order.paid {"total":99}`:  `.body.total > 100 and .event == "order.paid": total is 99`,
		`order.paid {"total":99} unrouted`: `.status < 300: status is 404 | ` +
			`.body.total > 100 and .event == "order.paid": total is 99`,
	} {
		var got []string
		for _, f := range expect.Assert(conditions, hook(1, text), 0) {
			got = append(got, f.That.Text+": "+strings.Join(f.Why, ", "))
		}
		if got := strings.Join(got, " | "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
	for _, text := range []string{"", " ", ".a ==", "lgth"} {
		if _, err := expect.ParseThat(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
