package redact_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

func TestAReplacedValueIsWrittenAsTheOldOneWas(t *testing.T) {
	x := &record.Exchange{Kind: record.Received}
	x.Request = record.Request{Method: "POST", URL: "http://h/?email=a%40b.de&x=1", Target: "/?email=a%40b.de&x=1",
		Header: record.Header{{Name: "X-Mail", Value: "a@b.de"}, {Name: "X-Other", Value: "a@b.de"}},
		Body:   []byte(`{"mail":"a\u0040b.de","n":12,"o":{"mail":"stays"},"list":["x"]}`)}
	x.Request.Head = "POST /?email=a%40b.de&x=1 HTTP/1.1\r\nX-Mail: a@b.de\r\nX-Other: a@b.de\r\n\r\n"
	var places []redact.Place
	for _, text := range []string{"json:/mail", "json:/n", "json:/list", "header:x-mail", "query:email"} {
		places = append(places, place(t, text))
	}
	before := *x
	got, names := redact.Replace(x, places, func(old string, isJSON bool) string {
		if isJSON {
			return "7"
		}
		return strings.ToUpper(old) + ` "&<`
	})
	r := got.Request
	want := record.Request{Method: "POST", URL: "http://h/?email=A%40B.DE+%22%26%3C&x=1",
		Target: "/?email=A%40B.DE+%22%26%3C&x=1",
		Header: record.Header{{Name: "X-Mail", Value: `A@B.DE "&<`}, {Name: "X-Other", Value: "a@b.de"}},
		Body:   []byte(`{"mail":"A@B.DE \"&<","n":7,"o":{"mail":"stays"},"list":7}`),
		Head:   "POST /?email=A%40B.DE+%22%26%3C&x=1 HTTP/1.1\r\nX-Mail: A@B.DE \"&<\r\nX-Other: a@b.de\r\n\r\n"}
	if d := cmp.Diff(want, r); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"header x-mail", "query email", "body /mail", "body /n", "body /list"}, names); d != "" {
		t.Log(names)
	}
	if d := cmp.Diff(before, *x); d != "" {
		t.Error("x was changed", d)
	}
}
