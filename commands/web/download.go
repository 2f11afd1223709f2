package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/commands/web/markup"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/webhooks"
)

// errNoPart says that a webhook has no such part.
var errNoPart = errors.New("no such part")

// part returns the bytes of a part of a webhook: request, raw, or response-17 of an exchange that belongs to it.
func (p *Page) part(ctx context.Context, id int64, name string) ([]byte, error) {
	w, err := webhooks.Get(ctx, p.History, id, p.Now())
	if err != nil {
		return nil, err
	}
	of, isResponse := strings.CutPrefix(name, "response-")
	at := w.Last().ID
	if isResponse {
		at = 0
		for _, x := range w.Exchanges {
			if strconv.FormatInt(x.ID, 10) == of {
				at = x.ID
			}
		}
	}
	if at == 0 || !isResponse && name != "request" && name != "raw" {
		return nil, errNoPart
	}
	x, err := p.whole(ctx, at)
	switch {
	case err != nil:
		return nil, err
	case name == "raw":
		return x.Request.AppendBody(x.Request.AppendHead(nil)), nil
	case !isResponse:
		return x.Request.Body, nil
	case x.Response == nil:
		return nil, errNoPart
	}
	return x.Response.Body, nil
}

// download answers with bytes as they came, as a file that no browser shows.
func (p *Page) download(w http.ResponseWriter, r *http.Request) {
	id, name := number(r.PathValue("id")), r.PathValue("part")
	data, err := p.part(r.Context(), id, name)
	if err != nil {
		p.noPart(w, err)
		return
	}
	ending := ".bin"
	if name == "raw" {
		ending = ".http"
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="webhook-`+strconv.FormatInt(id, 10)+"-"+name+ending+`"`)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data)
}

// cassette answers with a cassette of the webhook, as barb save writes it.
func (p *Page) cassette(w http.ResponseWriter, r *http.Request) {
	if p.Actions == nil {
		p.noPart(w, errNoPart)
		return
	}
	id := number(r.PathValue("id"))
	text, err := p.Actions.Cassette(r.Context(), id)
	if err != nil {
		p.noPart(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Disposition", `attachment; filename="webhook-`+strconv.FormatInt(id, 10)+`.barb.ndjson"`)
	_, _ = w.Write(text)
}

// copied answers with the webhook as text in a form: curl, a program.
func (p *Page) copied(w http.ResponseWriter, r *http.Request) {
	if p.Actions == nil {
		p.noPart(w, errNoPart)
		return
	}
	c, err := p.Actions.Copy(r.Context(), number(r.PathValue("id")), act.Form(r.PathValue("form")))
	if isUsage(err) {
		err = errNoPart
	}
	if err != nil {
		p.noPart(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Barb-Notes", url.PathEscape(strings.Join(c.Notes, "; ")))
	w.Header().Set("Barb-Holds", url.PathEscape(strings.Join(c.Holds, ", ")))
	_, _ = w.Write(c.Text)
}

// rest shows the part of a body that begins at ?from=, as text or in hex, at most as much as the first part.
func (p *Page) rest(w http.ResponseWriter, r *http.Request) {
	data, err := p.part(r.Context(), number(r.PathValue("id")), r.PathValue("part"))
	from := int(number(r.URL.Query().Get("from")))
	if err == nil && from >= len(data) {
		err = errNoPart
	}
	if err != nil {
		p.noPart(w, err)
		return
	}
	isText := utf8.Valid(data)
	most := markup.MostShown
	if !isText {
		most = markup.MostHex
	}
	rest := data[from:min(len(data), from+most)]
	next := from + len(rest)
	var c struct {
		ID          int64
		Name        string
		Text        markup.HTML
		Next, Total int
		From        int
	}
	if isText && next < len(data) {
		rest = ui.WholeRunes(rest)
		next = from + len(rest)
	}
	if c.Text = markup.Hex(rest, from); isText {
		c.Text = markup.Raw(rest)
	}
	c.ID, c.Name, c.From, c.Total = number(r.PathValue("id")), r.PathValue("part"), from, len(data)
	if next < len(data) {
		c.Next = next
	}
	show(w, r, http.StatusOK, "rest", c)
}

func (p *Page) noPart(w http.ResponseWriter, err error) {
	if errors.Is(err, errNoPart) || errors.Is(err, store.ErrNotFound) {
		refuse(w, http.StatusNotFound, "This webhook has no such part.")
		return
	}
	text, _ := p.Hint(err)
	refuse(w, http.StatusServiceUnavailable, text)
}
