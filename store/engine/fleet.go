package engine

import (
	"context"
	"time"
)

// Fleet knows the workers of a history that several machines share. A history in a file belongs to one machine, on
// which the process ids say who lives: it keeps no signs of life, and knows only the workers that hold leases. The task
// Release forgets a worker.
type Fleet interface {
	// Beat notes that a worker lives, and returns all workers, itself among them. None are returned by a history that
	// keeps no signs of life. It waits for nobody, and gives up after BeatPatience.
	Beat(ctx context.Context, w *Worker) ([]Worker, error)
	// ReleaseSilent ends the leases of workers that have been silent for SilentAfter, and forgets these. A worker may ask
	// that has itself beaten for as long: else everybody would look dead after a restart of the server. It returns whom
	// it released.
	ReleaseSilent(ctx context.Context, holder string) ([]string, error)
	// Workers returns all workers that beat or hold leases, with the number of these.
	Workers(ctx context.Context) ([]Worker, error)
}

const (
	// SilentAfter is after how long without a beat a worker is taken for dead.
	SilentAfter = 10 * time.Second
	// BeatGap is the longest time between two beats that belong together. After a longer one a worker begins anew.
	BeatGap = SilentAfter / 2
	// BeatPatience is how long a beat may take.
	BeatPatience = 3 * time.Second
)

// Worker is a process that delivers what waits in the queue, as it says itself. The numbers in Claims, Blocked and Busy
// mean something to workers only. Beat, Since and Seen are ns since 1970 by the server's clock.
type Worker struct {
	Holder  string // the name under which it holds leases
	Machine string // its host name
	Version string // of barb

	Claims  []int64 // what it delivers
	Blocked []int64 // what of it it cannot deliver
	Busy    []int64 // what it is still working on although it belongs to another
	Seen    int64   // the beat whose answer it acts on; 0: none
	Anew    bool    // its last beat failed

	// What the history says.

	Beat   int64         // the last one; 0: it keeps none of this worker
	Since  int64         // it has beaten without a gap since then, and has been able to deliver what it can
	Age    time.Duration // since the last beat
	Leases int64         // set by Workers
}

// IsSilent reports whether nothing was heard of a worker for so long that others do its work.
func (w *Worker) IsSilent() bool { return w.Age.Abs() > SilentAfter }
