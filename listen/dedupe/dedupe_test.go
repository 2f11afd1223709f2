package dedupe_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/listen/dedupe"
	"github.com/barbhq/barb/store/record"
)

// loaded is a window that nothing was recalled into.
func loaded() *dedupe.Window {
	w := dedupe.New()
	w.Loaded()
	return w
}

// webhook is a verified exchange, and its fingerprint.
func webhook(id, body, signature string) (*record.Exchange, *dedupe.Fingerprint) {
	x := &record.Exchange{Kind: record.Received, Start: time.Now(), WebhookID: id, Scheme: "github",
		Verdict: record.Verdict{Status: record.Valid}, Request: record.Request{Body: []byte(body)}}
	return x, dedupe.FingerprintOf(x, "/in", signature)
}

func print(id, body, signature string) *dedupe.Fingerprint {
	_, f := webhook(id, body, signature)
	return f
}

// meet records a webhook under an id and returns its marks.
func meet(t *testing.T, w *dedupe.Window, f *dedupe.Fingerprint, id int64) (string, *dedupe.Claim) {
	t.Helper()
	marks, c, err := w.Meet(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Settle(id)
	return text(marks), c
}

func text(marks []record.Mark) (text string) {
	for _, m := range marks {
		text += fmt.Sprintf("%s %d ", m.Kind, m.Of)
	}
	return text
}

func TestWhatAWebhookRepeats(t *testing.T) {
	w := loaded()
	other, _ := webhook("a", "{}", "s")
	elsewhere := dedupe.FingerprintOf(other, "/other", "s")
	other.Verdict.Status = record.Unchecked
	unchecked := dedupe.FingerprintOf(other, "/in", "s")
	for i, c := range []struct {
		f    *dedupe.Fingerprint
		want string
	}{
		{print("a", "{}", "s"), ""},
		{print("a", "{}", "t"), "duplicate 1 "}, // signed anew
		{elsewhere, ""},
		{unchecked, ""},
		{print("a", "{ }", "u"), "reused_id 1 "},
		{print("a", "{ }", "u"), "duplicate 5 reused_id 1 "},
		{print("b", "{}", "s"), "duplicate 1 "}, // the same bytes under another id
		{print("b", "{}", "v"), "duplicate 7 "},
		{print("", "{}", "s"), "duplicate 1 "},
		{print("", "{}", "w"), ""}, // only the body is the same
		{print("", "{}", ""), ""},
		{print("", "{}", ""), ""}, // nothing recognises it
	} {
		got, claim := meet(t, w, c.f, int64(i+1))
		if got != c.want || claim.IsCopy() != (len(c.want) > 9 && c.want[:9] == "duplicate") {
			t.Errorf("%d: marked %q, want %q", i+1, got, c.want)
		}
	}
	if !print("", "{}", "").IsEmpty() || print("a", "{}", "").IsEmpty() || print("", "{}", "s").IsEmpty() {
		t.Error("a fingerprint says wrongly what it goes by")
	}
}

func TestAWebhookThatWasSignedEarlierIsOlder(t *testing.T) {
	w := loaded()
	for i, c := range []struct {
		signed time.Duration
		want   string
	}{
		{0, ""},
		{-900 * time.Millisecond, ""},
		{-2 * time.Second, "older 1 "},
		{time.Second, ""},
		{-time.Second, "older 4 "},
	} {
		x, _ := webhook(fmt.Sprint(i), "{}", fmt.Sprint(i))
		x.Start = time.Unix(1_760_000_000, 0)
		x.Verdict.HasAge, x.Verdict.Age = true, -c.signed
		if got, _ := meet(t, w, dedupe.FingerprintOf(x, "/in", fmt.Sprint(i)), int64(i+1)); got != c.want {
			t.Errorf("%d: marked %q, want %q", i+1, got, c.want)
		}
	}
}

// Copies that come while the first is being recorded wait for it; when it cannot be recorded the next one is the
// first.
func TestCopiesWaitUntilTheFirstIsRecorded(t *testing.T) {
	for id, want := range map[int64]string{0: "", 7: "duplicate 7 "} {
		synctest.Test(t, func(t *testing.T) {
			w := loaded()
			_, first, err := w.Meet(t.Context(), print("a", "{}", "s"), nil)
			if err != nil {
				t.Fatal(err)
			}
			came := make(chan string, 2)
			for _, f := range []*dedupe.Fingerprint{print("a", "{}", "t"), print("", "{}", "s")} {
				go func() {
					marks, c, err := w.Meet(t.Context(), f, nil)
					if err == nil {
						c.Settle(0)
					}
					came <- text(marks)
				}()
			}
			stopped, stop := context.WithCancel(t.Context())
			stop()
			if _, _, err := w.Meet(stopped, print("a", "{}", "t"), nil); !errors.Is(err, context.Canceled) {
				t.Errorf("a caller that stops gets %v", err)
			}
			synctest.Wait()
			if len(came) != 0 {
				t.Error("a copy did not wait")
			}
			first.Settle(id)
			for range 2 {
				if got := <-came; got != want {
					t.Errorf("recorded under %d: marked %q, want %q", id, got, want)
				}
			}
		})
	}
}

func TestMeetWaitsUntilTheHistoryWasLookedThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := dedupe.New()
		came := make(chan string, 1)
		go func() {
			bodyOf := func(id int64) ([]byte, bool, error) { return []byte("{}"), id == 3, nil }
			marks, c, _ := w.Meet(t.Context(), print("a", "{}", "t"), bodyOf)
			c.Settle(9)
			came <- text(marks)
		}()
		synctest.Wait()
		if len(came) != 0 || w.IsLoaded() {
			t.Error("it did not wait")
		}
		x, f := webhook("a", "", "s")
		x.ID = 3
		w.Recall(f, x)
		w.Loaded()
		w.WaitLoaded()
		if got := <-came; got != "duplicate 3 " || !w.IsLoaded() {
			t.Errorf("marked %q", got)
		}
	})
}

