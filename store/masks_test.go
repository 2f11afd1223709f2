package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

const crumb = "crumb-that-is-in-no-other-place"

// masked is a hook of which a header was masked, and a secret that barb was given.
func masked(n int) *record.Exchange {
	x := hook(n)
	x.Request.Header = append(x.Request.Header, record.Field{Name: "Cookie", Value: "[secret]"},
		record.Field{Name: "X-Gitlab-Token", Value: "[secret]"})
	x.Masks = []record.Mask{{Part: "field 4", Shown: 8, Size: len(crumb), Name: "header Cookie", Piece: crumb},
		{Part: "field 5", Shown: 8, Size: 20, Name: "header X-Gitlab-Token", Secret: "env:TOKEN", Proof: "proof",
			Spelling: "kr", Piece: "the-secret-of-barb-00"}}
	return x
}

// readMasks are the masks of an exchange with what the queue keeps of them.
func readMasks(t *testing.T, s *store.Store, id int64) []record.Mask {
	t.Helper()
	x, err := s.Get(t.Context(), id)
	if err == nil {
		err = s.Pieces(t.Context(), x)
	}
	if err != nil {
		t.Fatal(err)
	}
	return x.Masks
}

// What the history does not keep of a webhook is there as long as an entry of the queue needs it, and in no file
// afterwards. A secret that barb was given is never there.
func TestTheQueueKeepsPiecesUntilNoEntryNeedsThem(t *testing.T) {
	filter := func(q *store.Queued) store.QueueFilter {
		return store.QueueFilter{IDs: []store.Range{{From: q.ID, To: q.ID}}}
	}
	settled := func(state store.QueueState) func(*testing.T, *store.Store, *store.Queued) error {
		return func(t *testing.T, s *store.Store, q *store.Queued) error {
			_, err := s.Lease(t.Context(), store.LeaseRequest{Kind: store.Forward, Target: q.Target, Owner: "me", Want: 1,
				Now: noon, Until: noon.Add(time.Hour)})
			if err != nil {
				return err
			}
			q.State, q.Due = state, noon
			return s.Complete(t.Context(), "me", q, noon)
		}
	}
	type step = func(*testing.T, *store.Store, *store.Queued) error
	for name, c := range map[string]struct {
		steps []step
		kept  bool
	}{
		"waiting":   {nil, true},
		"put off":   {[]step{settled(store.Waiting)}, true},
		"delivered": {[]step{settled(store.Done)}, false},
		"dead":      {[]step{settled(store.Dead)}, true},
		"cancelled": {[]step{func(t *testing.T, s *store.Store, q *store.Queued) error {
			_, err := s.Cancel(t.Context(), filter(q), noon)
			return err
		}}, false},
		"dead and purged": {[]step{settled(store.Dead), func(t *testing.T, s *store.Store, q *store.Queued) error {
			_, err := s.Purge(t.Context(), filter(q))
			return err
		}}, false},
		"dead and delivered in another way": {[]step{settled(store.Dead),
			func(t *testing.T, s *store.Store, q *store.Queued) error {
				_, err := s.Finish(t.Context(), filter(q), noon)
				return err
			}}, false},
		"followed": {[]step{func(t *testing.T, s *store.Store, q *store.Queued) error {
			_, err := s.Lease(t.Context(), store.LeaseRequest{Kind: store.Forward, Target: q.Target, Owner: "me", Want: 1,
				Now: noon, Until: noon.Add(time.Hour)})
			if err != nil {
				return err
			}
			q.State = store.Done
			next := &store.Queued{Kind: store.Forward, Thread: q.Thread, Target: "http://next/", Due: noon,
				Created: noon, Masks: q.Masks}
			return s.Complete(t.Context(), "me", q, noon, next)
		}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			s := openHistory(t, path)
			x := masked(1)
			q := &store.Queued{Kind: store.Forward, Target: "http://app/", Due: noon, Created: noon, Masks: x.Masks}
			if err := s.RecordQueued(t.Context(), x, q); err != nil {
				t.Fatal(err)
			}
			want := masked(1).Masks
			want[1].Piece = ""
			if diff := cmp.Diff(want, readMasks(t, s, x.ID)); diff != "" {
				t.Error(diff)
			}
			for _, do := range c.steps {
				if err := do(t, s, q); err != nil {
					t.Fatal(err)
				}
			}
			if !c.kept {
				want[0].Piece = ""
			}
			if diff := cmp.Diff(want, readMasks(t, s, x.ID)); diff != "" {
				t.Error(diff)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			// The pieces are base64 in the file.
			if there := strings.Contains(string(data), "Y3J1bWItdGhhdC1pcy1pbi1uby1vdGhlci1wbGFj"); there != c.kept {
				t.Errorf("in the file: %v", there)
			}
			if strings.Contains(string(data), "the-secret-of-barb") ||
				strings.Contains(string(data), "dGhlLXNlY3JldC1vZi1iYXJi") {
				t.Error("the secret is in the file")
			}
		})
	}
}

// How a webhook was answered adds to its masks, and an ending that knows of none takes none away.
func TestAnEndingKeepsTheMasks(t *testing.T) {
	s := newHistory(t)
	x, y := masked(1), masked(2)
	keep(t, s, x, y)
	x = answered(x, 200)
	x.Masks = append(x.Masks, record.Mask{Part: "answer field 0", Shown: 8, Size: 3, Name: "response header Set-Cookie"})
	answered(y, 200).Masks = nil
	for _, e := range []*record.Exchange{x, y} {
		if err := s.Answer(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := readMasks(t, s, x.ID); len(got) != 3 || got[2].Name != "response header Set-Cookie" {
		t.Errorf("answered: %+v", got)
	}
	if got := readMasks(t, s, y.ID); len(got) != 2 {
		t.Errorf("answered without: %+v", got)
	}
}
