package fleet_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/fleet"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func lotOf(i int) fleet.Lot {
	return fleet.Lot{Kind: store.Message, Target: fmt.Sprintf("https://api%d.example.com/hooks", i), Policy: "{}"}
}

// working is a worker that delivers any message.
func working(holder string) store.Worker {
	return store.Worker{Holder: holder, Beat: 1, Claims: []int64{fleet.Claim(store.Message, "")}}
}

func lives(string) bool { return false }

// owners counts the lots of each worker.
func owners(all []store.Worker, lots int) map[string]int {
	v, n := fleet.New(all, "", lives), map[string]int{}
	for i := range lots {
		n[v.Owner(lotOf(i))]++
	}
	return n
}

func TestEndpointsAreSharedOut(t *testing.T) {
	t.Parallel()
	all := []store.Worker{working("a"), working("b"), working("c"), working("d")}
	for holder, n := range owners(all, 4000) {
		if n < 850 || n > 1150 {
			t.Errorf("%s has %d of 4000 endpoints", holder, n)
		}
	}
	with, without := fleet.New(all, "", lives), fleet.New(all[1:], "", lives)
	for i := range 4000 {
		if before, after := with.Owner(lotOf(i)), without.Owner(lotOf(i)); before != after && before != "a" {
			t.Fatalf("endpoint %d went from %s to %s when a left", i, before, after)
		}
	}
	a, b := lotOf(1), lotOf(1)
	b.Target, b.Policy = "https://api1.example.com:443/other", "other"
	if with.Owner(a) != with.Owner(b) {
		t.Error("two URLs of one endpoint have two owners")
	}
}

func TestALotBelongsToAWorkerThatCanDeliverIt(t *testing.T) {
	t.Parallel()
	lot := lotOf(1)
	silent, without, blocked, other := working("silent"), working("without"), working("blocked"), working("other")
	silent.Age = time.Minute
	without.Beat = 0
	blocked.Blocked = []int64{fleet.Block(lot)}
	other.Claims = []int64{fleet.Claim(store.Message, lotOf(2).Target), fleet.Claim(store.Forward, "")}
	all := []store.Worker{silent, without, blocked, other}
	if owner := fleet.New(all, "", lives).Owner(lot); owner != "" {
		t.Errorf("it belongs to %q", owner)
	}
	all = append(all, working("able"))
	if owner := fleet.New(all, "", lives).Owner(lot); owner != "able" {
		t.Errorf("it belongs to %q", owner)
	}
	gone := func(holder string) bool { return holder == "able" }
	if owner := fleet.New(all, "", gone).Owner(lot); owner != "" {
		t.Errorf("it belongs to %q, which is gone", owner)
	}
}

func TestWhatIsGivenAwayIsAnothersAtOnce(t *testing.T) {
	t.Parallel()
	lot := lotOf(1)
	for name, change := range map[string]func(*store.Worker){
		"blocked": func(w *store.Worker) { w.Blocked = []int64{fleet.Block(lot)} },
		"leaving": func(w *store.Worker) { w.Claims = append(w.Claims, fleet.Leaving) },
	} {
		for _, me := range []string{"a", "b"} {
			all := []store.Worker{working("a"), working("b")}
			view := fleet.New(all, me, lives)
			if owner := view.Owner(lot); view.Whose(lot) == fleet.Mine != (owner == me) {
				t.Fatalf("%s: it belongs to %s", me, owner)
			}
			next := working(me)
			change(&next)
			view.Tell(&next)
			if view.Whose(lot) != fleet.Theirs || view.Owner(lot) == me {
				t.Errorf("%s, %s: it belongs to %s", name, me, view.Owner(lot))
			}
		}
	}
	all := []store.Worker{working("a"), working("b")}
	for i := range all {
		all[i].Claims = append(all[i].Claims, fleet.Leaving)
	}
	if a, b := fleet.New(all, "a", lives), fleet.New(all, "b", lives); a.Owner(lot) == "" || a.Owner(lot) != b.Owner(lot) {
		t.Errorf("both leave: it belongs to %q and %q", a.Owner(lot), b.Owner(lot))
	}
}