// The history tells of its webhooks newest first, and of those with an id without their bodies.
func TestWhatIsRecalledIsKnownAgain(t *testing.T) {
	w := dedupe.New()
	recall := func(id int64, x *record.Exchange, f *dedupe.Fingerprint, status int, marks ...record.Mark) int {
		x.ID, x.Marks, x.Response = id, marks, &record.Response{Status: status}
		return w.Recall(f, x)
	}
	copied, f := webhook("a", "", "s")
	recall(4, copied, f, 200, record.Mark{Kind: record.Duplicate, Of: 1})
	reused, f := webhook("a", "", "u")
	if at := recall(3, reused, f, 200, record.Mark{Kind: record.ReusedID, Of: 1}); at != -1 {
		t.Errorf("one with a reused id is kept at %d", at)
	}
	bare, f := webhook("", "{}", "bare")
	recall(2, bare, f, 500)
	first, f := webhook("a", "", "s")
	at := recall(1, first, f, 500)
	gone, f := webhook("gone", "", "g")
	recall(5, gone, f, 200)
	w.Decide(at, false)
	w.Loaded()
	away := errors.New("away")
	_, _, err := w.Meet(t.Context(), print("a", "{}", "x"), func(int64) ([]byte, bool, error) { return nil, false, away })
	if !errors.Is(err, away) { // and it is not forgotten
		t.Errorf("%v, want the error of the history", err)
	}
	bodyOf := func(id int64) ([]byte, bool, error) { return []byte("{}"), id != 5, nil }
	for i, c := range []struct {
		f    *dedupe.Fingerprint
		want string
	}{
		{print("a", "{}", "x"), "duplicate 1 "}, {print("a", "{ }", "y"), "reused_id 1 "},
		{print("", "{}", "bare"), "duplicate 2 "},
		{print("gone", "{}", "h"), ""}, // its body cannot be compared any more
	} {
		marks, claim, err := w.Meet(t.Context(), c.f, bodyOf)
		if err != nil || text(marks) != c.want {
			t.Errorf("%d: marked %q, want %q; %v", i, text(marks), c.want, err)
		}
		claim.Settle(int64(10 + i))
		if i == 0 {
			if _, accepted, _ := claim.Begin(t.Context()); accepted {
				t.Error("it counts as accepted although the caller knows better")
			}
		}
	}
	if !w.Knows(print("a", "", "")) || w.Knows(print("b", "", "")) || w.Knows(print("", "{}", "bare")) {
		t.Error("Knows goes by something else than the id")
	}
}

