package conformance

import (
	"testing"
	"time"
)

// trial is one message signed by barb, with the expected verdict. It is signed just before it is judged: Paddle's are
// valid for five seconds.
type trial struct {
	name    string
	message func(*testing.T) message
	secret  secretPair
	valid   bool
}

// wide is far beyond the tolerance of any SDK, which may differ from the catalogue's.
const wide = 24 * time.Hour

// trials returns the cases of one provider. The slow first use of an SDK comes before the case that must be fresh.
func (p *provider) trials() []trial {
	first, second := p.secrets[0], p.secrets[1]
	list := append(p.aged(), p.signed("")...)
	list = append(list,
		trial{"wrong secret", p.fresh, second, false},
		trial{"no signature", func(t *testing.T) message { return p.unsigned(t, p.fresh(t)) }, first, false})
	for _, other := range p.Also {
		kind := *p
		kind.sample = other.over(p.sample)
		list = append(list, kind.signed(", other kind")...)
	}
	if p.Rotates || p.CanRotate {
		both := func(t *testing.T) message { return p.sign(t, p.Body, time.Now(), first, second) }
		list = append(list, trial{"rotation, first secret", both, first, true},
			trial{"rotation, second secret", both, second, true})
	}
	return list
}

// fresh returns a message signed now with the first secret.
func (p *provider) fresh(t *testing.T) message {
	t.Helper()
	return p.sign(t, p.Body, time.Now(), p.secrets[0])
}

// signed returns messages signed by barb, and one that was changed afterwards.
func (p *provider) signed(suffix string) []trial {
	list := []trial{{"valid" + suffix, p.fresh, p.secrets[0], true}}
	if p.Raw != "" {
		list = append(list, trial{"raw body" + suffix,
			func(t *testing.T) message { return p.sign(t, p.Raw, time.Now(), p.secrets[0]) }, p.secrets[0], true})
	}
	return append(list, trial{"tampered body" + suffix, func(t *testing.T) message {
		m := p.fresh(t)
		m.body = p.tampered(t, m.body)
		return m
	}, p.secrets[0], !p.CoversBody})
}

// aged returns messages correctly signed at a time outside the tolerance, for schemes with a time. Without a tolerance
// any time is valid.
func (p *provider) aged() []trial {
	if p.Timestamp == "" {
		return nil
	}
	off := func(name string, sign time.Duration, limit *float64, valid bool) trial {
		distance := wide
		if limit != nil {
			distance += time.Duration(*limit * float64(time.Second))
		}
		signed := func(t *testing.T) message { return p.sign(t, p.Body, time.Now().Add(sign*distance), p.secrets[0]) }
		return trial{name, signed, p.secrets[0], valid}
	}
	return []trial{off("stale", -1, p.Past, p.Past == nil && !p.Expires), off("future", 1, p.Future, p.Future == nil)}
}
