package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/web"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/store/record"
)

func TestTheFiguresPageHasWhatStatsHas(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s = siteWith(t, s.Store, func(p *web.Page) {
		p.Limits = health.Limits{MinSamples: 3, MinSuccess: .95, MaxP99: time.Second, MaxSignatureFailures: .01}
	})
	s.enter()
	for n := range 4 {
		x := received(n)
		if n == 0 {
			x.Verdict.Status, x.Took = record.Invalid, 700*time.Millisecond
		}
		s.add(x)
	}
	text := s.get("/figures")
	has(t, text,
		`signature_failures</th><td data-name="value">25.0 %</td><td data-name="breach">&gt; 1 %</td><td>4 `+
			"signatures",
		`<b class="c-bad">breach</b>`, "4  (0 sent, 4 received)", "<td>≤ 1s</td>", "<td>≤ 20ms</td>", `width="334"`,
		"at most 4 in 1s", "barb stats --since 1h --plot", "M0 100V1H1000V100z")
	if old := s.get("/figures?since=%3Cscript%3E"); strings.Contains(old, "<script>") {
		t.Error("a value from the address is on the page")
	}
	if unread := s.get("/figures?since=5m"); strings.Contains(unread, "since 1h") {
		t.Error("the time is not that of the address")
	}
}
