package web

import (
	"github.com/barbhq/barb/commands/web/markup"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
)

// content is a body as the page shows it.
type content struct {
	markup.Body
	Name string // of the part in addresses: request, response-17
	Note string // what was not kept
}

// kept says what of a body the history does not have.
func kept(have int, size int64) string {
	if size <= int64(have) {
		return ""
	}
	return units.RoundSize(int64(have)) + " of " + units.RoundSize(size) + " were kept"
}

func requestContent(r *record.Request) content {
	c := content{Body: markup.BodyOf(r.Body, r.Header.Get("Content-Type")), Name: "request"}
	if r.Whole != nil {
		c.Note = kept(len(r.Body), r.Whole.Length)
	}
	return c
}

func responseContent(name string, r *record.Response) content {
	return content{markup.BodyOf(r.Body, r.Header.Get("Content-Type")), name, kept(len(r.Body), r.Size)}
}
