package probe

import (
	"bytes"
	"strings"

	"github.com/barbhq/barb/store/record"
)

const bytesFix = "Verify the raw body as it was received (express.raw, request.get_data(), io.ReadAll), before any " +
	"parser: JSON that is parsed and written again has other bytes."

// exactness are the checks of group E. Each message is signed over exactly what is sent.
var exactness = []Check{
	{
		ID: "E1", Name: "unusual JSON verifies", Severity: Major, Source: []string{sourceWRC, sourceSW}, Fix: bytesFix,
		skip: reprints,
		messages: func(*Probe) []message {
			return []message{{what: "JSON with blanks, unsorted and repeated keys, 1.0, 1e3, 2^60, \\u00e9 and \\/",
				change: body(func(b []byte) ([]byte, bool) {
					return insert(b, " \"barb_probe_z\" :\t[ 1.0, 1e3 , 1152921504606846976, \"caf\\u00e9 \\/\" ],"+
						"\n \"barb_probe_a\": 1, \"barb_probe_a\" : 2 ")
				})}}
		},
	},
	{
		ID: "E2", Name: "line breaks verify", Severity: Major, Source: []string{sourceBRB}, Fix: bytesFix, skip: reprints,
		messages: func(*Probe) []message {
			broken := func(end string) func(*Probe, *draft) {
				return body(func(b []byte) ([]byte, bool) {
					b, ok := insert(bytes.TrimRight(b, "\r\n"), "\r\n\"barb_probe_lines\": 1")
					return append(b, end...), ok
				})
			}
			return []message{{what: "CR LF inside and no line break at the end", change: broken("")},
				{what: "a line break at the end", change: broken("\n")},
				{what: "CR LF at the end", change: broken("\r\n")}}
		},
	},
	{
		ID: "E4", Name: "unusual framing is accepted", Severity: Major, Source: []string{sourceBRB},
		Fix: "Read the body to its end whether or not there is a Content-Length, and look headers up without regard to case.",
		messages: func(*Probe) []message {
			return []message{
				{what: "a chunked body", change: func(_ *Probe, d *draft) {
					d.x.Request.Header = d.x.Request.Header.Set("Transfer-Encoding", "chunked")
				}},
				{what: "header names in lower case", change: names(strings.ToLower)},
				{what: "header names in upper case", change: names(strings.ToUpper)},
				{what: "HTTP/2", change: overHTTP2},
			}
		},
	},
	{
		ID: "E7", Name: "a byte order mark does no harm", Severity: Minor, Source: []string{sourceBRB},
		Fix: "Answer 400 to a body that your parser cannot read, or skip the byte order mark.",
		messages: func(*Probe) []message {
			return []message{{what: "a byte order mark before the body", want: endure,
				change: body(func(b []byte) ([]byte, bool) { return append([]byte("\xef\xbb\xbf"), b...), true })}}
		},
	},
}

// reprints names the provider whose own SDK signs what it printed, so that only compact JSON verifies.
func reprints(p *Probe) string {
	if p.Signer.Scheme.Name == "workos" {
		return "WorkOS's own SDK verifies compact JSON only"
	}
	return ""
}

// overHTTP2 offers HTTP/2, which is spoken over TLS alone.
func overHTTP2(_ *Probe, d *draft) {
	if d.overH2 = strings.HasPrefix(d.x.Request.URL, "https:"); !d.overH2 {
		d.skip = "HTTP/2 needs https"
	}
}

// names changes the names of all headers after signing.
func names(change func(string) string) func(*Probe, *draft) {
	return func(_ *Probe, d *draft) {
		d.after = func(q *record.Request) {
			header := make(record.Header, len(q.Header))
			for i, f := range q.Header {
				header[i] = record.Field{Name: change(f.Name), Value: f.Value}
			}
			q.Header = header
		}
	}
}
