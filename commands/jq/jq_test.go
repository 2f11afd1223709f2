package jq_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

func compile(t testing.TB, text string) *jq.Expr {
	t.Helper()
	e, err := jq.Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// webhook is a received webhook of a JSON body that was answered.
func webhook() *record.Exchange {
	return &record.Exchange{ID: 7, Kind: record.Received, Attempt: 1, EventType: "invoice.paid",
		Took:  41 * time.Millisecond,
		Ended: true, Request: record.Request{Method: "POST", URL: "http://h/p", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "X-GitHub-Event", Value: "push"}, {Name: "Via", Value: "a"}, {Name: "via", Value: "b"}},
			Body:   []byte("\xef\xbb\xbf{\"id\":1234567890123456890,\"price\":1.10,\"items\":[{\"sku\":\"a\"}]}")},
		Response: &record.Response{Status: 503, Header: record.Header{{Name: "Content-Type",
			Value: "application/x-www-form-urlencoded"}}, Body: []byte("error=busy")}}
}

// results returns what an expression yields for the log line of an exchange, as JSON.
func results(t *testing.T, text string, x *record.Exchange) string {
	t.Helper()
	var out []string
	err := compile(t, text).RunOn(context.Background(), jq.Subject{Exchange: x, Line: export.JSON(x, export.With{})},
		func(v any) error {
			data, err := jq.Marshal(v)
			out = append(out, string(data))
			return err
		})
	if err != nil {
		t.Errorf("%s: %v", text, err)
	}
	return strings.Join(out, " ")
}

func TestAnExpressionSeesTheShortNamesAndTheParsedBody(t *testing.T) {
	for text, want := range map[string]string{
		`.status, .ms, .event, .attempt, .verdict`: `503 41 "invoice.paid" 1 "unchecked"`,
		`.body.id`:                        `1234567890123456890`,
		`.body.id == 1234567890123456891`: `false`,
		`.body.id + 1`:                    `1234567890123456891`,
		`.body.price`:                     `1.10`,
		`.text`:                           `"{\"id\":1234567890123456890,\"price\":1.10,\"items\":[{\"sku\":\"a\"}]}"`,
		`.headers["x-github-event"], .headers.via`:                 `"push" "a, b"`,
		`.answer.status, .answer.ms, .answer.body`:                 `503 41 {"error":"busy"}`,
		`.answer.headers["content-type"], .answer.text`:            `"application/x-www-form-urlencoded" "error=busy"`,
		`. as {body: {items: [{$sku}]}} | $sku`:                    `"a"`,
		`{id, body} | .body.items[0].sku`:                          `"a"`,
		`getpath(["body", "items", 0, "sku"])`:                     `"a"`,
		`has("body"), has("text")`:                                 `true true`,
		`.["body"].items | length`:                                 `1`,
		`."body".price * 2`:                                        `2.2`,
		`def id: .body.id; id`:                                     `1234567890123456890`,
		`[.] | .[0].body.price`:                                    `1.10`,
		`"\(.body.price) for \(.event)"`:                           `"1.10 for invoice.paid"`,
		`if .body then .id else "nothing" end`:                     `7`,
		`reduce .body.items[] as $i (0; . + 1)`:                    `1`,
		`try error(.text) catch length`:                            `61`,
		`[limit(1; .body.items[])] | length`:                       `1`,
		`.body as [$a] ?// {items: $a} | $a | length`:              `1`,
		`first(.body.items[] | .sku), any(.body.items[]; .sku)`:    `"a" true`,
		`[foreach .body.items[] as {sku: $s} (0; . + 1; [., $s])]`: `[[1,"a"]]`,
	} {
		if got := results(t, text, webhook()); got != want {
			t.Errorf("%s yields %s, want %s", text, got, want)
		}
	}
}

func TestWhatAnExpressionDoesNotMentionIsNotThere(t *testing.T) {
	for _, text := range []string{`.`, `tojson`, `[.[]]`, `to_entries`, `.. | strings`, `select(.status == 503)`,
		`select(.event_type == "body") | del(.status)`, `.note = "text"`} {
		if got := results(t, text, webhook()); strings.Contains(got, "1234567890123456890") {
			t.Errorf("%s prints the payload: %s", text, got)
		}
	}
	if got := results(t, `keys | map(select(IN("status","ms","event","headers","body","text","answer")))`,
		webhook()); got != `[]` {
		t.Errorf("an object that nothing is asked of has %s", got)
	}
}

func TestWithoutAnAnswerAndWithoutABodyThereIsNull(t *testing.T) {
	x := webhook()
	x.Response, x.Request.Body, x.Request.Header = nil, nil, nil
	if got := results(t, `.answer, .answer.status, .body, .text, .headers, .status`, x); got != `null null null "" {} 0` {
		t.Errorf("got %s", got)
	}
}

