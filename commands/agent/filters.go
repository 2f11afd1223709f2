package agent

// filters choose webhooks, as those of barb history do.
type filters struct {
	IDs       []string `json:"ids,omitempty"`
	Direction string   `json:"direction,omitempty"`
	Failed    bool     `json:"failed,omitempty"`
	Invalid   bool     `json:"invalid,omitempty"`
	OfScheme  string   `json:"of_scheme,omitempty"`
	Event     string   `json:"event,omitempty"`
	Endpoint  string   `json:"endpoint,omitempty"`
	Status    string   `json:"status,omitempty"`
	Since     string   `json:"since,omitempty"`
	Until     string   `json:"until,omitempty"`
	WebhookID string   `json:"webhook_id,omitempty"`
	Marked    string   `json:"marked,omitempty"`
	Grep      string   `json:"grep,omitempty"`
	Where     string   `json:"where,omitempty"`
}

// add adds the flags of the filters.
func (f *filters) add(l *line) {
	l.selectors(f.IDs...)
	switch f.Direction {
	case "":
	case "received", "sent":
		l.on(f.Direction, true)
	default:
		l.fails(wrong("direction", f.Direction, "received or sent"))
	}
	l.on("failed", f.Failed)
	l.on("invalid", f.Invalid)
	l.text("of-scheme", f.OfScheme)
	l.text("event", f.Event)
	l.text("endpoint", f.Endpoint)
	l.text("status", f.Status)
	l.text("since", f.Since)
	l.text("until", f.Until)
	l.text("id", f.WebhookID)
	l.text("marked", f.Marked)
	l.text("grep", f.Grep)
	l.expressions("where", f.Where)
}
