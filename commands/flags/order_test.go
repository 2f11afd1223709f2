package flags

import (
	"strings"
	"testing"

	"github.com/barbhq/barb/store/record"
)

func TestOrders(t *testing.T) {
	r := &record.Request{Header: record.Header{{Name: "X-Shop", Value: "one"}},
		Body: []byte(`{"customer":{"id":7},"large":1234567890123456890,"big":"` + strings.Repeat("x", 5000) + `"}`)}
	for text, want := range map[string]string{
		"route": "route /a key ", "true": "route /a key ", "false": "", "off": "",
		"header:x-shop": "route /a key one", "header:none": "route /a key ",
		".customer.id": "route /a key 7", ".none": "route /a key ", ".customer[0]": "route /a key ",
		".body.customer.id": "route /a key 7", `.headers["x-shop"]`: "route /a key one", ".body.none": "route /a key ",
		".large": "route /a key 1234567890123456890",
		".big":   "route /a key " + strings.Repeat("x", MaxOrder),
	} {
		var v Order
		if err := v.Set(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got := v.Of("/a", r); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	var v Order
	if err := v.Set(".customer"); err != nil || v.Of("/a", &record.Request{Body: []byte("no JSON")}) != "route /a key " {
		t.Errorf("a body that is no JSON: %v", err)
	}
	for _, text := range []string{"", "customer", "header:a b", ". |"} {
		if err := v.Set(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
