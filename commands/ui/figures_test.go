package ui_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/health"
)

func TestANarrowTableOfFiguresKeepsTheirNames(t *testing.T) {
	var limits health.Limits
	r := limits.Judge(store.Figures{Attempts: 803, Delivered: 803, P99: 2700 * time.Millisecond}, 5*time.Minute)
	for width, samples := range map[int]bool{0: true, 80: true, 46: false} {
		var out bytes.Buffer
		(&ui.Printer{W: &out, Width: width}).Figures(&r)
		for i := range r.Figures {
			if !strings.Contains(out.String(), r.Figures[i].Name+" ") {
				t.Errorf("%d columns: no %s in\n%s", width, r.Figures[i].Name, out.String())
			}
		}
		if strings.Contains(out.String(), "803 deliveries") != samples || strings.Contains(out.String(), "…") {
			t.Errorf("%d columns:\n%s", width, out.String())
		}
	}
}
