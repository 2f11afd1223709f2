package keys

import "strings"

// View is a place that has keys, one bit each.
type View uint8

// The places that have keys.
const (
	Page     View = 1 << iota // in the browser
	Terminal                  // the view that fills a terminal
	Listen                    // barb listen on a terminal
	Field                     // a line in which something is typed, on a terminal
	Second                    // the key after y, on a terminal
	Text                      // a text that covers the view that fills a terminal
	InQueue                   // the queue in the view that fills a terminal

	all   = Page | Terminal | Listen
	views = Page | Terminal
)

// Action is what a key does.
type Action string

// The actions.
const (
	Previous Action = "previous"
	Next     Action = "next"
	Newest   Action = "newest"
	Oldest   Action = "oldest"
	Scroll   Action = "scroll"
	Panes    Action = "panes"
	Section  Action = "section"
	Open     Action = "open"
	Back     Action = "back"
	Filter   Action = "filter"
	Matches  Action = "matches"
	Follow   Action = "follow"
	Replay   Action = "replay"
	ReplayAs Action = "replay-as"
	Edit     Action = "edit"
	Mark     Action = "mark"
	Diff     Action = "diff"
	Select   Action = "select"
	Explain  Action = "explain"
	CopyCurl Action = "copy-curl"
	Copy     Action = "copy"
	Raw      Action = "raw"
	Export   Action = "export"
	Browse   Action = "browser"
	Pin      Action = "pin"
	Note     Action = "note"
	Delete   Action = "delete"
	Undo     Action = "undo"
	Figures  Action = "figures"
	Queue    Action = "queue"
	Retry    Action = "retry"
	RetryAll Action = "retry-all"
	Cancel   Action = "cancel"
	Zoom     Action = "zoom"
	ByName   Action = "by-name"
	Help     Action = "help"
	Suspend  Action = "suspend"
	Redraw   Action = "redraw"
	Screen   Action = "terminal"
	Quit     Action = "quit"
	Take     Action = "take"
	Clear    Action = "clear"
)

// Row is an action with its keys.
type Row struct {
	Action Action
	Keys   []string // names as Decode of commands/live returns them; the first ones stand in the footer
	Does   string   // for the list of keys
	Word   string   // for the footer; "" for a row that the footer leaves out
	Rank   int      // rows of the footer that have no room go by this, the highest first
	Views  View
	On     On
}

// On is a set of what a view has, and of what an action needs; the zero value needs nothing.
type On uint16

// What a view may have.
const (
	AWebhook On = 1 << iota // one is selected
	AMark                   // another one is marked
	ADeleted                // a deletion can still be undone
	AView                   // the view that fills a terminal can be opened
	AWayBack                // something is open that can be left
	AnEntry                 // one of the queue is selected
	ARetry                  // that entry can be retried
	ACancel                 // that entry can be given up
	ADead                   // there are dead letters

	Anything On = 0
)

// Letter is a key after y, and what it copies.
type Letter struct {
	Key  string
	What string // the word that follows "copied": curl, headers, body
	Form bool   // What is the name of a form of the whole request, as the actions of a view know it
}

// Letters are the keys after y. A listener shows no body, so it has no line for the last.
var Letters = []Letter{
	{"c", "curl", true}, {"r", "raw", true}, {"t", "http", true}, {"f", "fetch", true}, {"g", "go", true},
	{"p", "python", true}, {"a", "barb", true}, {Key: "h", What: "headers"}, {Key: "b", What: "body"},
	{Key: "u", What: "URL"}, {Key: "i", What: "id"}, {Key: "j", What: "jq path"},
}

// LettersIn returns the keys after y of a view.
func LettersIn(view View) []Letter {
	if view == Listen {
		return Letters[:len(Letters)-1]
	}
	return Letters
}

// AfterY returns the letter of a key after y in a view; false when it stands for nothing.
func AfterY(view View, key string) (Letter, bool) {
	for _, l := range LettersIn(view) {
		if l.Key == key {
			return l, true
		}
	}
	return Letter{}, false
}

// copies says what y does in a view: "copy: c curl, r raw".
func copies(view View) string {
	var names []string
	for _, l := range LettersIn(view) {
		names = append(names, l.Key+" "+l.What)
	}
	return "copy: " + strings.Join(names, ", ")
}

// Sections are the parts of an open webhook, in the order of the keys 1 to 6.
var Sections = [...]string{"Signature", "Body", "Headers", "Timeline", "Answer", "Raw"}

