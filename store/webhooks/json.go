package webhooks

import (
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// JSON returns the JSON form of the webhook: that of whole, which is its Last with what With asks for, under the
// webhook's id and state and with the time of its newest exchange.
func (w *Webhook) JSON(whole *record.Exchange, with export.With) export.Line {
	line := export.JSON(whole, with)
	line.ID, line.Thread, line.Outcome = w.ID, 0, string(w.State)
	line.Timestamp = export.Stamp(w.Newest().Start)
	line.Pinned, line.Note = w.Remark.Pinned, w.Remark.Note
	line.App = export.AppOf(w.App())
	for _, x := range w.Exchanges {
		line.Attempts = append(line.Attempts, export.PartOf(x))
	}
	return line
}