// one is a worker of the test below.
type one struct {
	store.Worker
	history *store.Store
	view    *fleet.View
	busy    map[fleet.Lot]bool
	answer  []store.Worker // to a beat, on its way
}

const lots = 12

func (w *one) beat(t *testing.T) {
	t.Helper()
	w.hear()
	w.say(t)
	w.hear()
}

// say sends a beat.
func (w *one) say(t *testing.T) {
	t.Helper()
	w.Busy, w.Seen = nil, 0
	if w.view != nil {
		w.Seen = w.view.Seen()
		w.view.Tell(&w.Worker)
	}
	for l := range w.busy {
		if w.view.Whose(l) == fleet.Theirs {
			w.Busy = append(w.Busy, fleet.Busy(l))
		}
	}
	var err error
	if w.answer, err = w.history.Beat(context.Background(), &w.Worker); err != nil {
		t.Fatal(err)
	}
}

// hear takes in the answer to the last beat.
func (w *one) hear() {
	if w.answer != nil {
		w.view, w.answer, w.Anew = fleet.New(w.answer, w.Holder, lives), nil, false
	}
}

// step does something that a worker may do: it takes what is its own, ends some of it, beats, waits for the answer or
// loses it, loses or finds a secret, or takes on nothing new in order to leave.
func (w *one) step(t *testing.T, random *rand.Rand) {
	t.Helper()
	l := lotOf(random.IntN(lots))
	switch random.IntN(12) {
	case 0, 1, 2:
		w.beat(t)
	case 3, 4, 5:
		if w.view != nil && w.view.Whose(l) == fleet.Mine {
			w.busy[l] = true
		}
	case 6, 7:
		delete(w.busy, l)
	case 8:
		if w.Blocked = nil; random.IntN(2) == 0 {
			w.Blocked = []int64{fleet.Block(l)}
		}
	case 9:
		w.hear()
		w.say(t)
	case 10:
		w.hear()
	case 11:
		switch random.IntN(8) {
		case 0:
			w.Anew, w.answer = w.Anew || w.answer != nil, nil
		case 1:
			w.Claims = append(w.Claims, fleet.Leaving)
		}
	}
}

// Workers come, beat, work, lose and find what they need, and leave, in any order: no two of them ever work on one
// endpoint, and in the end each endpoint has a worker. The
// second seed has a worker leave that others know only later.
func TestNoEndpointHasTwoWorkersOnPostgreSQL(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{rand.Uint64(), 12715423876410551456} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { t.Parallel(); comeAndGo(t, seed) })
	}
}

func comeAndGo(t *testing.T, seed uint64) {
	t.Helper()
	address := pgtest.Database(t)
	history, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
	var all []*one
	begun := time.Now()
	for i := 0; i < 1500 && time.Since(begun) < 4*time.Second; i++ { // all of it while nobody counts as silent
		switch n := random.IntN(60); {
		case n == 0 && len(all) < 5 || len(all) == 0:
			w := &one{Worker: working(fmt.Sprint("worker ", i)), history: history, busy: map[fleet.Lot]bool{}}
			all = append(all, w)
			w.beat(t)
		case n == 1:
			if _, err := history.Release(t.Context(), all[0].Holder, time.Now()); err != nil {
				t.Fatal(err)
			}
			all = all[1:]
		default:
			all[random.IntN(len(all))].step(t, random)
		}
		working := map[fleet.Lot]string{}
		for _, w := range all {
			for l := range w.busy {
				if working[l] != "" {
					t.Fatalf("seed %d, step %d: %s and %s work on %s", seed, i, working[l], w.Holder, l.Target)
				}
				working[l] = w.Holder
			}
		}
	}
	for range 3 {
		for _, w := range all {
			clear(w.busy)
			w.Blocked = nil
			w.beat(t)
		}
	}
	for i := range lots {
		mine := 0
		for _, w := range all {
			if w.view.Whose(lotOf(i)) == fleet.Mine {
				mine++
			}
		}
		if mine != 1 {
			t.Errorf("seed %d: endpoint %d has %d of %d workers", seed, i, mine, len(all))
		}
	}
}
