package redact

import (
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// What is masked of any text, with any secrets and any place, makes the text again: what is a secret by its spelling
// alone.
func FuzzMasksMakeTheTextAgain(f *testing.F) {
	f.Add("glpat-0123456789", "0123456789", `{"a":"glpat-0123456789","b":"%67lpat"}`, "/a")
	f.Add("aaaaaaaa", "aaaaaaaaa", `{"a":{"a":"aaaaaaaaaaaaaaaaaaa"}}`, "/a/a")
	f.Add(`\u0061\""`, "%25%25%2525", `{"a":"\\u0061\\\\\"\""}`, "")
	f.Add("token=12345678", "5678&b=9", "/?access_token=12345678&b=9&token=12345678&token=1", "/x")
	f.Fuzz(func(t *testing.T, key, other, text, pointer string) {
		p, err := ParsePlace("json:" + pointer)
		if key == "" || other == "" || err != nil {
			t.Skip()
		}
		finder := finder{whole: []Place{p}, carrier: &p, unchecked: true}
		for _, s := range []sign.Secret{{Name: "a", Key: []byte(key)}, {Name: "b", Key: []byte(other)}} {
			k := newKnown(s)
			k.proof = func() string { return s.Name }
			k.proofs.Store(s.Name, true)
			finder.secrets = append(finder.secrets, k)
		}
		r := &Redactor{secrets: finder.secrets}
		for name, spans := range map[string][]span{"body": finder.body(text, true, false), "url": finder.address(text),
			"head":  finder.head(text, false),
			"field": finder.field("Authorization", text, false)} {
			kept, masks := apply(text, name, spans)
			x := &record.Exchange{Request: record.Request{URL: kept}}
			for i := range masks {
				if masks[i].Part = partURL; masks[i].Secret != "" {
					masks[i].Piece = ""
				}
			}
			x.Masks = masks
			r.secrets[0].proofs.Store("b", false)
			r.secrets[1].proofs.Store("a", false)
			restored, missing := r.Restore(x)
			if len(missing) > 0 || restored.Request.URL != text {
				t.Fatalf("%s %q with %q and %q kept as %q comes back as %q, %v", name, text, key, other, kept,
					restored.Request.URL, missing)
			}
		}
	})
}
