package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// A history is one file. What Record and Flush have returned for is still there after a power cut.
func Example() {
	if err := recordOne(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: 1 github push valid 200 accepted
}

func recordOne(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "history")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	history, err := store.Open(ctx, filepath.Join(folder, "history.db"))
	if err != nil {
		return err
	}
	defer history.Close()

	// A webhook is durable before it is answered …
	hook := &record.Exchange{
		Kind: record.Received, Attempt: 1, Start: time.Now(), Scheme: "github", EventType: "push",
		Verdict: record.Verdict{Status: record.Valid, Secret: "env:SECRET"},
		Request: record.Request{Method: "POST", URL: "http://localhost:4242/github",
			Body: []byte(`{"ref":"refs/heads/main"}`)},
	}
	if err := history.Record(ctx, hook); err != nil {
		return err
	}
	// … and how it was answered is written with whatever else is to be written then.
	hook.Response, hook.Took, hook.Ended = &record.Response{Status: 200}, 2*time.Millisecond, true
	if err := history.Answer(ctx, hook); err != nil {
		return err
	}
	if err := history.Flush(ctx); err != nil {
		return err
	}
	for x, err := range history.List(ctx, store.Filter{Kind: record.Received, Event: "pu*", Limit: 10}) {
		if err != nil {
			return err
		}
		fmt.Println(x.ID, x.Scheme, x.Event(), x.Verdict.Status, x.Status(), x.Outcome())
	}
	return nil
}
