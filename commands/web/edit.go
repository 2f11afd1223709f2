package web

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/web/markup"
	"github.com/barbhq/barb/deliver/compare"
	"github.com/barbhq/barb/store/record"
)

// editor is the form in which a webhook is edited before it is sent again.
type editor struct {
	ID      int64
	Base    string
	Token   string
	Body    string
	Header  string // what was typed: fields that are set
	IsJSON  bool
	Refused string // why the body cannot be edited as text
	Note    string
	Targets []act.Target
	To      string
	Exact   bool // with the old signature
	NewID   bool
	Shown   bool // the changes were asked for
	Changes []changed
	Current []field
}

// mostEdited is the largest body that a form shows, in bytes.
const mostEdited = 1 << 20

// edit shows the form.
func (p *Page) edit(w http.ResponseWriter, r *http.Request) {
	at := placeOf(r)
	if !p.can() {
		refuse(w, http.StatusForbidden, p.why())
		return
	}
	e, err := p.editorOf(r.Context(), at)
	if err != nil {
		p.noPart(w, err)
		return
	}
	show(w, r, http.StatusOK, editorName(r.URL.Query().Get("part") != ""), e)
}

func editorName(isPart bool) string {
	if isPart {
		return "editor"
	}
	return "editor-page"
}

func (p *Page) editorOf(ctx context.Context, at place) (*editor, error) {
	x, err := p.Actions.Repeated(ctx, at.chosen)
	if err != nil {
		return nil, err
	}
	x = p.History.Redacted(x)
	e := &editor{ID: at.chosen, Base: at.suffix(), Token: p.gate.token, Body: string(x.Request.Body),
		Current: p.fieldsOf(x)}
	e.IsJSON = strings.Contains(x.Request.Header.Get("Content-Type"), "json") ||
		bytes.HasPrefix(bytes.TrimSpace(x.Request.Body), []byte("{"))
	switch {
	case len(x.Masked()) > 0:
		e.Note = "The history does not store " + strings.Join(x.Masked(), ", ") + "."
	case strings.Contains(e.Body, "\r") && lineEnd(x.Request.Body) == "":
		e.Note = "The line ends of this body are mixed. Where it is changed, all of them become LF."
	}
	switch {
	case len(x.Request.Body) > mostEdited:
		e.Refused = "The body is larger than 1 MiB. Edit it with barb replay --edit."
	case !utf8.ValidString(e.Body) || strings.ContainsRune(e.Body, 0):
		e.Refused = "The body is not text. Its headers can be changed here, the body with barb replay --edit."
	}
	if e.Refused != "" {
		e.Body = ""
	}
	e.Targets, err = p.Actions.Targets(ctx, at.chosen)
	return e, err
}

// edited takes what was typed into a form.
func (d *doing) edited(ctx context.Context, how *act.How) error {
	x, err := d.p.Actions.Repeated(ctx, d.id())
	if err != nil {
		return err
	}
	for line := range strings.Lines(strings.ReplaceAll(d.form.Get("header"), "\r\n", "\n")) {
		if line = strings.TrimSpace(line); line != "" {
			how.Header = append(how.Header, line)
		}
	}
	if d.form.Has("body") {
		how.Body = typed(d.form.Get("body"), x.Request.Body)
		shown := typed(string(d.p.History.Redacted(x).Request.Body), x.Request.Body)
		how.Edited = !bytes.Equal(how.Body, shown) // what was not changed goes out as it was recorded
	}
	return nil
}

// typed is a text of a form with the line ends of the recorded one: a form sends CR LF for each.
func typed(text string, recorded []byte) []byte {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	if lineEnd(recorded) == "\r\n" {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return []byte(text)
}

// lineEnd is the line end that a text has throughout; "" where it is mixed.
func lineEnd(text []byte) string {
	all, pairs := bytes.Count(text, []byte("\n")), bytes.Count(text, []byte("\r\n"))
	switch {
	case bytes.Count(text, []byte("\r")) != pairs:
		return ""
	case pairs == 0:
		return "\n"
	case pairs == all:
		return "\r\n"
	}
	return ""
}

// preview shows what an edited webhook changes before it is sent.
func (p *Page) preview(ctx context.Context, d *doing) error {
	var how act.How
	if err := d.edited(ctx, &how); err != nil {
		return err
	}
	x, err := p.Actions.Repeated(ctx, d.id())
	if err != nil {
		return err
	}
	e, err := p.editorOf(ctx, d.at)
	if err != nil {
		return err
	}
	if e.Shown = true; how.Edited {
		e.Changes = changesOf(act.Changes(p.History.Redacted(x), how.Body))
	}
	e.Changes = append(e.Changes, headerChanges(x, how.Header)...)
	if d.isPart() {
		show(d.w, d.r, http.StatusOK, "changes", e)
		return nil
	}
	if d.form.Has("body") {
		e.Body = d.form.Get("body")
	}
	e.Header, e.To = d.form.Get("header"), d.form.Get("to")
	e.Exact, e.NewID = d.form.Get("as") == "exact", d.form.Get("new-id") != ""
	show(d.w, d.r, http.StatusOK, editorName(false), e)
	return nil
}

func headerChanges(x *record.Exchange, lines []string) (all []changed) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		was, have := "", x.Request.Header.Get(name)
		if have != "" {
			was = have
		}
		if was != value {
			c := changed{Part: "header", Name: markup.Short(name, 80), Old: markup.Short(was, mostValue),
				New: markup.Short(value, mostValue), Added: have == ""}
			if isCredential(true, record.Field{Name: name, Value: was}) {
				c.Old = markup.Hidden(c.Old)
			}
			all = append(all, c)
		}
	}
	return all
}

// changed is one difference of two messages.
type changed struct {
	Part           string
	Name, Old, New markup.HTML
	Added, Removed bool
	Bytes          markup.HTML // of two bodies that are not text, in place of Old and New
}

// Limits on what is shown of differences.
const (
	mostChanges = 500
	mostValue   = 2000 // characters
)

// between are the differences of two messages. Of bodies that are not text the bytes are compared.
func between(a, b compare.Message) []changed {
	all := changesOf(compare.Messages(a, b, compare.Options{}))
	for i := range all {
		c := &all[i]
		if c.Part == string(compare.Body) && c.Name == "" && !c.Added && !c.Removed &&
			!markup.IsText(a.Body) && !markup.IsText(b.Body) {
			c.Bytes = markup.Bytes(a.Body, b.Body)
		}
	}
	return all
}

func changesOf(all []compare.Difference) (out []changed) {
	for i, d := range all {
		if i == mostChanges {
			break
		}
		c := changed{Part: string(d.Part), Name: markup.Short(d.Name, 200), Added: d.Old == nil, Removed: d.New == nil}
		if d.Old != nil {
			c.Old = markup.Raw([]byte(markup.Cut(*d.Old, mostValue)))
		}
		if d.New != nil {
			c.New = markup.Raw([]byte(markup.Cut(*d.New, mostValue)))
		}
		if isCredentials(&d) {
			c.Old, c.New = markup.Hidden(c.Old), markup.Hidden(c.New)
		}
		out = append(out, c)
	}
	return out
}
