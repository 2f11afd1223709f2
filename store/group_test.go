package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/store/record"
)

// full is a group that takes no more answers.
func full(t *testing.T) *group {
	t.Helper()
	g := newGroup()
	for range waitingRows {
		if err := g.submit(t.Context(), &write{end: &ending{}}); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func TestAnAnswerWaitsForRoomUntilItsCallerGivesUp(t *testing.T) {
	g := full(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.submit(ctx, &write{end: &ending{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("submit to a full group = %v", err)
	}
	done := make(chan error)
	go func() { done <- g.submit(t.Context(), &write{end: &ending{}}) }()
	for taken := 0; taken < waitingRows+1; { // the last one comes in once there is room
		taken += len(g.take())
	}
	if err := <-done; err != nil {
		t.Errorf("submit after there was room = %v", err)
	}
}

func TestAFullGroupIsNoReasonToRefuseARecord(t *testing.T) {
	g := full(t)
	if err := g.submit(t.Context(), &write{done: make(chan error, 1)}); err != nil {
		t.Error(err)
	}
}

func TestAnAnswerIsRefusedWhenTheDiskIsTheReasonForTheFullGroup(t *testing.T) {
	g := newGroup()
	g.report(ErrFull, waitingRows)
	if err := g.submit(t.Context(), &write{end: &ending{}}); !errors.Is(err, ErrFull) {
		t.Errorf("submit = %v, want ErrFull", err)
	}
}

func TestLargeAnswersFillTheGroupByTheirBytes(t *testing.T) {
	g := newGroup()
	large := &write{end: &ending{response: &answer{body: make([]byte, waitingBytes)}}}
	if err := g.submit(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.submit(ctx, &write{end: &ending{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("submit behind %d bytes = %v", waitingBytes, err)
	}
}

func TestAWriteIsWithdrawnUnlessTheWriterHasIt(t *testing.T) {
	g := newGroup()
	e := &write{done: make(chan error, 1)}
	if err := g.submit(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if !g.withdraw(e) || len(g.take()) != 0 {
		t.Error("a waiting write was not withdrawn")
	}
	if err := g.submit(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if g.take(); g.withdraw(e) {
		t.Error("a write that the writer has was withdrawn")
	}
}

// Readers wait for an answer, and nobody waits for what Add was given.
func TestAGroupClosesWhenTheFirstOfItsWritesIsDue(t *testing.T) {
	answer, added := &write{end: &ending{}}, &write{begin: []*beginning{{x: &record.Exchange{}}}}
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
				g, began := newGroup(), time.Now()
				go func() {
					for _, s := range test.steps {
						time.Sleep(s.after)
						_ = g.submit(t.Context(), s.write)
					}
				}()
				writes, _ := g.next(0)
				if took := time.Since(began); took != test.want || len(writes) != len(test.steps) {
					t.Errorf("a group of %d closed after %s, want %d after %s", len(writes), took, len(test.steps), test.want)
				}
			})
		})
	}
}

func TestAnExchangeOfAddWaitsWhereAnAnswerDoesNot(t *testing.T) {
	g, added := newGroup(), &write{begin: []*beginning{{x: &record.Exchange{}}}}
	for range waitingAdded {
		if err := g.submit(t.Context(), added); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.submit(ctx, added); !errors.Is(err, context.Canceled) {
		t.Errorf("submit behind %d = %v", waitingAdded, err)
	}
	if err := g.submit(ctx, &write{end: &ending{}}); err != nil {
		t.Errorf("an answer is refused: %v", err)
	}
}
