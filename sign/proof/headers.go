package proof

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/httpsig"
)

// signatureInput lists what an HTTP message signature covers (RFC 9421, section 4.1).
const signatureInput = "Signature-Input"

// Carriers returns the names of the headers that carry a signature of s, in lower case. It is empty for a scheme whose
// signature is in the body or the URL.
func Carriers(s sign.Scheme) (names []string) {
	if name, ok := strings.CutPrefix(string(s.Carrier()), "header:"); ok {
		names = append(names, name)
	}
	names = append(names, s.Alt...)
	if s.Code == sign.RFC9421 {
		names = append(names, signatureInput)
	}
	return lower(names)
}

// SignedHeaders returns the names of the headers of m whose values s signs, in lower case: with another value the
// signature would not match. Those that carry the signature are not among them.
func SignedHeaders(s sign.Scheme, m sign.Message) []string {
	if s.JWT != nil || s.Auth == sign.Token {
		return nil
	}
	var names []string
	add := func(p sign.Place) {
		if name, ok := strings.CutPrefix(string(p), "header:"); ok {
			names = append(names, name)
		}
	}
	for p := range sign.Pieces(s.Content) {
		name, isHeader := strings.CutPrefix(p.Text, "header.")
		switch {
		case !p.Named || s.Code != "":
		case isHeader:
			names = append(names, name)
		case p.Text == "ts":
			add(s.Time.In)
		case p.Text == "id":
			add(s.IDIn)
		}
	}
	add(s.Nonce)
	names = lower(append(names, listed(s, m)...))
	carriers := Carriers(s)
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.Contains(carriers, name) || m.Header.Values(name) == nil
	})
}

// listed returns the headers that a code signs: those that the message lists, or the one that the provider names.
func listed(s sign.Scheme, m sign.Message) (names []string) {
	switch s.Code {
	case sign.Contentful:
		return strings.Split(m.Header.Get("X-Contentful-Signed-Headers"), ",")
	case sign.Hook0:
		for item := range strings.SplitSeq(s.Signature(m), s.Split) {
			if list, ok := strings.CutPrefix(strings.TrimSpace(item), "h="); ok {
				names = append(names, strings.Fields(list)...)
			}
		}
	case sign.MercadoPago:
		return []string{"x-request-id"}
	case sign.RFC9421:
		inputs, _, _ := httpsig.Dictionary(strings.Join(m.Header.Values(signatureInput), ", "))
		for _, input := range inputs {
			read, _ := httpsig.Read(input.Value, ":AA==:") // which components, whatever the signature
			for _, name := range read.Components {
				if !strings.HasPrefix(name, "@") {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

func lower(names []string) []string {
	for i, name := range names {
		names[i] = strings.ToLower(strings.TrimSpace(name))
	}
	slices.Sort(names)
	return slices.Compact(names)
}
