package probe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// judgeBaseline sends one valid webhook.
func judgeBaseline(ctx context.Context, r *run) finding {
	d, err := r.fresh()
	if err != nil {
		r.broken = err
		return finding{outcome: Unknown}
	}
	a, f := r.send(ctx, d)
	if a == nil {
		if r.broken == nil {
			r.broken = errors.New(f.detail)
		}
		return f
	}
	r.baseline = a
	f = finding{outcome: Pass, detail: a.says(), exchange: a.ID}
	if a.accepted() {
		return f
	}
	f.outcome = Fail
	switch status := a.status(); {
	case status == 0:
		f.fix = "Start the receiver, or give the URL at which it listens."
	case status/100 == 3:
		f.detail += ": it redirects to " + cmp.Or(a.Response.Header.Get("Location"), "nowhere")
	case status == 401 || status == 403 || status == 400:
		return r.explainRefusal(ctx, f)
	case status == 404:
		f.detail += ": there is no receiver at this path"
	case status == 405:
		f.detail += ": this path does not take " + a.Request.Method
	}
	return f
}

// refusesAll is the detail of a check that is not made because the first one has failed.
const refusesAll = "the receiver does not accept a valid webhook (A1)"

// NeedsA1 reports whether the check was not made because the receiver does not accept a valid webhook.
func (r *Result) NeedsA1() bool { return r.Outcome == Unknown && r.Detail == refusesAll }

// Answered reports whether the receiver gave any answer to the first webhook.
func Answered(results []Result) bool {
	return len(results) > 0 && (results[0].Outcome == Pass || !strings.HasPrefix(results[0].Detail, "no answer"))
}

// reprinter writes a body as an app does that parses it and prints it again.
type reprinter struct {
	what  string
	print func(body []byte) []byte // nil when the body is of another kind
	fix   string
}

var reprinters = []reprinter{
	{"as JSON.stringify writes it", func(b []byte) []byte { return printJSON(b, false) }, bytesFix},
	{"as Python's json.dumps writes it", func(b []byte) []byte { return printJSON(b, true) }, bytesFix},
	{"without its empty fields", withoutEmptyFields,
		"Verify all fields of the form, those without a value as well: keep_blank_values=True in Python's parse_qs."},
}

// explainRefusal finds out whether the receiver verifies what it parsed and printed: it then accepts the event in the
// bytes that it prints. The same secret is no question for such a receiver.
func (r *run) explainRefusal(ctx context.Context, f finding) finding {
	f.detail += ": it refuses a valid signature of " + r.Signer.Scheme.Name
	for _, p := range reprinters {
		d, err := r.fresh()
		if err != nil {
			r.broken = err
			return f
		}
		printed := p.print(d.x.Request.Body)
		if printed == nil || bytes.Equal(printed, d.x.Request.Body) {
			continue
		}
		d.x.Request.Body = printed
		if a, _ := r.send(ctx, d); a != nil && a.accepted() {
			f.detail += fmt.Sprintf(", but accepts one of the same event %s: it verifies what it has parsed", p.what)
			f.fix = p.fix
			return f
		}
	}
	f.detail += "; is it the same secret?"
	return f
}

// printJSON prints a JSON object with its keys in order, as every printer does that keeps the order which it reads.
func printJSON(body []byte, isPython bool) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if isPython {
		decoder.UseNumber() // Python keeps 1.0, where JavaScript and Go print 1
	}
	var value map[string]any
	if decoder.Decode(&value) != nil {
		return nil
	}
	var compact, out bytes.Buffer
	encoder := json.NewEncoder(&compact)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return nil
	}
	inText, isEscaped := false, false
	for _, c := range strings.TrimSuffix(compact.String(), "\n") {
		switch {
		case isPython && !inText && (c == ',' || c == ':'):
			out.WriteString(string(c) + " ")
		case isPython && c > 0x7e:
			for _, unit := range utf16.Encode([]rune{c}) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
		default:
			out.WriteRune(c)
		}
		if c == '"' && !isEscaped {
			inText = !inText
		}
		isEscaped = c == '\\' && !isEscaped
	}
	return out.Bytes()
}

// withoutEmptyFields prints a form as most parsers have it: fields without a value are not there.
func withoutEmptyFields(body []byte) []byte {
	var fields []string
	if json.Valid(body) || !bytes.Contains(body, []byte("=")) {
		return nil
	}
	for field := range strings.SplitSeq(string(body), "&") {
		if _, value, _ := strings.Cut(field, "="); value != "" {
			fields = append(fields, field)
		}
	}
	return []byte(strings.Join(fields, "&"))
}
