package gather

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// write is one of a test.
type write struct{ awaited, added, large bool }

func (e *write) Awaited() bool { return e.awaited }
func (e *write) Added() bool   { return e.added }

func (e *write) Bytes() int {
	if e.large {
		return waitingBytes
	}
	return 1
}

var errFull = errors.New("the disk is full")

// full is a group that takes no more answers.
func full(t *testing.T) *Group[*write] {
	t.Helper()
	g := New[*write]()
	for range waitingRows {
		if err := g.Submit(t.Context(), &write{}); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func TestAnAnswerWaitsForRoomUntilItsCallerGivesUp(t *testing.T) {
	g := full(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Submit(ctx, &write{}); !errors.Is(err, context.Canceled) {
		t.Errorf("submit to a full group = %v", err)
	}
	done := make(chan error)
	go func() { done <- g.Submit(t.Context(), &write{}) }()
	for taken := 0; taken < waitingRows+1; { // the last one comes in once there is room
		taken += len(g.take())
	}
	if err := <-done; err != nil {
		t.Errorf("submit after there was room = %v", err)
	}
}

func TestAFullGroupIsNoReasonToRefuseARecord(t *testing.T) {
	g := full(t)
	if err := g.Submit(t.Context(), &write{awaited: true}); err != nil {
		t.Error(err)
	}
}

func TestAnAnswerIsRefusedWhenTheDiskIsTheReasonForTheFullGroup(t *testing.T) {
	g := New[*write]()
	g.Report(errFull, waitingRows)
	if err := g.Submit(t.Context(), &write{}); !errors.Is(err, errFull) {
		t.Errorf("submit = %v, want that it is full", err)
	}
}

func TestLargeAnswersFillTheGroupByTheirBytes(t *testing.T) {
	g := New[*write]()
	large := &write{large: true}
	if err := g.Submit(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Submit(ctx, &write{}); !errors.Is(err, context.Canceled) {
		t.Errorf("submit behind %d bytes = %v", waitingBytes, err)
	}
}

func TestAWriteIsWithdrawnUnlessTheWriterHasIt(t *testing.T) {
	g := New[*write]()
	e := &write{awaited: true}
	if err := g.Submit(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if !g.Withdraw(e) || len(g.take()) != 0 {
		t.Error("a waiting write was not withdrawn")
	}
	if err := g.Submit(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if g.take(); g.Withdraw(e) {
		t.Error("a write that the writer has was withdrawn")
	}
}

// Readers wait for an answer, and nobody waits for what Add was given.
func TestAGroupClosesWhenTheFirstOfItsWritesIsDue(t *testing.T) {
	answer, added := &write{}, &write{added: true}
	type step struct {
		after time.Duration
		write *write
	}
	for name, test := range map[string]struct {
		steps []step
		want  time.Duration
	}{
		"an answer":                {[]step{{0, answer}, {time.Millisecond, answer}}, groupTime},
		"an exchange":              {[]step{{0, added}, {time.Millisecond, added}}, addedTime},
		"an answer before one":     {[]step{{0, answer}, {time.Millisecond, added}}, groupTime},
		"an answer after one":      {[]step{{0, added}, {time.Millisecond, answer}}, time.Millisecond + groupTime},
		"an answer when it is due": {[]step{{0, added}, {addedTime - time.Millisecond, answer}}, addedTime},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, began := New[*write](), time.Now()
				go func() {
					for _, s := range test.steps {
						time.Sleep(s.after)
						_ = g.Submit(t.Context(), s.write)
					}
				}()
				writes, _ := g.Next(0)
				if took := time.Since(began); took != test.want || len(writes) != len(test.steps) {
					t.Errorf("a group of %d closed after %s, want %d after %s", len(writes), took, len(test.steps), test.want)
				}
			})
		})
	}
}

func TestAnExchangeOfAddWaitsWhereAnAnswerDoesNot(t *testing.T) {
	g, added := New[*write](), &write{added: true}
	for range waitingAdded {
		if err := g.Submit(t.Context(), added); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Submit(ctx, added); !errors.Is(err, context.Canceled) {
		t.Errorf("submit behind %d = %v", waitingAdded, err)
	}
	if err := g.Submit(ctx, &write{}); err != nil {
		t.Errorf("an answer is refused: %v", err)
	}
}

// However slow the disk is, what nobody awaits is in memory twice at most: in the group that is written and the next.
func TestWhatNobodyAwaitsIsNeverMoreThanAGroup(t *testing.T) {
	g, ctx := New[*write](), t.Context()
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	for g.Submit(ctx, &write{added: true}) == nil {
	}
	if n := len(g.take()); n > groupRows {
		t.Errorf("%d exchanges wait, want at most a group of %d", n, groupRows)
	}
}
