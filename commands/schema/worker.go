package schema

import (
	"time"

	"github.com/barbhq/barb/deliver/worker"
)

// Worker is a process that delivers what waits in the queue.
type Worker struct {
	Schema    int      `json:"schema"`
	Name      string   `json:"name"`
	Machine   string   `json:"machine,omitempty"`
	PID       int      `json:"pid,omitempty"`
	Version   string   `json:"version,omitempty"`
	State     string   `json:"state"` // "live", "silent", "ended" or "unknown"
	Beat      *string  `json:"beat,omitempty"`
	BeatAgeMS *int64   `json:"beat_age_ms,omitempty"`
	Leases    int64    `json:"leases"`
	Endpoints []string `json:"endpoints"` // its own, of those that something waits for
}

// NewWorker returns a worker as it is at now.
func NewWorker(i *worker.Info, now time.Time) Worker {
	out := Worker{Schema: 1, Name: i.Name, Machine: i.Machine, PID: i.PID, Version: i.Version, State: i.State,
		Leases: i.Leases, Endpoints: append([]string{}, i.Endpoints...)}
	if i.Beats {
		beat, age := Stamp(now.Add(-i.BeatAge)), i.BeatAge.Milliseconds()
		out.Beat, out.BeatAgeMS = &beat, &age
	}
	return out
}
