package probe

import (
	"cmp"
	"context"
	"net/url"
	"strings"
)

// reach are the checks of group A.
var reach = []Check{
	{
		ID: "A1", Name: "a valid webhook is accepted", Severity: Critical, Source: []string{sourceSW, sourceWRC},
		Fix:      "Answer 2xx to a webhook whose signature is valid; barb verify ID --explain says why one is not.",
		requests: func(*Probe) int { return 1 + len(reprinters) },
		judge:    judgeBaseline,
	},
	{
		ID: "A2", Name: "an unknown event type is accepted", Severity: Major, Source: []string{sourceGH, sourceSW, sourceSTR},
		Fix: "Answer 2xx to event types that you do not handle: a 4xx or 5xx has the provider send them again, and at last " +
			"disable the endpoint.",
		skip: func(p *Probe) string {
			if p.Signer.Scheme.EventIn == "" {
				return "the scheme has no event type"
			}
			return ""
		},
		messages: func(*Probe) []message { return []message{{what: "an unknown event type", change: otherEvent}} },
	},
	{
		ID: "A3", Name: "no redirect", Severity: Major, Source: []string{sourceSW, sourceSVX},
		Fix:   "Give the provider the final URL: a webhook that is redirected is not delivered.",
		judge: judgeRedirect, late: true,
	},
	{
		ID: "A4", Name: "HTTPS for a public address", Severity: Major, Source: []string{sourceOW, sourceFYI, sourceGH},
		Fix:  "Serve the endpoint over HTTPS, and give the provider that URL.",
		late: true,
		skip: func(p *Probe) string {
			if !p.Public {
				return "the address is not public"
			}
			return ""
		},
		judge: func(_ context.Context, r *run) finding {
			u, err := url.Parse(r.baseline.Request.URL)
			if err != nil || u.Scheme != "https" {
				return finding{outcome: Fail, detail: "the URL is " + cmp.Or(u.Scheme, "not https")}
			}
			return finding{outcome: Pass, detail: "the URL is https"}
		},
	},
}

func judgeRedirect(_ context.Context, r *run) finding {
	if r.baseline == nil {
		return finding{outcome: Unknown, detail: "there was no answer"}
	}
	f := finding{outcome: Pass, exchange: r.baseline.ID, detail: "the answer is no redirect"}
	switch status := r.baseline.status(); {
	case status == 0:
		f.outcome, f.detail = Unknown, "there was no answer"
	case status/100 == 3:
		f.outcome = Fail
		f.detail = r.baseline.says() + " to " + cmp.Or(r.baseline.Response.Header.Get("Location"), "nowhere")
	}
	return f
}

// otherEvent changes the event type into one that no receiver knows.
func otherEvent(p *Probe, d *draft) {
	const unknown = "barb.probe"
	kind, name, _ := strings.Cut(string(p.Signer.Scheme.EventIn), ":")
	ok := false
	switch kind {
	case "header":
		d.x.EventType, ok = unknown, true
	case "json":
		d.x.Request.Body, ok = setJSON(d.x.Request.Body, name, quoted(unknown))
		d.x.EventType = unknown
	}
	if !ok {
		d.skip = "the event type cannot be changed in this payload"
	}
}
