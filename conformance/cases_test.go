package conformance

import (
	"testing"
	"time"
)

// trial is one message that barb signed, and the verdict it deserves. It is signed only when it is judged: Paddle's are
// good for five seconds.
type trial struct {
	name    string
	message func(*testing.T) message
	secret  secretPair
	valid   bool
}

// wide is far past the tolerance of any SDK, whose own may differ from the catalogue's.
const wide = 24 * time.Hour

// trials are the cases of one provider, the slow first use of an SDK before the one that must be fresh.
func (p *provider) trials() []trial {
	first, second := p.secrets[0], p.secrets[1]
	fresh := func(t *testing.T) message { return p.sign(t, p.Body, time.Now(), first) }
	list := append(p.aged(), trial{"valid", fresh, first, true})
	if p.Raw != "" {
		list = append(list, trial{"raw body", func(t *testing.T) message { return p.sign(t, p.Raw, time.Now(), first) }, first, true})
	}
	list = append(list,
		trial{"tampered body", func(t *testing.T) message { return p.tamperedWith(t, fresh(t)) }, first, !p.CoversBody},
		trial{"wrong secret", fresh, second, false},
		trial{"no signature", func(t *testing.T) message { return p.unsigned(t, fresh(t)) }, first, false})
	if p.Rotates {
		both := func(t *testing.T) message { return p.sign(t, p.Body, time.Now(), first, second) }
		list = append(list, trial{"rotation, first secret", both, first, true}, trial{"rotation, second secret", both, second, true})
	}
	return list
}

// aged are rightly signed at a time that the scheme does not tolerate, where it has a time at all. Without a limit any
// time is good.
func (p *provider) aged() []trial {
	if p.Timestamp == "" {
		return nil
	}
	off := func(name string, sign time.Duration, limit *float64) trial {
		distance := wide
		if limit != nil {
			distance += time.Duration(*limit * float64(time.Second))
		}
		signed := func(t *testing.T) message { return p.sign(t, p.Body, time.Now().Add(sign*distance), p.secrets[0]) }
		return trial{name, signed, p.secrets[0], limit == nil}
	}
	return []trial{off("stale", -1, p.Past), off("future", 1, p.Future)}
}

func (p *provider) tamperedWith(t *testing.T, m message) message {
	t.Helper()
	m.body = p.tampered(t, m.body)
	return m
}
