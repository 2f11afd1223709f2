package probe

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// timing are the checks of group C.
var timing = []Check{
	{
		ID: "C1", Name: "an old webhook is refused", Severity: Major, Source: []string{sourceSW, sourceWRC, sourceSVX},
		Fix:  "After the signature has matched, refuse a timestamp that is older than the provider's tolerance.",
		skip: all(timed, endsInPast),
		messages: func(p *Probe) []message {
			old := p.Tolerance.Past + time.Second
			return []message{{what: "a timestamp " + ago(old), want: refuse, change: at(-old)}}
		},
	},
	{
		ID: "C2", Name: "a late webhook is accepted", Severity: Minor, Source: []string{sourceWRC},
		Fix:  "Accept timestamps as old as the provider's tolerance: a retry or a clock that is off takes that long.",
		skip: all(timed, endsInPast),
		messages: func(p *Probe) []message {
			late := max(p.Tolerance.Past-30*time.Second, p.Tolerance.Past/2)
			return []message{{what: "a timestamp " + ago(late), change: at(-late)}}
		},
	},
	{
		ID: "C3", Name: "a webhook from the future is refused", Severity: Major, Source: []string{sourceSVX, sourceSW},
		Fix:  "Compare the distance from now in both directions: abs(now - timestamp).",
		skip: all(timed, endsInFuture),
		messages: func(p *Probe) []message {
			ahead := p.Tolerance.Future + time.Minute
			return []message{{what: "a timestamp " + ahead.String() + " ahead", want: refuse, change: at(ahead)}}
		},
	},
	{
		ID: "C6", Name: "a malformed timestamp is refused", Severity: Major, Source: []string{sourceWRC},
		Fix: "Take digits only, and refuse what is no number: in a comparison, NaN is neither too old nor too new.",
		skip: all(timed, func(p *Probe) string {
			if s := p.Signer.Scheme; s.Code != "" || s.JWT != nil || !strings.Contains(s.Content, "{ts}") ||
				s.Time.Key == "" && !strings.HasPrefix(string(s.Time.In), "header:") {
				return "the scheme's timestamp cannot be signed in another form"
			}
			return ""
		}),
		messages: malformedTimes,
	},
	{
		ID: "C7", Name: "a changed timestamp is refused", Severity: Critical, Source: []string{sourceOW},
		Fix:  "Compute the signature over the timestamp that the request carries, in the provider's own form.",
		skip: all(timed, timeInHeader),
		messages: func(*Probe) []message {
			return []message{{what: "a timestamp that was changed after signing", want: refuse, change: changeTime}}
		},
	},
	{
		ID: "C8", Name: "an exact replay has no second effect", Severity: Major, Source: []string{sourceOW, sourceSW},
		Fix: "Insert the webhook id under a unique key in the transaction that does the work, and answer 200 to an id " +
			"that is there.",
		requests: func(*Probe) int { return 2 },
		judge: func(ctx context.Context, r *run) finding {
			d, err := r.fresh()
			if err != nil {
				r.broken = err
				return finding{outcome: Unknown}
			}
			var sent *record.Request
			d.after = func(q *record.Request) {
				if sent == nil {
					keep := *q
					keep.Header = slices.Clone(q.Header)
					sent = &keep
					return
				}
				*q = *sent
			}
			return r.twice(ctx, "an exact replay", func(ctx context.Context, _ bool) (*answer, finding) {
				return r.send(ctx, d)
			}, func(second *answer) bool { return second.status()/100 == 4 })
		},
	},
}

func timed(p *Probe) string {
	if !p.Signer.Scheme.Timed() {
		return "the scheme signs no timestamp"
	}
	return ""
}

func endsInPast(p *Probe) string {
	if p.Tolerance.Past == sign.NoLimit {
		return "the provider's own receivers accept a timestamp of any age"
	}
	return ""
}

func endsInFuture(p *Probe) string {
	if p.Tolerance.Future == sign.NoLimit {
		return "the provider's own receivers accept a timestamp in the future"
	}
	return ""
}

func timeInHeader(p *Probe) string {
	s := p.Signer.Scheme
	if s.JWT != nil || s.Time.Key == "" && !strings.HasPrefix(string(s.Time.In), "header:") {
		return "the timestamp is not in a header"
	}
	return ""
}

func ago(d time.Duration) string { return d.Round(time.Second).String() + " old" }

// malformedTimes signs timestamps that are none. Where the provider's receivers accept the future, a large number is a
// good timestamp.
func malformedTimes(p *Probe) []message {
	seconds := func(before string, times int64) func(time.Time) string {
		return func(now time.Time) string { return before + strconv.FormatInt(now.Unix()*times, 10) }
	}
	text := func(s string) func(time.Time) string { return func(time.Time) string { return s } }
	list := []message{
		{what: "the timestamp notanumber", want: refuse, change: timeAs(text("notanumber"))},
		{what: "a negative timestamp", want: refuse, change: timeAs(seconds("-", 1))},
		{what: "an empty timestamp", want: refuse, change: timeAs(text(""))},
		{what: "a timestamp with a plus sign", want: distrust, change: timeAs(seconds("+", 1))},
	}
	if p.Tolerance.Future != sign.NoLimit {
		list = append(list,
			message{what: "a timestamp of 20 digits", want: refuse, change: timeAs(text("17000000000000000000"))})
		if p.Signer.Scheme.Time.Unit == sign.Seconds {
			list = append(list,
				message{what: "a timestamp in milliseconds", want: refuse, change: timeAs(seconds("", 1000))})
		}
	}
	return list
}

// timeAs signs with any text in the place of the timestamp: by a scheme that has the text where this one has the time.
func timeAs(text func(now time.Time) string) func(*Probe, *draft) {
	return func(p *Probe, d *draft) {
		d.signing = func(now time.Time) *signer.Signer {
			s, text := p.Signer.Scheme.Clone(), text(now)
			put := strings.NewReplacer("{ts}", text)
			s.Content, s.Format, s.More = put.Replace(s.Content), put.Replace(s.Format), put.Replace(s.More)
			if name, ok := strings.CutPrefix(string(s.Time.In), "header:"); ok && text != "" {
				s.Fixed = append(s.Fixed, sign.Field{Name: name, Value: text})
			}
			s.Time = sign.Timestamp{}
			own := p.with(p.Signer.Secrets[0])
			own.Scheme = s
			return own
		}
	}
}

// changeTime sets the timestamp of a signed request one second back.
func changeTime(p *Probe, d *draft) {
	s := p.Signer.Scheme
	d.after = func(q *record.Request) {
		m := sign.Message{Header: q.Header.HTTP(), URL: q.URL, Body: q.Body}
		old := s.Stamp(m)
		changed := earlier(s.Time.Unit, old)
		if name, ok := strings.CutPrefix(string(s.Time.In), "header:"); ok {
			q.Header = q.Header.Set(name, changed)
			return
		}
		if name := p.header(); name != "" {
			q.Header = q.Header.Set(name, strings.Replace(s.Signature(m), s.Time.Key+old, s.Time.Key+changed, 1))
		}
	}
}

// earlier returns a timestamp one second before another.
func earlier(u sign.Unit, text string) string {
	t, ok := u.Parse(text)
	if !ok {
		return text + "0"
	}
	t = t.Add(-time.Second)
	switch u {
	case sign.Seconds:
		return strconv.FormatInt(t.Unix(), 10)
	case sign.Milliseconds:
		return strconv.FormatInt(t.UnixMilli(), 10)
	case sign.RFC3339Millis:
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
