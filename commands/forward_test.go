package commands

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/record"
)

func TestOrders(t *testing.T) {
	r := &record.Request{Header: record.Header{{Name: "X-Shop", Value: "one"}}, Body: []byte(`{"customer":{"id":7},"big":"` + strings.Repeat("x", 5000) + `"}`)}
	for text, want := range map[string]string{
		"route": "route /a key ", "true": "route /a key ", "false": "", "off": "",
		"header:x-shop": "route /a key one", "header:none": "route /a key ",
		".customer.id": "route /a key 7", ".none": "route /a key ", ".customer[0]": "route /a key ", ".big": "route /a key " + strings.Repeat("x", maxOrder),
	} {
		var v orderedValue
		if err := v.Set(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got := v.of("/a", r); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	var v orderedValue
	if err := v.Set(".customer"); err != nil || v.of("/a", &record.Request{Body: []byte("no JSON")}) != "route /a key " {
		t.Errorf("a body that is no JSON: %v", err)
	}
	for _, text := range []string{"", "customer", "header:a b", ". |"} {
		if err := v.Set(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestAPolicyComesBackFromTheQueueAsItWas(t *testing.T) {
	sh := &shell{settings: map[string]source{"listen.retries": "default"}}
	for _, f := range []retryFlags{
		{retries: math.MaxInt32, backoff: "exponential", base: time.Second, maxDelay: 5 * time.Second, jitter: "full", retryOn: "5xx,network", timeout: time.Second, deadline: 72 * time.Hour, connectIn: 1},
		{retries: 7, backoff: "1s,2s", jitter: "none", retryOn: "503", timeout: time.Second, deadline: time.Hour, connectIn: 1},
	} {
		want, err := f.policy(sh)
		if err != nil {
			t.Fatal(err)
		}
		want.Retries = f.retries
		text, err := policyText(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := policyOf(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	for _, text := range []string{"", "{}", `{"retries":"x"}`} {
		if _, err := policyOf(text); err == nil {
			t.Errorf("%q was taken for a policy", text)
		}
	}
}
