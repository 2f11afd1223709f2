package listen_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/barbhq/barb/store/record"
)

// keepsNothing keeps nothing, and says when nothing else keeps an exchange either.
type keepsNothing struct{ gone chan struct{} }

func (f keepsNothing) Record(_ context.Context, x *record.Exchange) error {
	runtime.AddCleanup(x, func(gone chan struct{}) { gone <- struct{}{} }, f.gone)
	return nil
}

func (keepsNothing) Answer(context.Context, *record.Exchange) error { return nil }

func TestAnIdleConnectionKeepsNothingOfItsLastWebhook(t *testing.T) {
	f := keepsNothing{make(chan struct{}, 1)}
	r := serve(t, server{Recorder: f})
	r.dial(t).send(hook).wantStatus(200)
	for deadline := time.Now().Add(patience); ; {
		runtime.GC()
		select {
		case <-f.gone:
			return
		case <-time.After(time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("the connection still keeps the webhook that it has answered")
		}
	}
}
