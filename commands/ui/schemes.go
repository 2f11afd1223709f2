package ui

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/handshake"
)

// SchemePairs returns all of a scheme as names and values. source is the file and line of a scheme of barb.toml, "" for
// one of the catalogue.
func SchemePairs(s sign.Scheme, source string) [][2]string {
	limits := s.Weaknesses()
	if !s.CoversBody() {
		limits = append([]string{"authenticates the sender, not the body"}, limits...)
	}
	return [][2]string{
		{"name", s.Name + "  " + EscapeLine(s.Title)},
		{"also", strings.Join(s.Aliases, ", ")},
		{"signature", EscapeLine(s.Formula())},
		{"header", Escape(headerText(s))},
		{"secret", secretText(s)},
		{"timestamp", EscapeLine(s.TimestampPlace())},
		{"tolerance", Tolerance(s)},
		{"rotation", rotationText(s)},
		{"needs", paramsText(s)},
		{"webhook id", s.IDIn.String()},
		{"event type", s.EventIn.String()},
		{"bound by", EscapeLine(s.BoundBy())},
		{"limits", strings.Join(limits, "\n")},
		{"strict", strictText(s)},
		{"handshake", handshakeText(s)},
		{"note", s.Note},
		{"evidence", evidenceText(s.Evidence)},
		{"docs", EscapeLine(s.Docs)},
		{"source", EscapeLine(source)},
	}
}

// headerText returns the form of the signature in its header, and the headers of further signatures.
func headerText(s sign.Scheme) string {
	value := s.Format
	switch {
	case s.JWT != nil:
		value = s.Prefix + "{JSON Web Token}"
	case s.Code == sign.RFC9421:
		value = "sig1=:{sig}:, with Signature-Input and Content-Digest"
	case value == "":
		value = s.Prefix + "{sig}"
	}
	if s.Auth == sign.Token {
		secret := map[bool]string{false: "{secret}", true: "{base64 of the secret}"}[s.Enc == sign.Base64]
		value = strings.Replace(value, "{sig}", secret, 1)
	}
	where := s.Header
	if s.InBody() {
		where = sign.Place(where).String()
	}
	return strings.Join(append([]string{where + ": " + value}, s.Alt...), "\n")
}

func handshakeText(s sign.Scheme) string {
	h, ok := handshake.Lookup(s.Handshake)
	if !ok {
		return ""
	}
	return h.Describe()
}

func paramsText(s sign.Scheme) string {
	names := s.ParamNames()
	if len(names) == 0 {
		return ""
	}
	for i, name := range names {
		names[i] = "--param " + name + "=…"
		if slices.ContainsFunc(s.Bound, func(b sign.Identity) bool { return b.Param == name && b.Optional }) {
			names[i] = "[" + names[i] + "]"
		}
	}
	return strings.Join(names, " ")
}

func secretText(s sign.Scheme) string {
	if s.Auth == sign.Token && s.Enc == sign.Base64 {
		return "user:password"
	}
	switch s.Key {
	case sign.Raw:
		return "the text as it is"
	case sign.Whsec:
		return "whsec_ and base64; the decoded bytes are the key"
	case sign.WhsecOrRaw:
		return "base64 if it begins with whsec_, otherwise the text as it is"
	case sign.WhsecAndRaw:
		return "to sign: base64 if it begins with whsec_, otherwise the text as it is; to verify: both are tried"
	case sign.Base64Key:
		if s.Code == sign.RFC9421 {
			return "base64, the decoded bytes are the key; or to verify: a PEM public key; to sign: a PEM private key"
		}
		return "base64; the decoded bytes are the key"
	case sign.HexKey:
		return "hex; the decoded bytes are the key"
	case sign.KeyPair:
		return "PUBLIC:PRIVATE; the SHA-1 of the private key is the key"
	case sign.Whpk:
		return "to verify: whpk_ and the public key in base64; to sign: whsk_ and the seed in base64, or a PEM private key"
	case sign.Hex32:
		return "to verify: the public key, 32 bytes in hex, PEM or a JSON Web Key Set; to sign: the seed, 32 bytes in hex, " +
			"or a PEM private key"
	case sign.Base6432:
		return "to verify: the public key, 32 bytes in base64; to sign: the seed, or a PEM private key"
	case sign.SPKI:
		return "to verify: the public key, base64 DER or PEM; to sign: the private key, PEM"
	case sign.PEM:
		if s.JWT != nil {
			return "to verify: a PEM public key, or the provider's JSON Web Key Set in a file; to sign: a PEM private key"
		}
		return "to verify: a PEM certificate or public key; to sign: a PEM private key"
	}
	return string(s.Key)
}

// Tolerance says which timestamps a scheme accepts: "±5m", or "up to 5m old, or in the future".
func Tolerance(s sign.Scheme) string {
	if s.Time.Unit == "" {
		return "-"
	}
	past, future := s.Tolerance.Past, s.Tolerance.Future
	old, ahead := "up to "+Duration(past)+" old", Duration(future)+" ahead"
	if past == sign.NoLimit {
		old = "any age"
	}
	if s.JWT != nil && s.JWT.Expires {
		old = "until exp"
	}
	switch {
	case past == sign.NoLimit && future == sign.NoLimit:
		return old
	case future == sign.NoLimit:
		return old + ", or in the future"
	case past == future && old != "until exp":
		return "±" + Duration(past)
	}
	return old + ", " + ahead
}

func strictText(s sign.Scheme) string {
	var words []string
	for _, spelling := range s.Strict {
		words = append(words, spelling.Words())
	}
	if len(words) == 0 {
		return ""
	}
	return "the provider's SDK rejects " + strings.Join(words, " and ") + "; barb rejects it only with --strict"
}

func rotationText(s sign.Scheme) string {
	if s.Rotates() {
		return "signs with every secret; verifies with any"
	}
	return "signs with the first secret; verifies with any"
}

func evidenceText(e sign.Evidence) string {
	return map[sign.Evidence]string{
		sign.ProviderProven: "A: the provider's own code or published vector agrees",
		sign.LibraryProven:  "A-: a general library, used as the provider prescribes, agrees",
		sign.Corroborated:   "B: a second implementation agrees",
		sign.FromDocs:       "C: from documentation only",
	}[e]
}
