package store_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
)

// history is what an engine owes: a second one has to pass the contract as SQLite does.
type history interface {
	Record(context.Context, ...*record.Exchange) error
	Answer(context.Context, *record.Exchange) error
	Add(context.Context, *record.Exchange) error
	Flush(context.Context) error
	Close() error
	Get(context.Context, int64) (*record.Exchange, error)
	Requests(context.Context, []*record.Exchange) ([]*record.Exchange, error)
	List(context.Context, store.Filter) iter.Seq2[*record.Exchange, error]
	Newest(context.Context, int) (int64, error)
	Thread(context.Context, int64) ([]*record.Exchange, error)
	Stats(context.Context, store.Filter) (store.Stats, error)
	Figures(context.Context, store.Filter) (store.Figures, error)
	EventTypes(context.Context, string, int) ([]string, error)
	Prune(context.Context, store.PruneRule) (store.PruneResult, error)
	Fingerprint(context.Context, []byte) (string, error)
	Pinned(context.Context, string) (map[string]string, error)
	Pin(context.Context, store.Pin, string, time.Time) (string, error)
	Unpin(context.Context, string) (int64, error)
	SetRemark(context.Context, int64, store.Remark) error
	Remarks(context.Context, []int64) (map[int64]store.Remark, error)
}

func TestSQLiteKeepsTheContract(t *testing.T) {
	contract(t, func(t *testing.T) history { return newHistory(t) })
}

func TestPostgreSQLKeepsTheContract(t *testing.T) {
	contract(t, func(t *testing.T) history { return openHistory(t, pgtest.Database(t)) })
}

// contract is a suite of sentences; open makes a new, empty history that is closed when its test ends.
func contract(t *testing.T, open func(*testing.T) history) {
	clauses := map[string]func(*testing.T, history){
		"gives back every field":                     givesBackEveryField,
		"gives back odd heads":                       givesBackOddHeads,
		"gives back odd answers":                     givesBackOddAnswers,
		"reads many as each alone":                   readsManyAsEachAlone,
		"reads at once as one after the other":       readsAtOnceAsOneAfterTheOther,
		"takes an answer twice":                      takesAnAnswerTwice,
		"takes what it needs from an answer":         takesWhatItNeedsFromAnAnswer,
		"adds what has ended":                        addsWhatHasEnded,
		"gives contiguous ids to a group":            givesContiguousIDs,
		"gives every caller its own ids":             givesEveryCallerItsOwnIDs,
		"never gives an id again":                    neverGivesAnIDAgain,
		"knows what never ended":                     knowsWhatNeverEnded,
		"says what it does not have":                 saysWhatItDoesNotHave,
		"refuses what is neither sent nor received":  refusesWhatIsNeither,
		"keeps the others of a group with a bad one": keepsTheOthersOfAGroup,
		"filters":                                     filters,
		"lists page after page":                       listsPageAfterPage,
		"lets a list be left early":                   letsAListBeLeftEarly,
		"lists without bodies unless asked":           listsWithoutBodiesUnlessAsked,
		"lets a listener write into what it lists":    letsWriteWhileListing,
		"filters by time where starts are disordered": filtersByTimeWhereStartsAreDisordered,
		"counts from the newest":                      countsFromTheNewest,
		"shows a whole tree from each of its leaves":  showsAWholeTree,
		"sums up":                             sumsUp,
		"sums up nothing":                     sumsUpNothing,
		"takes figures":                       tookFigures,
		"takes figures as they are counted":   tookFiguresAsCounted,
		"completes event types":               completesEventTypes,
		"keeps remarks":                       keepsRemarks,
		"prunes by age":                       prunesByAge,
		"prunes only what the filter selects": prunesOnlyWhatTheFilterSelects,
		"pins a secret once":                  pinsASecretOnce,
		"knows a secret only by its print":    knowsASecretOnlyByItsPrint,
		"lets one of many pin":                letsOneOfManyPin,
		"stops when its caller does":          stopsWhenItsCallerDoes,
		"refuses all after Close":             refusesAllAfterClose,
		"ends cleanly while writers wait":     endsCleanlyWhileWritersWait,
	}
	for name, clause := range clauses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clause(t, open(t))
		})
	}
}

func saysWhatItDoesNotHave(t *testing.T, h history) {
	ctx := context.Background()
	keep(t, h, hook(1))
	_, get := h.Get(ctx, 2)
	_, newest := h.Newest(ctx, 1)
	_, thread := h.Thread(ctx, 99)
	for call, err := range map[string]error{"Get": get, "Newest": newest, "Thread": thread} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s = %v, want ErrNotFound", call, err)
		}
	}
}

func stopsWhenItsCallerDoes(t *testing.T, h history) {
	keep(t, h, hook(1))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, get := h.Get(ctx, 1)
	_, stats := h.Stats(ctx, store.Filter{})
	_, prune := h.Prune(ctx, store.PruneRule{OlderThan: noon.AddDate(1, 0, 0)})
	var list error
	for _, err := range h.List(ctx, store.Filter{}) {
		list = err
	}
	for call, err := range map[string]error{"Get": get, "List": list, "Stats": stats, "Prune": prune,
		"Record": h.Record(ctx, hook(2))} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s = %v, want context.Canceled", call, err)
		}
	}
	if ids := listed(t, h, store.Filter{}); len(ids) != 1 {
		t.Errorf("the history has %v after calls that were cancelled before they began", ids)
	}
}

func refusesAllAfterClose(t *testing.T, h history) {
	ctx := context.Background()
	x := hook(1)
	keep(t, h, x)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	_, get := h.Get(ctx, 1)
	for call, err := range map[string]error{"Get": get, "Record": h.Record(ctx, hook(2)),
		"Answer": h.Answer(ctx, answered(x, 200)), "Add": h.Add(ctx, hook(3))} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s = %v, want ErrClosed", call, err)
		}
	}
	if err := h.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
}
