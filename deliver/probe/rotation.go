package probe

import (
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

const rotationFix = "Try every signature of the request, and accept it when one matches: while a secret is replaced, " +
	"providers sign with the old and the new one."

// rotation are the checks of group D.
var rotation = []Check{
	{
		ID: "D1", Name: "the second of two signatures counts", Severity: Major, Source: []string{sourceSW},
		Fix: rotationFix, skip: rotates,
		messages: func(*Probe) []message {
			return []message{{what: "two signatures, the second good", change: signatures(1, true)}}
		},
	},
	{
		ID: "D2", Name: "the first of two signatures counts", Severity: Major, Source: []string{sourceSW},
		Fix: rotationFix, skip: rotates,
		messages: func(*Probe) []message {
			return []message{{what: "two signatures, the first good", change: goodThenBad}}
		},
	},
	{
		ID: "D3", Name: "several bad signatures are refused", Severity: Critical, Source: []string{sourceSW, sourceBRB},
		Fix: verifyFix, skip: rotates,
		messages: func(p *Probe) []message {
			list := []message{{what: "three bad signatures", want: refuse, change: signatures(3, false)}}
			if p.Signer.Scheme.More != "" && p.Signer.Scheme.Auth != sign.RSA {
				list = append(list, message{what: "a hundred signatures, the last good", want: endure, mayCut: true,
					change: signatures(99, true)})
			}
			return list
		},
	},
	{
		ID: "D4", Name: "a signature of an unknown version is ignored", Severity: Minor, Source: []string{sourceSW},
		Fix:  "Look for the version that you verify, and ignore the others: the provider may add one.",
		skip: all(rotates, versioned),
		messages: func(*Probe) []message {
			return []message{{what: "an unknown version beside the good signature", change: otherVersion}}
		},
	},
}

func rotates(p *Probe) string {
	if s := p.Signer.Scheme; !s.Rotates() || s.InBody() {
		return "a request of the scheme has one signature"
	}
	return ""
}

func versioned(p *Probe) string {
	if s := p.Signer.Scheme; s.Split == "" || s.Prefix == "" || s.Repeat || !strings.Contains(s.More, s.Prefix) {
		return "the scheme's signatures have no version"
	}
	return ""
}

// signatures signs with some keys that the receiver cannot know, then with the good one.
func signatures(bad int, good bool) func(*Probe, *draft) {
	return func(p *Probe, d *draft) {
		key, err := p.wrong()
		if err != nil {
			d.skip = "no other key could be made: " + err.Error()
			return
		}
		secrets := make([]sign.Secret, bad, bad+1)
		for i := range secrets {
			secrets[i] = key
		}
		if good {
			secrets = append(secrets, p.Signer.Secrets[0])
		}
		d.signer = p.with(secrets...)
	}
}

func goodThenBad(p *Probe, d *draft) {
	key, err := p.wrong()
	if err != nil {
		d.skip = "no other key could be made: " + err.Error()
		return
	}
	d.signer = p.with(p.Signer.Secrets[0], key)
}

// otherVersion adds a signature of version 9 behind the good one.
func otherVersion(p *Probe, d *draft) {
	s := p.Signer.Scheme
	d.after = func(q *record.Request) {
		m := sign.Message{Header: q.Header.HTTP(), URL: q.URL, Body: q.Body}
		value := s.Signature(m)
		separator := value[:0]
		if i := strings.Index(s.More, s.Prefix); i > 0 {
			separator = s.More[:i]
		}
		if strings.Contains(separator, "{") { // "t={ts}" before each signature
			separator = s.Split[:1]
		}
		end := s.Prefix[len(s.Prefix)-1:]
		from, to := span(value)
		q.Header = q.Header.Set(p.header(), value+separator+"v9"+end+scramble(value[from:to]))
	}
}
