package probe

import (
	"bytes"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// verifyFix is what to change where a forged request was accepted.
const verifyFix = "Verify the signature over the raw body before anything else, and answer 401 when it is not valid; " +
	"barb verify --emit writes the code."

// authenticity are the checks of group B.
var authenticity = []Check{
	{
		ID: "B1", Name: "no signature is refused", Severity: Critical, Source: []string{sourceWRC, sourceOW},
		Fix: verifyFix,
		messages: func(*Probe) []message {
			return []message{{what: "no signature", want: refuse, change: unsigned}}
		},
	},
	{
		ID: "B2", Name: "an empty or doubled signature is refused", Severity: Critical,
		Source:   []string{sourceWRC, sourceBRB},
		Fix:      "Treat an empty signature as a missing one, and refuse a request that has two signature headers.",
		messages: emptySignatures,
	},
	{
		ID: "B3", Name: "a malformed signature is refused", Severity: Critical, Source: []string{sourceWRC},
		Fix: "Answer 401 to a signature that cannot be read: check its form before it is compared, and let no exception " +
			"through.",
		messages: malformedSignatures,
	},
	{
		ID: "B4", Name: "another key is refused", Severity: Critical, Source: []string{sourceWRC, sourceSW}, Fix: verifyFix,
		messages: func(*Probe) []message {
			return []message{{what: "a signature by another key", want: refuse, change: byWrong}}
		},
	},
	{
		ID: "B5", Name: "the signature of another body is refused", Severity: Critical,
		Source: []string{sourceWRC, sourceSW}, Fix: verifyFix, skip: all(coversBody, inHeader),
		messages: func(*Probe) []message {
			return []message{{what: "the signature of another body", want: refuse, change: otherBody}}
		},
	},
	{
		ID: "B6", Name: "a changed body is refused", Severity: Critical, Source: []string{sourceWRC, sourceOW},
		Fix:  "Compute the signature over the exact bytes of the body, not over what a parser made of them.",
		skip: all(coversBody, inHeader),
		messages: func(*Probe) []message {
			return []message{
				{what: "a changed byte", want: refuse, change: onBody(changeByte)},
				{what: "an added blank", want: refuse, severity: Major, // whatever parses the body takes it for the same
					change: onBody(func(b []byte) []byte { return append(b, ' ') })},
				{what: "a missing byte", want: refuse, change: onBody(func(b []byte) []byte { return b[:max(len(b)-1, 0)] })},
			}
		},
	},
	{
		ID: "B9", Name: "empty and well-known keys are refused", Severity: Critical, Source: []string{sourceBRB},
		Fix: "Refuse to start when the secret is missing or empty, and take it from the provider, not from an example.",
		skip: func(p *Probe) string {
			if a := p.Signer.Scheme.Auth; a != sign.HMAC && a != sign.Token && a != sign.Digest {
				return "the receiver has a public key"
			}
			return ""
		},
		messages: guessedKeys,
	},
	{
		ID: "B12", Name: "an upper-case signature is refused", Severity: Info, Source: []string{sourceBRB},
		Fix: "Compare the signature as text, as the provider's own SDK does.",
		skip: func(p *Probe) string {
			if !slices.Contains(p.Signer.Scheme.Strict, sign.UpperCase) {
				return "no SDK of the provider is known to refuse it"
			}
			return ""
		},
		messages: func(*Probe) []message {
			return []message{{what: "an upper-case signature", want: distrust, change: onSignature(upper)}}
		},
	},
}

func coversBody(p *Probe) string {
	if !p.Signer.Scheme.CoversBody() {
		return "the scheme does not sign the body"
	}
	return ""
}

func inHeader(p *Probe) string {
	if p.Signer.Scheme.InBody() {
		return "the signature is not in a header"
	}
	return ""
}

// unsigned has the request sent with everything but its signature.
func unsigned(p *Probe, d *draft) {
	if p.Signer.Scheme.InBody() {
		d.signer = nil
		return
	}
	drop := append([]string{p.header()}, p.Signer.Scheme.Alt...)
	if p.Signer.Scheme.Code == sign.RFC9421 {
		drop = append(drop, "Signature-Input")
	}
	d.after = func(q *record.Request) { q.Header = q.Header.Without(drop...) }
}

func emptySignatures(p *Probe) []message {
	list := []message{{what: "an empty signature", want: refuse,
		change: onSignature(func(string) string { return "" })}}
	if p.Signer.Scheme.InBody() || p.Signer.Scheme.Repeat {
		return list
	}
	return append(list,
		message{what: "a bad signature header before the good one", want: distrust, change: doubled(0)},
		message{what: "a bad signature header behind the good one", want: distrust, change: doubled(1)})
}

// doubled adds a second signature header, with a signature of another key, before (0) or behind (1) the good one.
func doubled(behind int) func(*Probe, *draft) {
	return func(p *Probe, d *draft) {
		d.after = func(q *record.Request) {
			name := p.header()
			i := slices.IndexFunc(q.Header, func(f record.Field) bool { return strings.EqualFold(f.Name, name) })
			if i < 0 {
				return
			}
			bad := record.Field{Name: q.Header[i].Name, Value: scramble(q.Header[i].Value)}
			q.Header = slices.Insert(slices.Clone(q.Header), i+behind, bad)
		}
	}
}

// scramble returns a signature of the same form that is not valid: half of its digits are others.
func scramble(value string) string {
	from, to := span(value)
	out := []byte(value)
	for i := from; i < (from+to)/2; i++ {
		switch c := out[i]; {
		case c >= '0' && c <= '9':
			out[i] = '0' + (c-'0'+1)%10
		case c >= 'a' && c <= 'f':
			out[i] = 'a' + (c-'a'+1)%6
		}
	}
	return string(out)
}

func malformedSignatures(p *Probe) []message {
	replace := func(text string) func(string) string {
		return func(value string) string {
			from, to := span(value)
			return value[:from] + text + value[to:]
		}
	}
	list := []message{
		{what: "a signature that is no " + encodingName(p.Signer.Scheme), want: refuse,
			change: onSignature(replace(strings.Repeat("!z", 32)))},
		{what: "half a signature", want: refuse, change: onSignature(func(value string) string {
			from, to := span(value)
			return value[:from+(to-from)/2]
		})},
	}
	if prefix := p.Signer.Scheme.Prefix; prefix != "" && p.Signer.Scheme.JWT == nil {
		list = append(list, message{what: "a signature with another prefix", want: refuse,
			change: onSignature(func(value string) string { return strings.ReplaceAll(value, prefix, "x"+prefix) })})
	}
	if p.Signer.Scheme.InBody() {
		return list
	}
	return append(list, message{what: "a signature of 64 KiB", want: refuse, mayCut: true,
		change: onSignature(replace(strings.Repeat("a", 64<<10)))})
}

func encodingName(s sign.Scheme) string {
	if s.Enc == sign.Plain {
		return "token"
	}
	return string(s.Enc)
}

// otherBody signs another body than the one that is sent.
func otherBody(_ *Probe, d *draft) {
	sent := d.x.Request.Body
	d.x.Request.Body = changeByte(bytes.Clone(sent))
	d.after = func(q *record.Request) { q.Body = sent }
}

// changeByte replaces the last letter or digit of a body that stands in the same place in JSON afterwards.
func changeByte(b []byte) []byte {
	for i := len(b) - 1; i >= 0; i-- {
		switch c := b[i]; {
		case c >= '1' && c <= '8':
			b[i]++
			return b
		case c >= 'a' && c <= 'y' && i > 0 && inText(b, i):
			b[i]++
			return b
		}
	}
	return append(b, '1')
}

// inText reports whether the byte at i is in a string of JSON, or whether the body is no JSON.
func inText(b []byte, i int) bool {
	if len(b) == 0 || b[0] != '{' && b[0] != '[' {
		return true
	}
	before := bytes.Count(b[:i], []byte(`"`)) - bytes.Count(b[:i], []byte(`\"`))
	return before%2 == 1 && b[i-1] != '\\' && !bytes.Contains(b[max(i-5, 0):i], []byte(`\u`))
}

// guessedKeys are keys that everybody knows. An HMAC with an empty key is that with a key of one zero byte, since keys
// are filled up with zeros (RFC 2104, section 2).
func guessedKeys(p *Probe) []message {
	keys := []struct{ what, key string }{{"an empty key", "\x00"}, {"the key undefined", "undefined"},
		{"the key None", "None"}, {"the key secret", "secret"}}
	if example, ok := exampleKey(p.Signer.Scheme); ok {
		keys = append(keys, struct{ what, key string }{"the key of the documentation's example", example})
	}
	var list []message
	for _, k := range keys {
		secret, ok := encodeKey(p.Signer.Scheme, k.key)
		if !ok {
			continue
		}
		list = append(list, message{what: k.what, want: refuse, change: func(p *Probe, d *draft) {
			d.signer = p.with(sign.Secret{Name: "guessed", Key: secret})
		}})
	}
	return list
}

func upper(value string) string {
	from, to := span(value)
	return value[:from] + strings.ToUpper(value[from:to]) + value[to:]
}
