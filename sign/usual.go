package sign

import (
	"cmp"
	"hash"
	"sync"
)

// usual signs the messages of a Prepared with one HMAC key whose scheme signs id, time and body only and writes all of
// it into headers. The rest was read when it was prepared. An odd message is left to Scheme.sign, which has the words
// for it.
type usual struct {
	before, after, format string
	works                 sync.Pool
}

// work is what signing one message needs.
type work struct {
	mac       hash.Hash
	text, sum []byte
	values    values
}

// newUsual returns nil for a scheme or keys that need more.
func newUsual(s *Scheme, keys []key) *usual {
	if len(keys) != 1 || s.authOf(&keys[0]) != HMAC || s.Code != "" || s.JWT != nil || s.Wrapped != "" || s.Nonce != "" ||
		len(s.Bound) > 0 || s.carrier(0).kind() != "header" || s.Time.In != "" && s.Time.In.kind() != "header" {
		return nil
	}
	u := &usual{format: cmp.Or(s.Format, s.Prefix+"{sig}")}
	var body string
	if u.before, body, u.after = cutBody(s.Content); body != "body" {
		return nil
	}
	for p := range Pieces(u.before + u.after + u.format) {
		if p.Named && p.Text != "id" && p.Text != "ts" && p.Text != "sig" {
			return nil
		}
	}
	h, secret := s.Hash, &keys[0]
	u.works.New = func() any { return &work{mac: secret.mac(h)} }
	return u
}

// sign signs a message as Scheme.sign does, or returns false.
func (u *usual) sign(s *Scheme, m *Message) (Signed, bool) {
	if u == nil || m.Stream != nil || s.checkID(m.ID) != nil || CheckValue("", "", m.Event) != nil {
		return Signed{}, false
	}
	time, ok := s.Time.Unit.format(m.Time)
	if s.Time.Unit != "" && (!ok || m.Time.IsZero()) {
		return Signed{}, false
	}
	w := u.works.Get().(*work)
	defer u.works.Put(w)
	w.values.id, w.values.time = m.ID, time
	w.mac.Reset()
	w.text, _ = w.values.expand(w.text[:0], u.before, nil) // neither id nor time can fail
	_, _ = w.mac.Write(w.text)
	_, _ = w.mac.Write(m.Body)
	w.text, _ = w.values.expand(w.text[:0], u.after, nil)
	_, _ = w.mac.Write(w.text)
	w.sum = w.mac.Sum(w.sum[:0])
	w.text, _ = s.appendFormat(w.text[:0], u.format, w.sum, &w.values)
	fields := appendHeader(appendHeader(make([]Field, 0, 4+len(s.Fixed)), s.IDIn, m.ID), s.Time.In, time)
	fields = append(fields, Field{s.Header, string(w.text)})
	return Signed{Fields: append(appendHeader(fields, s.EventIn, m.Event), s.Fixed...)}, true
}
