package worker_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/worker"
)

func TestAPolicyComesBackFromTheQueueAsItWas(t *testing.T) {
	statuses, err := deliver.ParseRetryOn("503,network")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []deliver.Policy{
		{Retries: math.MaxInt32, Base: time.Second, MaxDelay: 5 * time.Second, Timeout: time.Second, Deadline: 72 * time.Hour,
			RetryOn: statuses},
		{Retries: 7, Backoff: deliver.Schedule, Schedule: []time.Duration{time.Second, 2 * time.Second}, NoJitter: true,
			Timeout: time.Second, Deadline: time.Hour, RetryOn: statuses},
	} {
		text, err := worker.PolicyText(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := worker.PolicyOf(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	for _, text := range []string{"", "{}", `{"retries":"x"}`} {
		if _, err := worker.PolicyOf(text); err == nil {
			t.Errorf("%q was taken for a policy", text)
		}
	}
}

// What is stored stays readable for an older barb, and is the same text for the same flags.
func TestAPlanIsStoredUnderTheNamesOfTheFlags(t *testing.T) {
	p := worker.Plan{Policy: json.RawMessage(`{"retries":"3"}`), Needs: "env:A 012345"}
	data, err := json.Marshal(p)
	if want := `{"policy":{"retries":"3"},"needs":"env:A 012345"}`; string(data) != want || err != nil {
		t.Errorf("%s, want %s; %v", data, want, err)
	}
	p = worker.Plan{Policy: p.Policy, Scheme: "github", Secrets: []string{"env:A"}, Params: map[string]string{"a": "b"},
		Client: worker.Connection{ConnectTimeout: "10s", Connection: deliver.Connection{
			Insecure: true, CACert: "/c", Cert: "/d", Key: "/e", Resolve: []string{"a:1:b"},
			UnixSocket: "/s", Proxy: "http://p", HTTP2: true}}}
	data, err = json.Marshal(p)
	want := `{"policy":{"retries":"3"},"scheme":"github","secrets":["env:A"],"params":{"a":"b"},` +
		`"client":{"insecure":true,"cacert":"/c","cert":"/d","key":"/e","resolve":["a:1:b"],` +
		`"unix_socket":"/s","proxy":"http://p","http2":true,` +
		`"connect_timeout":"10s"}}`
	if string(data) != want || err != nil {
		t.Errorf("%s, want %s; %v", data, want, err)
	}
}
