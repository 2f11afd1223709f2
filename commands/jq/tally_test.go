package jq_test

import (
	"errors"
	"testing"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/record"
)

// A command may ask an expression about one exchange several times.
func TestAFailureOfAnExpressionIsSaidOnceForAnExchange(t *testing.T) {
	t.Parallel()
	var tally jq.Tally
	broken := errors.New("broken")
	for i, want := range []string{"7 is left out, because --where fails on it: broken", ""} {
		if said, n := tally.Note("--where", &record.Exchange{ID: 7}, broken); said != want || n != 1-i {
			t.Errorf("the %d. time: %q, %d", i+1, said, n)
		}
	}
	if said, n := tally.Note("--where", &record.Exchange{ID: 8}, broken); said == "" || n != 2 {
		t.Errorf("of another exchange: %q, %d", said, n)
	}
	if said, n := tally.Note("--jq", &record.Exchange{ID: 7}, broken); said == "" || n != 1 {
		t.Errorf("of another flag: %q, %d", said, n)
	}
}
