package worker_test

import (
	"errors"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func TestAMessageIsInTheHistoryAndInTheQueueTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		history.Redact = func(x *record.Exchange) *record.Exchange {
			kept := *x
			kept.Request.URL = "http://app/?token=***"
			kept.Masks = []record.Mask{{Name: "query token"}}
			return &kept
		}
		x := &record.Exchange{Kind: record.Received, Attempt: 3, WebhookID: "msg_1",
			Request: record.Request{Method: "POST", URL: "http://app/?token=hush", Proto: "HTTP/1.1"}}
		now := time.Now().Add(time.Hour)
		q, err := worker.Enqueue(t.Context(), history, x, "a plan", "key 7", now)
		if err != nil {
			t.Fatal(err)
		}
		if q.Target != "http://app/?token=***" || q.Thread != x.ID || x.Request.URL != "http://app/?token=hush" {
			t.Errorf("entry %+v of %+v", q, x)
		}
		entries, err := history.Queue(t.Context(), store.QueueFilter{})
		if err != nil || len(entries) != 1 {
			t.Fatal(entries, err)
		}
		if e := entries[0]; e.Policy != "a plan" || e.Order != "key 7" || !e.Due.Equal(now) || e.Kind != store.Message {
			t.Errorf("the queue has %+v", e)
		}
		kept, err := history.Get(t.Context(), x.ID)
		if err != nil || kept.Kind != record.Sent || kept.Attempt != 0 || !kept.Start.Equal(now) {
			t.Errorf("the history has %+v, %v", kept, err)
		}
	})
}

func TestAMessageThatHoldsItsSecretIsNotQueued(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		history.Redact = func(x *record.Exchange) *record.Exchange {
			kept := *x
			kept.Masks = []record.Mask{{Name: "body", Proof: "a proof"}}
			return &kept
		}
		x := &record.Exchange{Request: record.Request{Method: "POST", URL: "http://app/", Proto: "HTTP/1.1"}}
		_, err := worker.Enqueue(t.Context(), history, x, "a plan", "", time.Now())
		if !errors.Is(err, worker.ErrHoldsSecret) {
			t.Error(err)
		}
		for listed, err := range history.List(t.Context(), store.Filter{}) {
			t.Errorf("the history has %+v, %v", listed, err)
		}
	})
}
