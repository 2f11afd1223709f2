package deliver_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// A webhook is delivered until its receiver answers 2xx. The receiver here is busy at first.
func Example() {
	busy := true
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Printf("received %s, signed %q\n", body, r.Header.Get("Webhook-Signature"))
		if busy {
			busy = false
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer receiver.Close()

	client, err := deliver.NewClient(deliver.Options{UserAgent: "my-service/1.0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	policy := deliver.DefaultPolicy()
	policy.Retries, policy.Base, policy.MaxDelay = 3, time.Millisecond, time.Millisecond
	attempt := 0
	sender := deliver.Sender{
		Client: client,
		Policy: policy,
		// Each attempt is signed anew, since a signature may have a time in it.
		Sign: func(_ time.Time, r *record.Request) error {
			attempt++
			r.Header = r.Header.Set("Webhook-Signature", fmt.Sprint("signature ", attempt))
			return nil
		},
	}
	webhook := record.Exchange{Request: record.Request{
		Method: http.MethodPost,
		URL:    receiver.URL + "/hooks",
		Header: record.Header{{Name: "Content-Type", Value: "application/json"}},
		Body:   []byte(`{"event":"order.paid"}`),
	}}
	for a, err := range sender.Attempts(context.Background(), webhook) {
		if err != nil {
			fmt.Println(err) // the request could not be made at all
			return
		}
		if a.Ended { // each attempt is yielded twice: before it is made, and when it has ended
			fmt.Printf("attempt %d: %d, %s\n", a.Exchange.Attempt, a.Exchange.Status(), a.Decision)
		}
	}
	// Output:
	// received {"event":"order.paid"}, signed "signature 1"
	// attempt 1: 503, retry
	// received {"event":"order.paid"}, signed "signature 2"
	// attempt 2: 200, delivered
}

// A policy says how often a request is tried again, how long each wait is, and which failures are tried again at all.
func ExamplePolicy() {
	policy := deliver.DefaultPolicy()
	policy.Backoff = deliver.Schedule
	policy.Schedule = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute}
	policy.Retries = len(policy.Schedule)
	policy.NoJitter = true
	for retry := 1; retry <= policy.Retries; retry++ {
		fmt.Println("retry", retry, "after", policy.Delay(retry, 0))
	}
	// Output:
	// retry 1 after 5s
	// retry 2 after 5m0s
	// retry 3 after 30m0s
}
