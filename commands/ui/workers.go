package ui

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver/worker"
)

// Workers prints a table of workers.
func (p *Printer) Workers(all []worker.Info) {
	rows := make([][]string, 0, len(all))
	for _, w := range all {
		pid, beat := "", ""
		if w.PID > 0 {
			pid = strconv.Itoa(w.PID)
		}
		if w.Beats {
			beat = Duration(max(w.BeatAge, 0).Round(100*time.Millisecond)) + " ago"
		}
		rows = append(rows, []string{EscapeLine(w.Name), EscapeLine(cmp.Or(w.Machine, "?")), pid, EscapeLine(w.Version),
			w.State, beat, strconv.FormatInt(w.Leases, 10), EscapeLine(someOf(w.Endpoints))})
	}
	p.Table([]string{"WORKER", "MACHINE", "PID", "VERSION", "STATE", "BEAT", "LEASES", "ENDPOINTS"}, rows)
}

// mostEndpoints is how many endpoints of a worker a line has.
const mostEndpoints = 5

func someOf(endpoints []string) string {
	if n := len(endpoints) - mostEndpoints; n > 0 {
		return strings.Join(endpoints[:mostEndpoints], " ") + " and " + strconv.Itoa(n) + " more"
	}
	return strings.Join(endpoints, " ")
}
