package ahead_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/ahead"
)

func TestRunsJoinAnswersThatFollowEachOther(t *testing.T) {
	t.Parallel()
	at := func(ms int) int64 { return int64(time.Duration(ms) * time.Millisecond) }
	for name, c := range map[string]struct {
		answers []ahead.Answer
		want    []ahead.Run
	}{
		"none": {},
		"in any order": {[]ahead.Answer{{3, at(2), "a"}, {1, at(3), "a"}, {2, at(1), "a"}},
			[]ahead.Run{{1, 3, at(3), "a"}}},
		"another head": {[]ahead.Answer{{1, at(1), "a"}, {2, at(1), "b"}},
			[]ahead.Run{{1, 1, at(1), "a"}, {2, 2, at(1), "b"}}},
		"an id between": {[]ahead.Answer{{1, at(1), "a"}, {3, at(1), "a"}},
			[]ahead.Run{{1, 1, at(1), "a"}, {3, 3, at(1), "a"}}},
		"before and after a wait": {[]ahead.Answer{{1, at(1), "a"}, {2, at(3000), "a"}, {3, at(3001), "a"}, {4, at(2), "a"}},
			[]ahead.Run{{1, 1, at(1), "a"}, {2, 3, at(3001), "a"}, {4, 4, at(2), "a"}}},
		"apart step by step": {[]ahead.Answer{{1, at(0), "a"}, {2, at(8), "a"}, {3, at(16), "a"}},
			[]ahead.Run{{1, 2, at(8), "a"}, {3, 3, at(16), "a"}}},
	} {
		if diff := cmp.Diff(c.want, ahead.Runs(c.answers)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
