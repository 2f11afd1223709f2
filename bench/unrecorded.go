package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

// unrecorded is `barb send -n` without its history: the same engines, wired the shortest way.
func unrecorded(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("unrecorded", flag.ContinueOnError)
	url := flags.String("url", "", "where to")
	file := flags.String("body", "", "the payload's file")
	count := flags.Int("n", 1, "how many")
	concurrency := flags.Int("c", 16, "how many at a time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	body, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	scheme, ok := catalog.Lookup("standard-webhooks")
	if !ok {
		return errors.New("no scheme standard-webhooks")
	}
	client, err := deliver.NewClient(deliver.Options{})
	if err != nil {
		return err
	}
	defer client.Close()
	signs := &signer.Signer{Scheme: scheme,
		Secrets: []sign.Secret{{Name: "env:BENCH_SECRET", Key: []byte(os.Getenv("BENCH_SECRET"))}}}
	if err := signs.Prepare(); err != nil {
		return err
	}
	request := record.Request{Method: "POST", URL: *url, Body: body,
		Header: record.Header{{Name: "Content-Type", Value: "application/json"}}}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range *concurrency {
		workers.Go(func() {
			for n := next.Add(1); n <= int64(*count) && ctx.Err() == nil; n = next.Add(1) {
				x := record.Exchange{Request: request, WebhookID: fmt.Sprintf("msg_%032d", n)}
				if err := deliverOne(ctx, client, signs, x); err != nil {
					cancel(err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

func deliverOne(ctx context.Context, client *deliver.Client, signs *signer.Signer, x record.Exchange) error {
	sender := deliver.Sender{Client: client, Policy: deliver.Policy{Timeout: 15 * time.Second, Deadline: 5 * time.Minute},
		Sign: signs.ForAttempt(&x)}
	for a, err := range sender.Attempts(ctx, x) {
		switch {
		case err != nil:
			return err
		case a.Ended && a.Decision != deliver.Delivered:
			return fmt.Errorf("not delivered: %s", a.Why)
		}
	}
	return nil
}
