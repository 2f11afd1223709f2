package probe

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"sync"

	"github.com/barbhq/barb/sign"
)

// telling are the checks of group K, which judge the answers to all others.
var telling = []Check{
	{
		ID: "K1", Name: "refusals tell nothing secret", Severity: Major, Source: []string{sourceOW},
		Fix:  "Answer a refusal with a status and a few fixed words; write the stack trace to the log.",
		late: true, judge: judgeLeaks,
	},
	{
		ID: "K4", Name: "refusals have the right status", Severity: Minor, Source: []string{sourceSW, sourceBRB},
		Fix: "Answer 401 or 400: after a 410 some providers stop for good, a 2xx hides the failure, and a 5xx is sent " +
			"again for days.",
		late: true, judge: judgeStatuses,
	},
}

// leaks are texts that do not belong into an answer. They are compiled when they are first needed.
var leaks = sync.OnceValue(func() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"a stack trace": regexp.MustCompile(`Traceback \(most recent call last\)|\n\s+at .+:\d+:\d+|goroutine \d+ \[` +
			`|\.java:\d+\)|File "[^"]+", line \d+|\.rb:\d+:in |#\d+ /[^ ]+\.php\(\d+\)|\bat .+ \(.+\.[jt]s:\d+:\d+\)`),
		"a path of the server": regexp.MustCompile(`(?:/(?:home|usr|var|srv|app|opt|root|Users|tmp)/|[A-Z]:\\)` +
			`[\w./\\@-]+\.(?:js|mjs|ts|py|rb|go|php|java)\b|node_modules/`),
		"SQL": regexp.MustCompile(`SQLSTATE|syntax error at or near|sqlite3\.\w*Error|ER_[A-Z_]{6,}|` +
			`(?i:insert into \w+ ?\(|select .{1,80} from \w+ where )`),
	}
})

func judgeLeaks(_ context.Context, r *run) finding {
	if len(r.answers) == 0 {
		return finding{outcome: Unknown, detail: "there were no answers"}
	}
	for _, a := range r.answers {
		if a.Response == nil {
			continue
		}
		if what := r.leak(a.answer); what != "" {
			return finding{outcome: Fail, exchange: a.ID, detail: fmt.Sprintf("%s in the answer to %s", what, a.check.ID)}
		}
	}
	return finding{outcome: Pass, detail: fmt.Sprintf("%d answers were searched", len(r.answers))}
}

// leak returns what an answer tells, "" for nothing. What the request itself held is no secret.
func (r *run) leak(a *answer) string {
	for _, secret := range r.Signer.Secrets {
		if len(secret.Key) >= 8 && bytes.Contains(a.Response.Body, secret.Key) {
			return "the secret"
		}
	}
	if want := r.signatureOf(a); len(want) >= 16 && bytes.Contains(a.Response.Body, []byte(want)) &&
		!bytes.Contains([]byte(a.Request.Head), []byte(want)) {
		return "the expected signature"
	}
	for what, pattern := range leaks() {
		if found := pattern.Find(a.Response.Body); found != nil && !bytes.Contains(a.Request.Body, found) {
			return what
		}
	}
	return ""
}

// signatureOf returns the signature that the request of an answer should have had, "" when that cannot be told.
func (r *run) signatureOf(a *answer) string {
	s := r.Signer.Scheme
	if s.InBody() || s.Auth == sign.Token {
		return ""
	}
	q := a.Request
	m := sign.Message{Header: q.Header.HTTP(), URL: q.URL, Body: q.Body}
	at := a.Start
	if t, ok := s.Time.Unit.Parse(s.Stamp(m)); ok {
		at = t
	}
	q.Header = q.Header.Without(r.header())
	if r.with(r.Signer.Secrets...).SignRequest(a.Exchange, at, &q) != nil {
		return ""
	}
	value := s.Signature(sign.Message{Header: q.Header.HTTP(), URL: q.URL, Body: q.Body})
	from, to := span(value)
	return value[from:to]
}

// judgeStatuses looks at how forged requests were refused.
func judgeStatuses(_ context.Context, r *run) finding {
	n := 0
	for _, a := range r.answers {
		if a.want != refuse || a.accepted() || a.status() == 0 {
			continue
		}
		n++
		switch status := a.status(); {
		case status == 400 || status == 401 || status == 403:
		case status == 413 || status == 414 || status == 431: // of what is too long
		case status >= 500:
			return finding{outcome: Fail, exchange: a.ID, detail: a.says() + " to " + a.check.ID}
		default:
			return finding{outcome: Warn, exchange: a.ID, detail: a.says() + " to " + a.check.ID}
		}
	}
	if n == 0 {
		return finding{outcome: Unknown, detail: "nothing was refused"}
	}
	return finding{outcome: Pass, detail: fmt.Sprintf("%d refusals", n)}
}