// Forty copies: each waits for the one before it, the third is accepted, and after that none is handed on.
func TestCopiesAreHandedOnOneAtATimeUntilOneIsAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := loaded()
		var group sync.WaitGroup
		var mu sync.Mutex
		at, calls, spared := 0, 0, 0
		for i := range 40 {
			_, claim := meet(t, w, print("a", "{}", "s"), int64(i+1))
			group.Go(func() {
				flight, accepted, err := claim.Begin(t.Context())
				mu.Lock()
				defer mu.Unlock()
				if err != nil || accepted {
					spared++
					return
				}
				if at++; at > 1 {
					t.Error("two at a time")
				}
				calls++
				call := calls
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				at--
				flight.End(call == 3)
			})
		}
		group.Wait()
		if calls != 3 || spared != 37 {
			t.Errorf("handed on %d times, %d were spared it", calls, spared)
		}
	})
}

func TestACopyGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := loaded()
		_, first := meet(t, w, print("a", "{}", "s"), 1)
		_, second := meet(t, w, print("a", "{}", "s"), 2)
		flight, _, _ := first.Begin(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, _, err := second.Begin(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
		flight.End(true)
	})
}

func TestWhatIsRejectedIsHandedOnAgain(t *testing.T) {
	w := loaded()
	f := print("a", "{}", "s")
	for i, rejectAt := range []string{"during", "after", "never", "never"} {
		_, claim := meet(t, w, f, int64(i+1))
		flight, accepted, err := claim.Begin(t.Context())
		if want := i == 3; accepted != want || err != nil {
			t.Errorf("%d: accepted %t, want %t; %v", i, accepted, want, err)
		}
		if rejectAt == "during" {
			w.Reject(f)
		}
		flight.End(true)
		if rejectAt == "after" {
			w.Reject(f)
		}
	}
}

// Under another id the very bytes are the same webhook only where the signature covers a time.
func TestAnotherIDIsAnotherFlightWhereSignaturesCoverNoTime(t *testing.T) {
	for _, timed := range []bool{false, true} {
		w := loaded()
		for i, id := range []string{"a", "b"} {
			x, _ := webhook(id, "{}", "s")
			x.Verdict.HasAge = timed
			_, claim := meet(t, w, dedupe.FingerprintOf(x, "/in", "s"), int64(i+1))
			flight, accepted, _ := claim.Begin(t.Context())
			if flight.End(true); accepted != (timed && i == 1) {
				t.Errorf("timed %t, %s: accepted %t", timed, id, accepted)
			}
		}
	}
	w := loaded()
	for i := range 2 { // nothing recognises these, so they have no flight
		_, claim := meet(t, w, print("", "{}", ""), int64(i+1))
		if flight, accepted, err := claim.Begin(t.Context()); flight != nil || accepted || err != nil {
			t.Errorf("%v %t %v", flight, accepted, err)
		}
	}
}

// What another listener recorded before its answer was there is asked for again.
func TestTheCallerFindsOutWhetherAForeignWebhookWasAccepted(t *testing.T) {
	w := loaded()
	x, f := webhook("a", "{}", "s")
	x.ID = 1
	w.Recall(f, x)
	bodyOf := func(int64) ([]byte, bool, error) { return []byte("{}"), true, nil }
	_, claim, err := w.Meet(t.Context(), print("a", "{}", "t"), bodyOf)
	if err != nil {
		t.Fatal(err)
	}
	claim.Settle(2)
	id, ok := claim.Foreign()
	if !ok || id != 1 {
		t.Fatalf("%d %t", id, ok)
	}
	claim.Accept(id)
	if _, ok := claim.Foreign(); ok {
		t.Error("it is still asked for")
	}
	if _, accepted, _ := claim.Begin(t.Context()); !accepted {
		t.Error("it is handed on all the same")
	}
}
