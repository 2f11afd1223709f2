package replay_test

import (
	"bytes"
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// ofAllKinds returns a history of webhooks of all kinds, more of them than one query reads: plain, large, sent, masked,
// forwarded, mirrored, one that came twice, and one with an address of its own.
func ofAllKinds(t *testing.T, p *replay.Plan, at string) *store.Store {
	t.Helper()
	history := newHistory(t)
	history.Redact = p.Redactor.Redact
	add := func(x *record.Exchange) int64 {
		if err := history.Record(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		return x.ID
	}
	for n := range 150 {
		body := strings.Repeat("x", n)
		if n%40 == 7 {
			body = strings.Repeat("y", 900<<10)
		}
		x := webhook("/in?n=1", body)
		switch n % 8 {
		case 1:
			x.Kind, x.Request.URL, x.Scheme = record.Sent, at+"/sent", "github"
		case 2:
			x.Scheme = "gitlab"
			x.Request.Header = append(x.Request.Header, record.Field{Name: "X-Gitlab-Token", Value: token})
		case 3:
			x.Verdict = record.Verdict{Status: record.Valid, Secret: "env:A"}
		}
		first := add(x)
		again := *x
		again.ID, again.Thread = 0, first
		switch n % 8 {
		case 4: // the last delivery of its sender is sent
			again.Request.Header = append(again.Request.Header, record.Field{Name: "X-Again", Value: "yes"})
			add(&again)
		case 5, 6: // forwarded to two apps, one of them a mirror
			again.Kind, again.Role, again.Request.URL = record.Sent, record.Forward, at+"/app"
			add(&again)
			again.ID, again.Role, again.Request.URL = 0, record.Mirror, at+"/mirror"
			add(&again)
		}
	}
	return history
}

// A run reads webhooks many at a time, a dry run one by one. Both must make the same requests.
func TestWhatIsReadAheadIsSentAsWhatIsReadAlone(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for name, exact := range map[string]bool{"signed": false, "exact": true} {
		p := plan(token)
		r := newRun(t, ofAllKinds(t, p, a.URL), a.URL+"/route")
		r.Plan.Redactor, r.Plan.Exact = p.Redactor, exact
		alone, sent := map[int64]*replay.Replay{}, 0
		if _, err := r.Check(t.Context(), func(p *replay.Replay) error { alone[p.ID] = p; return nil }); err != nil {
			t.Fatal(err)
		}
		r.Begin = func(p *replay.Replay) {
			want := alone[p.ID]
			if want == nil {
				t.Fatalf("%s: exchange %d was not checked", name, p.ID)
			}
			bodies := cmp.FilterValues(func(a, b []byte) bool { return len(a) > 0 && len(b) > 0 }, cmp.Comparer(bytes.Equal))
			if d := cmp.Diff(want.X, p.X, cmpopts.EquateEmpty(), bodies) + cmp.Diff(want.Item, p.Item, bodies,
				cmpopts.IgnoreUnexported(replay.Item{})); d != "" {
				t.Errorf("%s: exchange %d (-alone +ahead):\n%.400s", name, p.ID, d)
			}
			sent++
		}
		if _, err := r.Send(t.Context()); err != nil || sent != 150 || len(alone) != 150 {
			t.Errorf("%s: %d of %d were sent, %v", name, sent, len(alone), err)
		}
	}
}

// What was pruned since its page was listed is left out, and an error of the list comes after what was listed.
func TestAPageIsReadAsItIsNow(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	history := newHistory(t, webhook("/a", "1"), webhook("/b", "2"), webhook("/c", "3"))
	r := newRun(t, history, a.URL)
	if _, err := r.Check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	listed := r.Selected
	r.Selected = func(ctx context.Context) iter.Seq2[replay.Item, error] {
		return func(yield func(replay.Item, error) bool) {
			for item, err := range listed(ctx) {
				if !yield(item, err) {
					return
				}
				if item.ID == 3 {
					two := store.Filter{IDs: []store.Range{{From: 2, To: 2}}}
					rule := store.PruneRule{OlderThan: now.AddDate(1, 0, 0), Filter: two}
					if _, err := history.Prune(ctx, rule); err != nil {
						t.Error(err)
					}
				}
			}
			yield(replay.Item{Exchange: &record.Exchange{}}, context.DeadlineExceeded)
		}
	}
	r.Tell = func(*replay.Replay, *deliver.Attempt) error { return nil }
	if _, err := r.Send(t.Context()); err == nil || a.came() != "/a 1 , /c 3 " {
		t.Errorf("%q, %v", a.came(), err)
	}
}
