package jq_test

import (
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/record"
)

// invoice is a received webhook with a body to judge.
func invoice() jq.Subject {
	return jq.Subject{Exchange: &record.Exchange{ID: 7, Kind: record.Received, Attempt: 1, EventType: "invoice.paid",
		Ended: true, Request: record.Request{Method: "POST", URL: "http://h/p", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "X-Plan", Value: "gold"}},
			Body: []byte(`{"data":{"object":{"amount_due":4100,"code":"4200","paid":false,"note":null,"of":""}},` +
				`"items":[{"sku":"a","n":1},{"sku":"b","n":2}],"say":"two words"}`)},
		Response: &record.Response{Status: 503, Body: []byte(`{"error":{"code":"busy"}}`)}}}
}

func TestWhyAnExpressionIsNotTrue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`.body.data.object.amount_due == 4200`:                         "amount_due is 4100",
		`4200 == .body.data.object.amount_due`:                         "amount_due is 4100",
		`.body.data.object.amount_due > 4200`:                          "amount_due is 4100",
		`.body.data.object.amount_due > (.status * 100)`:               "amount_due is 4100; (.status * 100) is 50300",
		`.body.data.object.code == 4200`:                               `code is "4200"`,
		`.body.data.object.of == "x"`:                                  `of is ""`,
		`.body.data.object.paid`:                                       "paid is false",
		`.body.data.object.amount_due | not`:                           "amount_due is 4100",
		`.body.data.object.note == 1`:                                  "note is null",
		`.body.data.object.amuont_due == 4200`:                         "amuont_due is missing",
		`.body.dta.object.amount_due == 4200`:                          "dta is missing",
		`.body.say == "one"`:                                           `say is "two words"`,
		`.event == "invoice.voided"`:                                   "event is invoice.paid",
		`.event | startswith("order.")`:                                "event is invoice.paid",
		`.event | test("^order")`:                                      "event is invoice.paid",
		`(.event | startswith("order.")) and .status < 300`:            "event is invoice.paid; status is 503",
		`.event == "invoice.paid" and .status < 300`:                   "status is 503",
		`.status < 300 or .event == "x"`:                               "status is 503; event is invoice.paid",
		`.status == (200, 201)`:                                        "status is 503",
		`.headers["x-plan"] == "silver"`:                               "x-plan is gold",
		`.headers["x-shop"] == "silver"`:                               "x-shop is missing",
		`.headers."x-plan" | IN("a", "b")`:                             "x-plan is gold",
		`.answer.status < 300`:                                         "answer.status is 503",
		`.answer.body.error.code == "ok"`:                              "answer.body.error.code is busy",
		`.body.items | length == 3`:                                    "length is 2",
		`(.body.items | length) == 3`:                                  "(.body.items | length) is 2",
		`.body.items[0].sku == "b"`:                                    "sku is a",
		`.body.items[0] == "b"`:                                        `items[0] is {"n":1,"sku":"a"}`,
		`.body.items[].n > 2`:                                          "n is 1, 2",
		`any(.body.items[]; .n > 2)`:                                   "n is 1; n is 2",
		`all(.body.items[]; .n > 1)`:                                   "n is 1",
		`.body.items | any(.n > 2)`:                                    "n is 1; n is 2",
		`.body.items[] | select(.n > 2)`:                               "n is 1; n is 2",
		`.body.items[] | select(.n > 1) | .sku == "a"`:                 "n is 1; sku is b",
		`.body | .data | .object.amount_due == 1`:                      "amount_due is 4100",
		`.body.say as $say | $say == 1`:                                ".body.say as $say | $say == 1 is false",
		`.body.nothing // .body.none`:                                  "nothing is missing; none is missing",
		`empty`:                                                        "empty has no value",
		`false`:                                                        "false is false",
		`if .status == 200 then true else false end`:                   "if .status == 200 then true else false end is false",
		`.body.items == []`:                                            `items is [{"n":1,"sku":"a"},{"n":2,"sku":"b"}]`,
		`.body.data.object["amount_due"] == -1`:                        "amount_due is 4100",
		`def f: .status; f == 200`:                                     "def f: .status; f == 200 is false",
		`.body.data.object.amount_due? == 1`:                           "amount_due is 4100",
		`.verdict == "valid" and .body.data.object.amount_due == 4100`: "verdict is unchecked",

		`.status | keys`:           ".status | keys: keys cannot be applied to: number (503)",
		`.text | contains("gold")`: `text is "{\"data\":{\"object\":{\"amount_due\":4100,\"code\":\"4200\…`,
	} {
		ok, why := compile(t, text).Judge(invoice(), 0)
		if got := strings.Join(why, "; "); ok || got != want {
			t.Errorf("%s\n got %v %s\nwant %s", text, ok, got, want)
		}
	}
}

func TestAnExpressionThatIsTrueHasNoReason(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`.status == 503`, `.body.items[].n > 1`, `.event | startswith("invoice.")`, `0`} {
		if ok, why := compile(t, text).Judge(invoice(), 0); !ok || why != nil {
			t.Errorf("%s: %v %q", text, ok, why)
		}
	}
}

func TestAJudgementEndsInTime(t *testing.T) {
	t.Parallel()
	ok, why := compile(t, "last(repeat(1))").Judge(invoice(), time.Millisecond)
	if ok || len(why) != 1 || why[0] != "the expression takes longer than 1ms" {
		t.Errorf("%v %q", ok, why)
	}
}

// A body is a stranger's: whatever is in it, there is a reason, of a bounded length and on one line.
func TestAReasonIsShortWhateverTheBodyHolds(t *testing.T) {
	t.Parallel()
	e := compile(t, `.body.x == "y" and (.body.x | startswith("y"))`)
	err := quick.Check(func(x string, data []byte) bool {
		for _, body := range [][]byte{data, []byte(`{"x":` + show(x) + `}`)} {
			s := invoice()
			s.Exchange.Request.Body = body
			_, why := e.Judge(s, 0)
			if text := strings.Join(why, ""); x != "y" && text == "" || len(text) > 1000 || strings.Contains(text, "\n") {
				t.Logf("%q: %q", body, why)
				return false
			}
		}
		return true
	}, nil)
	if err != nil {
		t.Error(err)
	}
}

func show(v any) string {
	data, err := jq.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}
