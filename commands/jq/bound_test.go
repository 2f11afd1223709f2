package jq_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/record"
)

func TestAnExpressionWithALimitEnds(t *testing.T) {
	t.Parallel()
	body := []byte(`{"a":"` + strings.Repeat("x", 1000) + `"}`)
	x := &record.Exchange{Kind: record.Received, Request: record.Request{Body: body}}
	for _, c := range []struct {
		text   string
		within time.Duration
		want   error
	}{
		{"last(range(1e12)) > 1", 50 * time.Millisecond, context.DeadlineExceeded},
		{`"x" * 1000000 | until(false; . + "x" * 1000000) | length > 1`, time.Minute, jq.ErrMemory},
		{".body.a | length == 1000", time.Minute, nil},
	} {
		e, err := jq.Compile(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := e.True(x, c.within); !errors.Is(err, c.want) || ok != (c.want == nil) {
			t.Errorf("%s: %v, %v", c.text, ok, err)
		}
	}
}

func TestASmallExpressionNeitherLoopsNorGrows(t *testing.T) {
	t.Parallel()
	for text, refused := range map[string]string{
		".body.total > 100 and .status < 300":                           "",
		`.headers["x-a"] | test("^a+$")`:                                "",
		`[.body.items[] | select(.price > 1)] | length > 2`:             "",
		`.body | {a, b} == {a: 1, b: 2}`:                                "",
		`any(.body.items[]; .id == "x") and (.event | startswith("a"))`: "",
		`.body.a // "none" | ascii_downcase | contains("x")`:            "",
		`.. | strings | contains("x")`:                                  "",
		`[range(1e9)]`:                                                  "range",
		`.a | until(. > 1; .)`:                                          "until",
		`recurse(.)`:                                                    "recurse",
		`def f: f; f`:                                                   "def",
		`reduce .[] as $x (0; .)`:                                       "reduce",
		`foreach .[] as $x (0; .)`:                                      "foreach",
		`.a[536870911] = 1`:                                             "=",
		`.a |= .`:                                                       "|=",
		`if .a then (try [limit(3; repeat(1))] catch 1) else 1 end`:     "repeat",
		strings.Repeat("[.,.]|", 30) + "tojson":                         "too long",
		strings.Repeat(".+.|", 30) + "tojson":                           "too long",
		strings.Repeat(`"\(.)\(.)"|`, 30) + "length":                    "too long",
		strings.Repeat(`. as $x|[$x,$x]|`, 20) + "length":               "too long",
		strings.Repeat(`{a:.,b:.}|`, 30) + "tojson":                     "too long",
		`{a: [range(9)]}`:                                               "range",
		`"\([range(9)])"`:                                               "range",
		`.[[range(9)]]`:                                                 "range",
	} {
		e, err := jq.Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		err = e.CheckSmall()
		if (err == nil) != (refused == "") || err != nil && !strings.HasPrefix(err.Error(), refused) {
			t.Errorf("%.60s: %v, want %q", text, err, refused)
		}
	}
}
