package store

import (
	"context"
	"errors"
	"testing"
)

// full is a queue that takes no more answers.
func full(t *testing.T) *queue {
	t.Helper()
	q := newQueue()
	for range queueRows {
		if err := q.put(t.Context(), &entry{end: &ending{}}); err != nil {
			t.Fatal(err)
		}
	}
	return q
}

func TestAnAnswerWaitsForRoomUntilItsCallerGivesUp(t *testing.T) {
	q := full(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.put(ctx, &entry{end: &ending{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("put into a full queue = %v", err)
	}
	done := make(chan error)
	go func() { done <- q.put(t.Context(), &entry{end: &ending{}}) }()
	for taken := 0; taken < queueRows+1; { // the last one comes in once there is room
		taken += len(q.take())
	}
	if err := <-done; err != nil {
		t.Errorf("put after there was room = %v", err)
	}
}

func TestAFullQueueIsNoReasonToRefuseARecord(t *testing.T) {
	q := full(t)
	if err := q.put(t.Context(), &entry{done: make(chan error, 1)}); err != nil {
		t.Error(err)
	}
}

func TestAnAnswerIsRefusedWhenTheDiskIsTheReasonForTheFullQueue(t *testing.T) {
	q := newQueue()
	q.report(ErrFull, queueRows)
	if err := q.put(t.Context(), &entry{end: &ending{}}); !errors.Is(err, ErrFull) {
		t.Errorf("put = %v, want ErrFull", err)
	}
}

func TestLargeAnswersFillTheQueueByTheirBytes(t *testing.T) {
	q := newQueue()
	large := &entry{end: &ending{response: &answer{body: make([]byte, queueBytes)}}}
	if err := q.put(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.put(ctx, &entry{end: &ending{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("put behind %d bytes = %v", queueBytes, err)
	}
}

func TestWhoGivesUpIsTakenOutOfTheQueueUnlessTheWriterHasIt(t *testing.T) {
	q := newQueue()
	e := &entry{done: make(chan error, 1)}
	if err := q.put(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if !q.withdraw(e) || len(q.take()) != 0 {
		t.Error("an entry that waits was not withdrawn")
	}
	if err := q.put(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if q.take(); q.withdraw(e) {
		t.Error("an entry that the writer has was withdrawn")
	}
}
