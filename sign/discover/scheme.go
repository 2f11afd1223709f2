package discover

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/keytext"
)

// tolerance is the tolerance of a found scheme; a message cannot show its own.
const tolerance = 5 * time.Minute

// buildScheme turns a match into a scheme that reads signature, timestamp and id from the message, is valid, and
// verifies the message. It returns false for a match without such a scheme.
func (s *search) buildScheme(t *trial, k *keyed, sig *signature) bool {
	for _, l := range layouts(sig) {
		for _, at := range orNone(t.time.values) {
			for _, id := range orNone(t.id.values) {
				if s.accept(s.scheme(t, k.form, sig, l, at, id), k) {
					return true
				}
			}
		}
	}
	return false
}

func orNone(values []value) []value {
	if len(values) == 0 {
		return []value{{}}
	}
	return values
}

// accept stores a scheme as the result if it is valid with one of the secrets in its form.
func (s *search) accept(c sign.Scheme, k *keyed) bool {
	if catalog.Validate(c) != nil || s.givesAway(c) {
		return false
	}
	match, err := timeless(c).Verify(s.Message, time.Time{}, k.secrets...)
	if err != nil {
		return false
	}
	s.result.Found, s.result.Scheme, s.result.Secret = true, c, k.index[match.Secret]
	return true
}

// givesAway reports whether a scheme contains a secret. The scheme will be shown, and a sender may have put the
// secret into the header.
func (s *search) givesAway(c sign.Scheme) bool {
	return slices.ContainsFunc(s.Secrets, func(secret sign.Secret) bool {
		key := string(secret.Key)
		return slices.ContainsFunc([]string{c.Prefix, c.Format, c.Time.Key, c.Header, string(c.Time.In), string(c.IDIn)},
			func(text string) bool { return len(key) >= 4 && strings.Contains(text, key) })
	})
}

// timeless returns the scheme with an unlimited tolerance.
func timeless(c sign.Scheme) sign.Scheme {
	if c.Time.Unit != "" {
		c.Tolerance = sign.Both(sign.NoLimit)
	}
	return c
}

func (s *search) scheme(t *trial, form sign.KeyForm, sig *signature, l layout, at, id value) sign.Scheme {
	c := sign.Scheme{Name: s.nameFor(sig.in.place), Auth: t.auth, Hash: sig.hash, Enc: sig.enc, Key: form,
		Content: t.template, Header: carrier(sig.in.place), Split: l.split, Prefix: l.prefix}
	if id.name != "" {
		c.Content = strings.ReplaceAll(c.Content, "{id}", "{"+id.name+"}")
	} else {
		c.IDIn = id.place
	}
	switch {
	case at.text == "":
	case at.key == "":
		c.Time = sign.Timestamp{In: at.place, Unit: unitOf(at.text)}
	case at.place == sig.in.place:
		c.Time = sign.Timestamp{Key: at.key, Unit: unitOf(at.text)}
		c.Format = l.format(sig, at, c.Content)
	}
	if c.Time.Unit != "" {
		c.Tolerance = sign.Both(tolerance)
	}
	c.UnsignedTime, c.NoSeparator = !c.TimeSigned(), !c.Separated()
	return c
}

// carrier returns a place in the form of Scheme.Header.
func carrier(p sign.Place) string { return strings.TrimPrefix(string(p), "header:") }

// layout is a way to read a signature from its value.
type layout struct{ split, prefix string }

// layouts returns the layouts that fit, the most specific first: a prefix distinguishes the signature from other items.
func layouts(sig *signature) []layout {
	var named, bare []layout
	for _, split := range []string{"", ",", ";", " ", ", ", "; ", "&", "|", ":", ",; :|&"} {
		prefix, ok := prefixUnder(split, sig)
		switch {
		case !ok:
		case prefix == "":
			bare = append(bare, layout{split, prefix})
		case split == "" && strings.HasSuffix(prefix, ","): // after "v1,…" no other comma can follow
			named = append(named, layout{" ", prefix})
		default:
			named = append(named, layout{split, prefix})
		}
	}
	return append(named, bare...)
}

// prefixUnder returns the text before the signature in its item when the value is split at these characters. ok is
// false when the signature does not end its item, or the text is too long for a prefix or has several words.
func prefixUnder(split string, sig *signature) (prefix string, ok bool) {
	before, after := sig.in.text[:sig.start], strings.TrimLeft(sig.in.text[sig.end:], " \t")
	if after != "" && strings.IndexAny(sig.in.text[sig.end:], split) != 0 && strings.IndexAny(after, split) != 0 {
		return "", false
	}
	if split != "" {
		before = before[strings.LastIndexAny(before, split)+1:]
	}
	prefix = strings.TrimLeft(before, " \t")
	if prefix == "" {
		return "", true
	}
	word := prefix[:len(prefix)-1]
	return prefix, len(prefix) <= 32 && isPlainName(word) && strings.IndexByte("=:, ", prefix[len(prefix)-1]) >= 0
}

// format returns the value with placeholders for timestamp and signature. Of the other items it keeps only the
// signed ones. The text between two items is the text before the second.
func (l layout) format(sig *signature, at value, content string) string {
	if l.split == "" {
		return ""
	}
	text := sig.in.text
	var format strings.Builder
	for start, item := range l.items(text) {
		name, _, _ := strings.Cut(item, "=")
		switch {
		case start <= sig.start && sig.start < start+len(item):
			item = l.prefix + "{sig}"
		case item == at.key+at.text:
			item = at.key + "{ts}"
		case !strings.Contains(content, "{item."+name+"}") || strings.ContainsAny(item, "{}"):
			continue
		}
		if format.Len() > 0 {
			format.WriteString(text[len(strings.TrimRight(text[:start], l.split+" \t")):start])
		}
		format.WriteString(item)
	}
	return format.String()
}

// items yields the items of a value as sign reads them, with the index of each.
func (l layout) items(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for start := 0; start < len(text); {
			end := len(text)
			if i := strings.IndexAny(text[start:], l.split); i >= 0 {
				end = start + i
			}
			item := strings.TrimLeft(text[start:end], " \t")
			if !yield(end-len(item), strings.TrimRight(item, " \t")) {
				return
			}
			start = end + 1
		}
	}
}

// token finds a secret that is sent unchanged.
func (s *search) token() bool {
	raw := &keyed{form: sign.Raw}
	for i, secret := range s.Secrets {
		if secret.Kind() != keytext.Asymmetric { // a public text proves nothing
			raw.secrets, raw.index = append(raw.secrets, secret), append(raw.index, i)
		}
	}
	if len(raw.secrets) == 0 {
		return false
	}
	for _, v := range headers(s.Message.Header) {
		for _, prefix := range []string{"", "Bearer "} {
			c := sign.Scheme{Name: s.nameFor(v.place), Auth: sign.Token, Key: sign.Raw, Header: carrier(v.place), Prefix: prefix}
			if s.accept(c, raw) {
				return true
			}
		}
	}
	return false
}
