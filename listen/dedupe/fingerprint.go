package dedupe

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/barbhq/barb/store/record"
)

// digest stands for an id, a body or a signature of any length. It is cut from SHA-256, so that a stranger cannot make
// a webhook that passes for another.
type digest [16]byte

func digestOf(parts ...string) digest {
	var room [512]byte
	text := room[:0]
	for _, p := range parts {
		text = append(binary.LittleEndian.AppendUint64(text, uint64(len(p))), p...)
	}
	sum := sha256.Sum256(text)
	return digest(sum[:])
}

func bodyDigest(body []byte) digest {
	sum := sha256.Sum256(body)
	return digest(sum[:])
}

// keys recognise a webhook that comes again: by its id, and by its body with its signature. A zero digest recognises
// nothing.
type keys struct{ byID, byPrint digest }

// key returns the key that all copies of the webhook share: its id, or else its body with its signature.
func (k *keys) key() digest { return cmp.Or(k.byID, k.byPrint) }

// Fingerprint holds the properties by which a webhook is compared with earlier ones.
type Fingerprint struct {
	keys
	body   digest
	timed  bool   // the signature covers a time, so that no two webhooks have the same one
	event  digest // its event type
	signed time.Time
	at     time.Time
}

// FingerprintOf returns the fingerprint of a checked exchange. Only webhooks at the same path, of the same scheme and
// with the same verdict are compared: two endpoints may get the same event, and an id that was not verified must say
// nothing where signatures are checked. Path is the request's path as routes read it. Signature is the text of the
// signature as it came, "" where there is none or where it is the same for every webhook.
func FingerprintOf(x *record.Exchange, path, signature string) *Fingerprint {
	where := path + "\x00" + x.Scheme + "\x00" + string(x.Verdict.Status)
	f := &Fingerprint{body: bodyDigest(x.Request.Body), at: x.Start, timed: x.Verdict.HasAge}
	if x.WebhookID != "" {
		f.byID = digestOf("id", where, x.WebhookID)
	}
	if signature != "" {
		f.byPrint = digestOf("print", where, string(f.body[:]), signature)
	}
	if x.Verdict.Status == record.Valid && x.Verdict.HasAge {
		f.event, f.signed = digestOf("event", where, x.EventType), x.Start.Add(-x.Verdict.Age)
	}
	return f
}

// IsEmpty reports whether nothing recognises the webhook.
func (f *Fingerprint) IsEmpty() bool { return f.key() == digest{} }
