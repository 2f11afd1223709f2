package web

import (
	"bytes"
	"net/http"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/commands/web/markup"
	"github.com/barbhq/barb/units"
)

const (
	// mostHits is how many places a search in a body shows.
	mostHits = 50
	// around is how much of the body is shown before and behind a place, in bytes.
	around = 48
)

// hit is a place in a body where a text was found.
type hit struct {
	At   int // its offset in bytes
	From int // where the part of the body that is shown for it begins
	Text markup.HTML
}

// inBody searches all of a body for ?text=, byte for byte, and shows the places.
func (p *Page) inBody(w http.ResponseWriter, r *http.Request) {
	id, name := number(r.PathValue("id")), r.PathValue("part")
	data, err := p.part(r.Context(), id, name)
	if err != nil {
		p.noPart(w, err)
		return
	}
	text := r.URL.Query().Get("text")
	text = text[:min(len(text), longestFilter)]
	hits := hitsIn(data, []byte(text), mostHits+1)
	show(w, r, http.StatusOK, "found", struct {
		ID    int64
		Name  string
		Total string
		Hits  []hit
		More  bool
	}{id, name, units.RoundSize(int64(len(data))), hits[:min(len(hits), mostHits)], len(hits) > mostHits})
}

// hitsIn finds the first places of a text, which do not overlap. Nothing is found for an empty text.
func hitsIn(data, text []byte, most int) (all []hit) {
	for at := 0; len(text) > 0 && len(all) < most; {
		i := bytes.Index(data[at:], text)
		if i < 0 {
			break
		}
		at += i
		end := at + len(text)
		from := runeStart(data, max(at-around, 0))
		text := markup.Marked(string(data[from:at]), ui.Clip(string(data[at:end]), 2*around),
			string(ui.WholeRunes(data[end:min(end+around, len(data))])))
		all = append(all, hit{At: at, From: from, Text: text})
		at = end
	}
	return all
}

// runeStart moves a place forward to where a character begins.
func runeStart(data []byte, at int) int {
	for n := 0; n < utf8.UTFMax && at < len(data) && !utf8.RuneStart(data[at]); n++ {
		at++
	}
	return at
}
