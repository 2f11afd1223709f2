//go:build unix

package turn_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/store/turn"
)

// A process that was stopped keeps its turn. The others wait for it once, and take turns again when it goes on.
func TestATurnThatIsNotPassedOnIsNotWaitedForTwice(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var turns [3]*turn.Turn
		for i := range turns {
			var err error
			if turns[i], err = turn.Open(log); err != nil {
				t.Fatal(err)
			}
			defer turns[i].Close()
		}
		stopped, goOn := make(chan bool), make(chan bool)
		stop := func() {
			turns[0].Await(0, func() bool { stopped <- true; <-goOn; return false })
			stopped <- false
		}
		wait := func(i int) time.Duration {
			began := time.Now()
			turns[i].Await(time.Minute, func() bool { return false })
			return time.Since(began).Truncate(time.Second / 10)
		}
		go stop()
		<-stopped
		for _, want := range []time.Duration{time.Second, 0, 0} {
			if d := wait(1); d != want {
				t.Errorf("a turn that is not passed on took %s, want %s", d, want)
			}
		}
		goOn <- true
		<-stopped
		if d := wait(1); d != 0 {
			t.Errorf("a free turn took %s", d)
		}
		go stop()
		<-stopped
		done := make(chan bool)
		go func() {
			time.Sleep(time.Second / 2)
			goOn <- true
			<-stopped
			close(done)
		}()
		for _, want := range []time.Duration{time.Second / 2, 0} {
			if d := wait(1); d != want {
				t.Errorf("a turn that is passed on after half a second took %s, want %s", d, want)
			}
		}
		<-done // the turn is closed after it
	})
}

// However long the turn and the lock take, whoever waits is told in time that the lock is busy.
func TestTheLockIsNotWaitedForForever(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var turns [2]*turn.Turn
		for i := range turns {
			var err error
			if turns[i], err = turn.Open(log); err != nil {
				t.Fatal(err)
			}
			defer turns[i].Close()
		}
		busy := func() bool { return true }
		held := make(chan bool)
		go func() {
			turns[0].Await(time.Minute, busy)
			close(held)
		}()
		synctest.Wait()
		const patience = 5 * time.Second
		for range 2 {
			began := time.Now()
			turns[1].Await(patience, busy)
			if d := time.Since(began); d < patience || d > patience+time.Second/100 {
				t.Errorf("told after %s", d)
			}
		}
		<-held
	})
}