func TestNumbersOfALineAreExact(t *testing.T) {
	s := jq.Subject{Line: map[string]any{"id": int64(1234567890123456789)}}
	err := compile(t, `.id + 1`).RunOn(context.Background(), s, func(v any) error {
		if fmt.Sprint(v) != "1234567890123456790" {
			t.Errorf("got %v", v)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTheAnswerMayBeThatOfAnotherExchange(t *testing.T) {
	last := webhook()
	last.Response.Status = 200
	x := webhook()
	got := ""
	s := jq.Subject{Exchange: x, Answered: last, Line: map[string]any{"status_code": 200, "answer_is": 1, "body": "own"}}
	err := compile(t, `.answer.status, .status, .body`).RunOn(context.Background(), s, func(v any) error {
		got += fmt.Sprint(v, " ")
		return nil
	})
	if err != nil || got != "200 200 own " {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestBodiesAreReadOnlyForAnExpressionThatLooksAtThem(t *testing.T) {
	for text, want := range map[string]struct{ bodies, all bool }{
		`.latency_ms > 500 and .status == 200`:         {},
		`select(.event == "text") | .id`:               {},
		`.event | test("x")`:                           {},
		`if .ms > 5 then .id else empty end`:           {},
		`[.id, .event] | length`:                       {},
		`.marks // [] | index("duplicate") | not`:      {},
		`.webhook_id as $id | $id | startswith("msg")`: {},
		`any(.marks[]?; . == "stale")`:                 {},
		`{id, ms}`:                                     {},
		`.body.a`:                                      {true, true},
		`.text | test("x")`:                            {true, true},
		`{id, body}`:                                   {true, true},
		`{"body"}`:                                     {true, true},
		`.answer.status`:                               {true, true},
		`.headers.via`:                                 {true, true},
		`has("body")`:                                  {true, true},
		`. as {$text} | $text`:                         {true, true},
		`.request_body`:                                {false, true},
		`.request_headers[0]`:                          {false, true},
		`tostring | test("x")`:                         {false, true},
		`.[]`:                                          {false, true},
		`..`:                                           {false, true},
		`. as $x | $x.id`:                              {false, true},
		`def f: .id; f`:                                {false, true},
		`.["id", "ms"]`:                                {false, true},
		`@json`:                                        {false, true},
		`"\(.)"`:                                       {false, true},
		`select(.id > 1) | length`:                     {false, true},
		`(.id, .) | length`:                            {false, true},
		`if .id then . else 1 end | keys`:              {false, true},
		`(.id // .) | length`:                          {false, true},
		`(.note = 1) | length`:                         {false, true},
		`[.] == []`:                                    {false, true},
		`reduce . as $x (0; 1)`:                        {false, true},
	} {
		e := compile(t, text)
		if e.NeedsBodies() != want.bodies || e.NeedsAll() != want.all {
			t.Errorf("%s: bodies %t, all %t", text, e.NeedsBodies(), e.NeedsAll())
		}
	}
}

func TestTrueAsksForAValueThatIsNeitherFalseNorNull(t *testing.T) {
	for text, want := range map[string]bool{`.body.price > 1`: true, `.body.none`: false, `empty`: false, `false, 1`: true,
		`.request_body | test("sku")`: true, `tostring | test("sku")`: true, `.url == "http://h/p"`: true,
		`.protocol == "HTTP/1.1"`: true, `.answer.status >= 500`: true} {
		if got, err := compile(t, text).True(webhook(), 0); err != nil || got != want {
			t.Errorf("%s: %t, %v", text, got, err)
		}
	}
}

func TestAnExpressionThatDoesNotEndIsEnded(t *testing.T) {
	_, err := compile(t, `[range(1e18)] | length`).True(webhook(), time.Millisecond)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestASyntaxErrorShowsThePlace(t *testing.T) {
	long := strings.Repeat("1 + ", 40)
	for text, want := range map[string]string{
		`.body.amount > }`: "unexpected token \"}\"\n  .body.amount > }\n                 ^",
		`.a =`:             "it ends too early\n  .a =\n      ^",
		`.a == "x`:         "unterminated string literal\n  .a == \"x\n        ^",
		`.é | ]`:           "unexpected token \"é\"\n  .é | ]\n   ^",
		"\t.a |\n\t.b ]":   "unexpected token \"]\"\n  \t.b ]\n  \t   ^",
		`.a | foo(.b)`:     "unknown function foo\n  .a | foo(.b)\n       ^",
		`.foo | foo`:       "unknown function foo\n  .foo | foo\n         ^",
		`.a == $x`:         "unknown variable $x\n  .a == $x\n        ^",
		long + `]`:         "unexpected token \"]\"\n  …" + long[len(long)-60:] + "]\n  " + strings.Repeat(" ", 61) + "^",
		`] ` + long:        "unexpected token \"]\"\n  ] " + long[:58] + "…\n  ^",
	} {
		_, err := jq.Compile(text)
		if e, ok := errors.AsType[*jq.SyntaxError](err); !ok || e.Error() != want {
			t.Errorf("%q:\n%v\nwant\n%s", text, err, want)
		}
	}
}

func TestAnErrorNamesTheSmallestPartThatFails(t *testing.T) {
	for text, want := range map[string]string{
		`.id > 1 and (.body.items[].sku | tonumber) > 2`: `.body.items[].sku | tonumber: `,
		`any(.body.none[]; .x)`:                          `.body.none[]: cannot iterate over: null`,
		`.id | .foo`:                                     `.foo: expected an object but got: number (7)`,
		`[.body.id.x]`:                                   `.body.id.x: expected an object`,
		`{a: .body.items.x}`:                             `.body.items.x: expected an object but got: array`,
		`if .body.id.x then 1 else 2 end`:                `.body.id.x: `,
		`"\(.body.id.x)"`:                                `.body.id.x: `,
		`select((.body.price.y) == 1)`:                   `.body.price.y: `,
		`.body | map(.x)`:                                `map(.x): `,
		`.body.items + 1`:                                `.body.items + 1: `,
		`.body as $b | $b.id.x`:                          `.body as $b | $b.id.x: `,
		`error("own words")`:                             `error("own words"): error: own words`,
	} {
		_, err := compile(t, text).True(webhook(), 0)
		if e, ok := errors.AsType[*jq.EvalError](err); !ok || !strings.HasPrefix(e.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestABodyThatCannotBeReadIsAnError(t *testing.T) {
	x := webhook()
	x.Request.Header = record.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}
	x.Request.Body = []byte(strings.Repeat("a&", 20_000))
	if _, err := compile(t, `.body.a`).True(x, 0); err == nil || !strings.Contains(err.Error(), "more than 10000 fields") {
		t.Errorf("got %v", err)
	}
	if ok, err := compile(t, `.id == 7`).True(x, 0); err != nil || !ok {
		t.Errorf("an expression that does not look at it: %t, %v", ok, err)
	}
}

func TestHaltEndsAnExpression(t *testing.T) {
	if got := results(t, `.id, halt, .id`, webhook()); got != `7` {
		t.Errorf("got %s", got)
	}
}

func TestRunStopsWhereItsCallerDoes(t *testing.T) {
	enough := errors.New("enough")
	if err := compile(t, `.[]`).Run(context.Background(), []any{1, 2}, func(any) error { return enough }); !errors.Is(err,
		enough) {
		t.Errorf("got %v", err)
	}
}

func FuzzCompileShowsAPlaceInAnyText(f *testing.F) {
	for _, text := range []string{`.body.a[] | select(.b)`, `. as {$a} | $a`, `"\(.a)"`, `]`, "é\n$x", `@foo`,
		`reduce . as $x (0; 1)`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := jq.Compile(text)
		if err == nil {
			_ = e.NeedsAll()
		} else if err.Error() == "" {
			t.Error("an error without words")
		}
	})
}

// light returns an exchange as a list of the history reads it.
func light(x *record.Exchange) *record.Exchange {
	short := *x
	r := x.Request
	short.Request = record.Request{Method: r.Method, URL: r.URL}
	short.Response = &record.Response{Status: x.Response.Status}
	return &short
}

func FuzzWhatIsNotReadDoesNotMatter(f *testing.F) {
	for _, text := range []string{`.body.a[]? | select(.b)`, `. as {$body} | $body`,
		`.status == 503 and (.event | test("x"))`,
		`first(.id, .) | length`, `any(.marks[]?; .)`, `def f: .; f`, `reduce . as $x (0; . + 1)`, `[limit(1; ..)]`,
		`.["te" + "xt"]`,
		`if . then .id else .ms end`, `label $out | ., break $out`, `(.id, .ms) as $x | $x`, `"\(.id)"`, `try error catch .`,
		`.id |= . + 1`, `. += {}`, `del(.id)`, `paths`, `path(.id)`, `input_line_number`, `$__loc__`,
		`getpath(["bo" + "dy"])`,
		`.id as $x | [$x, .ms]`, `@base64 "\(.)"`, `-(.id)`, `.url[0:4]`, `{(.event): .}`, `foreach .id as $x (.; .; .)`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := jq.Compile(text)
		if err != nil || e.NeedsAll() || strings.Contains(text, "now") {
			return
		}
		whole, wholeErr := e.True(webhook(), 50*time.Millisecond)
		less, lessErr := e.True(light(webhook()), 50*time.Millisecond)
		if errors.Is(wholeErr, context.DeadlineExceeded) || errors.Is(lessErr, context.DeadlineExceeded) {
			return
		}
		if whole != less || (wholeErr == nil) != (lessErr == nil) {
			t.Errorf("%s is %t (%v) without bodies, with them %t (%v)", text, less, lessErr, whole, wholeErr)
		}
	})
}

func TestAMistypedFunctionIsNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`.body | lengt`:        "did you mean length?",
		`.event|startwith("")`: "did you mean startswith?",
		`.id | to_numbr`:       "did you mean tonumber?",
		`.id | t`:              "example",
		`$ENW`:                 "example",
		`.body.`:               "example",
		`length(.body)`:        "example",
	} {
		_, err := jq.Compile(text)
		if got := jq.Hint(err, "example"); got != want {
			t.Errorf("%s: %s, want %s (%v)", text, got, want, err)
		}
	}
	_, err := jq.Compile(`.body | length(.)`)
	want := "length/1 is not defined, only length/0\n  .body | length(.)\n          ^"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
