package plot_test

import (
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/plot"
)

func TestBarsOfAPageAreToScaleAndEscaped(t *testing.T) {
	t.Parallel()
	got := plot.HTML([]plot.Row{{"≤ 1ms", 8}, {"<b>", 0}, {"≤ 1s", 3}}, "Time", "a & b")
	for _, want := range []string{`<td>≤ 1ms</td>`, `width="1000"`, `<td>&lt;b&gt;</td>`, `width="0"`, `width="375"`,
		`<th scope="col">a &amp; b</th>`, `<td>3</td>`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

func TestAnOutlineHasABarForEachValue(t *testing.T) {
	t.Parallel()
	want := "M0 100V75H250V100zM500 100V50H750V100zM750 100V1H1000V100z"
	if got := plot.Outline([]int64{1, 0, 2, 4}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := plot.Outline([]int64{0, 0}) + plot.Outline(nil); got != "" {
		t.Error(got)
	}
}
