package record_test

import (
	"fmt"
	"testing"

	"github.com/barbhq/barb/store/record"
)

func TestAQueryStringIsNamesAndValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ target, want string }{
		{"/hooks", `[] 0`},
		{"/hooks?", `[] 0`},
		{"/hooks?&&", `[] 0`},
		{"/?a=1", `[{"a" "1"}] 0`},
		{"/?b=2&a=1&b=3", `[{"b" "2"} {"a" "1"} {"b" "3"}] 0`},
		{"/?flag&=x&a==b", `[{"flag" ""} {"" "x"} {"a" "=b"}] 0`},
		{"/?Gr%C3%BC%c3%9fe=a+b%2Bc%26d%3De", `[{"Grüße" "a b+c&d=e"}] 0`},
		{"/?bad=%zz%4&cut=%e&end=%", `[{"bad" "%zz%4"} {"cut" "%e"} {"end" "%"}] 0`},
		{"/?half=100%&%%341=%25", `[{"half" "100%"} {"%41" "%"}] 0`},
		{"/?%g0=%0g&%:0=%0/&%@0=%`0&%G=%", `[{"%g0" "%0g"} {"%:0" "%0/"} {"%@0" "%` + "`" + `0"} {"%G" "%"}] 0`},
		{"/?low=%ff%00", `[{"low" "\xff\x00"}] 0`},
		{"/?a=b?c=d", `[{"a" "b?c=d"}] 0`},
		{"/?a&b&c&d&e&&f", `[{"a" ""} {"b" ""} {"c" ""} {"d" ""}] 2`},
	} {
		r := record.Request{Target: c.target}
		all, more := r.Query(4)
		if got := fmt.Sprintf("%q %d", all, more); got != c.want {
			t.Errorf("%s: %s, want %s", c.target, got, c.want)
		}
	}
	sent := record.Request{URL: "https://example.test?token=x#y"}
	if all, _ := sent.Query(4); len(all) != 1 || all[0] != (record.Field{Name: "token", Value: "x"}) {
		t.Errorf("of a URL: %q", all)
	}
}
