package act

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/format"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
	"github.com/barbhq/barb/store/webhooks"
)

// Form is what a webhook is copied as.
type Form string

// The forms. Each sends the recorded request again, but Barb, which replays the webhook.
const (
	Curl  Form = "curl"
	Raw   Form = "raw"   // HTTP/1.1 as it was on the wire
	HTTP  Form = "http"  // an .http file
	Fetch Form = "fetch" // JavaScript for Node.js or a browser's console
	Go    Form = "go"
	Py    Form = "python"
	Barb  Form = "barb" // the command that replays it
)

// Forms are all forms, in the order in which a view lists them.
func Forms() []Form { return []Form{Curl, Raw, HTTP, Fetch, Go, Py, Barb} }

// Copied is a webhook as text.
type Copied struct {
	Text  []byte
	Notes []string // what the text does not have of the request
	Holds []string // the credentials in it: "header Authorization"
}

// Copy returns the request of a webhook in a form. What the history masks stays masked, and is a note.
func (a *Actions) Copy(ctx context.Context, id int64, form Form) (*Copied, error) {
	w, err := webhooks.Get(ctx, a.Shell.History, id, a.Shell.Now())
	if err != nil {
		return nil, err
	}
	x, err := a.Shell.History.Get(ctx, w.Last().ID) // as barb show has it
	if err != nil {
		return nil, err
	}
	if form == Barb {
		return &Copied{Text: []byte(a.command(x))}, nil
	}
	c := &Copied{Holds: a.credentials(x)}
	if len(x.Masks) > 0 {
		c.Notes = append(c.Notes, "the history is without "+strings.Join(x.Masked(), ", "))
	}
	if _, cut := x.Marked(record.Truncated); cut {
		c.Notes = append(c.Notes, "only the first 64 KiB of the body are stored")
	}
	write, known := map[Form]func(*record.Request) string{Curl: export.Curl, Fetch: export.Fetch,
		Go: export.Go, Py: export.Python, Raw: func(r *record.Request) string {
			return string(export.Raw(r))
		}}[form]
	switch {
	case known:
		c.Text = []byte(write(&x.Request))
	case form == HTTP:
		var out bytes.Buffer
		lost, err := format.NewHTTP(&out).Write(x)
		if err != nil {
			return nil, err
		}
		for _, l := range lost {
			if l.Part != format.Answer && l.Part != format.Time {
				c.Notes = append(c.Notes, l.Text)
			}
		}
		c.Text = out.Bytes()
	default:
		return nil, fail.Usage("unknown form %q: choose %s", form, strings.Trim(fmt.Sprint(Forms()), "[]"))
	}
	return c, nil
}

// credentials are those that are stored of a request, by their names.
func (a *Actions) credentials(x *record.Exchange) (names []string) {
	without := a.Shell.Redactor.Keep(x, true)
	if without == x {
		return nil
	}
	for _, m := range without.Masks {
		isOfRequest := !strings.HasPrefix(m.Part, "answer")
		if isOfRequest && m.Piece != redact.Placeholder && !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	return names
}

// command returns the command line that replays a webhook.
func (a *Actions) command(x *record.Exchange) string {
	words := []string{"barb", "replay", fmt.Sprint(x.First())}
	if path := a.Shell.HistoryName(); a.Shell.IsOtherHistory() {
		words = append(words, "--db", export.Quote(path))
	}
	return strings.Join(words, " ")
}
