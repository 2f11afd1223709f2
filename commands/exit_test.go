package commands

import (
	"testing"

	"github.com/barbhq/barb/commands/shell"
)

func TestTheWorstExitCodeWins(t *testing.T) {
	for _, c := range []struct {
		codes []int
		want  int
	}{{nil, 0}, {[]int{0, 1}, 1}, {[]int{1, 3}, 3}, {[]int{3, 130, 1}, 130}, {[]int{130, 5}, 5}, {[]int{5, 2}, 2},
		{[]int{4, 3}, 3}, {[]int{6, 130}, 6}} {
		if got := shell.Worst(c.codes...); got != c.want {
			t.Errorf("%v: %d, want %d", c.codes, got, c.want)
		}
	}
}
