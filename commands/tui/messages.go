package tui

import (
	"time"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/store/webhooks"
)

// A Message is something that has happened; Update takes it in.
type Message any

// Key is a key that was pressed, by its name in the table of keys.
type Key string

// Paste is text that was pasted.
type Paste string

// Size is that of the terminal, in cells.
type Size struct{ Width, Height int }

// Click is a click of the mouse on a cell, from 0.
type Click struct{ X, Y int }

// Wheel is a turn of the mouse's wheel over a cell, by a number of lines.
type Wheel struct{ X, Y, By int }

// The messages of the history.
type (
	// Loaded is a page of the list, the newest first.
	Loaded struct {
		Load
		Rows   []*webhooks.Webhook
		Next   anchor // where the next page begins
		More   bool
		Failed int // webhooks on which the expression of where: fails
		Err    error
	}
	// Polled is what came or changed since the last time, the oldest first.
	Polled struct {
		Gen  int
		Rows []*webhooks.Webhook
		Lost bool // more came than was read
		Now  time.Time
		Err  error
	}
	// Opened is a webhook with the lines of its sections.
	Opened struct {
		Open
		Title    string
		Sections [len(keys.Sections)][]string
		Err      error
	}
	// Said is what a command printed.
	Said struct {
		Run
		Text string
		Code int
	}
	// Copied says what went to the clipboard.
	Copied struct {
		What string
		Text string
		Err  string
	}
	// Offered are the targets of a replay.
	Offered struct {
		Targets
		Names []string // escaped, the first is where it goes by itself
		Err   error
	}
	// Remarked says that webhooks were pinned, unpinned or noted.
	Remarked struct {
		What string // "pinned 17"
		Err  error
	}
	// Visited says how the page was opened.
	Visited struct {
		Said string // with a code in it while Code
		Code bool
		Err  error
	}
	// QueueRead is a part of the queue.
	QueueRead struct {
		ReadQueue
		List *queued.List
		Took time.Duration
		Now  time.Time
		Err  error
	}
	// Changed says what became of entries of the queue.
	Changed struct {
		Text string // of several lines
		Bad  bool   // nothing was changed
	}
	// Gone says that webhooks were deleted.
	Gone struct {
		IDs []int64
		Err string
	}
)

// An Effect is something to do that Update asks for. What comes of it is a Message.
type Effect any

// The effects.
type (
	// Load reads a page of the list.
	Load struct {
		Gen    int
		Filter string
		Before anchor // the page begins after it; zero: with the newest
		Until  anchor // with Above: the row below the page
		Above  bool   // the page goes above the rows that are there
	}
	// Poll asks, a moment later, what came or changed.
	Poll struct{}
	// Open reads a webhook.
	Open struct {
		ID    int64
		Width int // of the pane
		Form  form
	}
	// Run runs a command line of barb.
	Run struct {
		Args  []string
		Title string
		Full  bool // what it prints covers all panes
		Width int
	}
	// Edit runs a command line of barb that has the terminal for itself.
	Edit struct{ Args []string }
	// Copy copies something of a webhook.
	Copy struct {
		ID   int64
		What string
		Form bool     // the whole request, as the form that What names
		Text string   // to be copied, if it is known already
		Args []string // the command line that prints it where it is not
	}
	// Browse opens the page in the browser.
	Browse struct{ Place string }
	// Targets asks where a webhook may be replayed to.
	Targets struct{ ID int64 }
	// Delete deletes webhooks.
	Delete struct{ IDs []int64 }
	// Pin pins webhooks, or unpins them.
	Pin struct {
		IDs    []int64
		Pinned bool
	}
	// Note replaces the note on a webhook; "" removes it.
	Note struct {
		ID   int64
		Text string
	}
	// ReadQueue reads a part of the queue, by its place in queued.Parts.
	ReadQueue struct{ Part int }
	// Change changes entries of the queue, as barb queue does.
	Change struct {
		Name string // of queued.Changes
		ID   int64  // of the entry; 0: all dead letters
	}
	// Suspend stops the process until fg.
	Suspend struct{}
	// Redraw draws the screen anew.
	Redraw struct{}
	// Quit ends the view.
	Quit struct{}
)