// Table is every key of every view, in the order in which they are listed.
var Table = []Row{
	{Action: Previous, Keys: []string{"up", "k"}, Does: "choose the row above", Word: "choose", Rank: 6, Views: all,
		On: AWebhook},
	{Action: Next, Keys: []string{"down", "j"}, Does: "choose the row below", Word: "choose", Rank: 6, Views: all,
		On: AWebhook},
	{Action: Newest, Keys: []string{"g", "home"}, Does: "choose the newest", Views: views, On: AWebhook},
	{Action: Oldest, Keys: []string{"G", "end"}, Does: "choose the oldest of this page", Views: views, On: AWebhook},
	{Action: Scroll, Keys: []string{"J", "K", "ctrl-d", "ctrl-u", "pgdown", "pgup"},
		Does: "scroll the other pane", Views: Terminal},
	{Action: Panes, Keys: []string{"tab", "shift-tab"}, Does: "go to the next pane, to the previous one", Views: Terminal},
	{Action: Section, Keys: []string{"[", "]", "1", "2", "3", "4", "5", "6"}, Does: "go to a section", Views: views,
		On: AWebhook},
	{Action: Open, Keys: []string{"enter"}, Does: "show the webhook", Word: "show", Rank: 2, Views: all, On: AWebhook},
	{Action: Back, Keys: []string{"esc"}, Does: "leave the field, the filter, the list", Views: Page | Listen},
	{Action: Back, Keys: []string{"esc"}, Does: "leave the field, the filter, the list", Word: "back", Views: Terminal,
		On: AWayBack},
	{Action: Undo, Keys: []string{"u"}, Does: "undo the last deletion, within 6 s", Word: "undo", Rank: 1, Views: views,
		On: ADeleted},
	{Action: Replay, Keys: []string{"r"}, Does: "send it again", Word: "replay", Rank: 3, Views: all, On: AWebhook},
	{Action: ReplayAs, Keys: []string{"R"}, Does: "send it again, with choices", Views: views, On: AWebhook},
	{Action: Edit, Keys: []string{"e"}, Does: "edit it and send it again", Word: "edit", Rank: 11, Views: views,
		On: AWebhook},
	{Action: Explain, Keys: []string{"v"}, Does: "check the signature and explain it", Word: "explain", Rank: 7,
		Views: all, On: AWebhook},
	{Action: Mark, Keys: []string{"m"}, Does: "mark it for a diff", Word: "mark", Rank: 12, Views: views, On: AWebhook},
	{Action: Diff, Keys: []string{"d"}, Does: "compare it with the marked one", Word: "diff", Rank: 3, Views: views,
		On: AWebhook | AMark},
	{Action: Select, Keys: []string{"space"}, Does: "select several", Word: "select", Rank: 17, Views: Terminal,
		On: AWebhook},
	{Action: CopyCurl, Keys: []string{"c"}, Does: "copy it as curl", Word: "copy", Rank: 10, Views: all, On: AWebhook},
	{Action: Copy, Keys: []string{"y"}, Does: copies(views), Views: views, On: AWebhook},
	{Action: Copy, Keys: []string{"y"}, Does: copies(Listen), Views: Listen, On: AWebhook},
	{Action: Raw, Keys: []string{"w"}, Does: "show the body pretty, raw, in hex", Views: views, On: AWebhook},
	{Action: Pin, Keys: []string{"p"}, Does: "pin it, or unpin it", Word: "pin", Rank: 15, Views: all, On: AWebhook},
	{Action: Note, Keys: []string{"."}, Does: "write a note", Word: "note", Rank: 16, Views: views, On: AWebhook},
	{Action: Delete, Keys: []string{"D"}, Does: "delete it; can be undone for 6 s", Word: "delete", Rank: 18,
		Views: views, On: AWebhook},
	{Action: Export, Keys: []string{"x"}, Does: "save it to a file", Views: Terminal, On: AWebhook},
	{Action: Browse, Keys: []string{"o"}, Does: "open the page at it, in the browser", Word: "page", Rank: 19,
		Views: Terminal},
	{Action: Follow, Keys: []string{"f"}, Does: "follow what comes, or stop to choose", Word: "follow", Rank: 9,
		Views: all},
	{Action: Filter, Keys: []string{"/"}, Does: "filter the list: words, status:5xx, event:push, --failed, 40..47",
		Word: "filter", Rank: 4, Views: all},
	{Action: Matches, Keys: []string{"n", "N"}, Does: "go to the next match, to the previous one", Views: views,
		On: AWebhook},
	{Action: Figures, Keys: []string{"S"}, Does: "show the figures", Word: "figures", Rank: 13, Views: views},
	{Action: Queue, Keys: []string{"Q"}, Does: "show the queue", Word: "queue", Rank: 14, Views: views},
	{Action: Zoom, Keys: []string{"z"}, Does: "zoom the pane", Views: views},
	{Action: ByName, Keys: []string{":", "ctrl-k"}, Does: "find any action by its name", Views: views},
	{Action: Screen, Keys: []string{"t"}, Does: "open the view that fills the terminal", Word: "view", Rank: 8,
		Views: Listen, On: AView},
	{Action: Help, Keys: []string{"?"}, Does: "list the keys, or close the list", Word: "keys", Rank: 1, Views: all},
	{Action: Suspend, Keys: []string{"ctrl-z"}, Does: "suspend barb; fg resumes it", Views: Terminal | Listen},
	{Action: Redraw, Keys: []string{"ctrl-l"}, Does: "draw the screen anew", Views: Terminal},
	{Action: Quit, Keys: []string{"q"}, Does: "quit; so does ctrl-c", Word: "quit", Rank: 5, Views: Terminal | Listen},

	{Action: Take, Keys: []string{"enter"}, Does: "do what the line says", Word: "do it", Views: Field},
	{Action: Back, Keys: []string{"esc"}, Does: "leave it", Word: "leave", Rank: 1, Views: Field | Second},
	{Action: Clear, Keys: []string{"ctrl-u"}, Does: "clear the line", Word: "clear", Rank: 2, Views: Field},

	{Action: Previous, Keys: []string{"up", "k"}, Does: "scroll up", Word: "scroll", Rank: 3, Views: Text},
	{Action: Next, Keys: []string{"down", "j"}, Does: "scroll down", Word: "scroll", Rank: 3, Views: Text},
	{Action: Newest, Keys: []string{"g", "home"}, Does: "go to its beginning", Views: Text},
	{Action: Oldest, Keys: []string{"G", "end"}, Does: "go to its end", Views: Text},
	{Action: Scroll, Keys: []string{"J", "K", "ctrl-d", "ctrl-u", "pgdown", "pgup"}, Does: "scroll by lines and pages",
		Views: Text},
	{Action: Back, Keys: []string{"esc", "q"}, Does: "close it", Word: "close", Rank: 1, Views: Text},
	{Action: Figures, Keys: []string{"S"}, Does: "show the figures", Word: "figures", Rank: 4, Views: Text},
	{Action: Queue, Keys: []string{"Q"}, Does: "show the queue", Word: "queue", Rank: 4, Views: Text},
	{Action: ByName, Keys: []string{":", "ctrl-k"}, Does: "find any action by its name", Views: Text},
	{Action: Help, Keys: []string{"?"}, Does: "list the keys, or close the list", Word: "keys", Rank: 2, Views: Text},
	{Action: Suspend, Keys: []string{"ctrl-z"}, Does: "suspend barb; fg resumes it", Views: Text},
	{Action: Redraw, Keys: []string{"ctrl-l"}, Does: "draw the screen anew", Views: Text},
	{Action: Quit, Keys: []string{"ctrl-c"}, Does: "quit", Word: "quit", Rank: 2, Views: Text},

	{Action: Previous, Keys: []string{"up", "k"}, Does: "choose the entry above", Word: "choose", Rank: 4,
		Views: InQueue, On: AnEntry},
	{Action: Next, Keys: []string{"down", "j"}, Does: "choose the entry below", Word: "choose", Rank: 4,
		Views: InQueue, On: AnEntry},
	{Action: Newest, Keys: []string{"g", "home"}, Does: "choose the first entry", Views: InQueue, On: AnEntry},
	{Action: Oldest, Keys: []string{"G", "end"}, Does: "choose the last entry", Views: InQueue, On: AnEntry},
	{Action: Section, Keys: []string{"[", "]", "1", "2", "3"}, Does: "list open and dead entries, dead letters, all",
		Views: InQueue},
	{Action: Retry, Keys: []string{"r"}, Does: "retry it now", Word: "retry now", Rank: 2, Views: InQueue, On: ARetry},
	{Action: RetryAll, Keys: []string{"R"}, Does: "retry all dead letters now", Word: "retry all", Rank: 5,
		Views: InQueue, On: ADead},
	{Action: Cancel, Keys: []string{"D"}, Does: "cancel it", Word: "cancel", Rank: 3, Views: InQueue, On: ACancel},
	{Action: Open, Keys: []string{"enter"}, Does: "show its webhook", Word: "webhook", Rank: 6, Views: InQueue,
		On: AnEntry},
	{Action: Explain, Keys: []string{"v"}, Does: "show the entry with its attempts", Word: "entry", Rank: 7,
		Views: InQueue, On: AnEntry},
	{Action: Back, Keys: []string{"esc", "q", "Q"}, Does: "close the queue", Word: "close", Rank: 1, Views: InQueue},
	{Action: Figures, Keys: []string{"S"}, Does: "show the figures", Word: "figures", Rank: 8, Views: InQueue},
	{Action: ByName, Keys: []string{":", "ctrl-k"}, Does: "find any action by its name", Views: InQueue},
	{Action: Help, Keys: []string{"?"}, Does: "list the keys, or close the list", Word: "keys", Rank: 1,
		Views: InQueue},
	{Action: Suspend, Keys: []string{"ctrl-z"}, Does: "suspend barb; fg resumes it", Views: InQueue},
	{Action: Redraw, Keys: []string{"ctrl-l"}, Does: "draw the screen anew", Views: InQueue},
	{Action: Quit, Keys: []string{"ctrl-c"}, Does: "quit", Word: "quit", Rank: 9, Views: InQueue},
}
