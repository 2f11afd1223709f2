package sign

import (
	"encoding/hex"
	"slices"
	"strings"
)

// Spelling is a way to write a signature that Verify accepts although no provider writes it.
type Spelling string

// The spellings. Scheme.Strict says which of them an SDK of the provider refuses.
const (
	UpperCase Spelling = "upper_case" // A to F among the hex digits
	// Blanks is a blank beside a separator where the provider writes none, or a missing blank where it writes one.
	Blanks     Spelling = "blanks"
	SchemeCase Spelling = "scheme_case" // "basic" for "Basic", or more than one blank behind it
)

// Words returns the spelling as the end of a sentence: "the SDK refuses upper case".
func (p Spelling) Words() string {
	switch p {
	case UpperCase:
		return "upper case"
	case Blanks:
		return "these spaces in the header"
	case SchemeCase:
		return "this spelling of Basic or Bearer"
	}
	return ""
}

// spelling returns the first of a valid message's spellings that an SDK of the provider refuses, "" for none. hit
// is the signature that matched.
func (s *Scheme) spelling(value string, hit []byte) Spelling {
	i := slices.IndexFunc(s.Strict, func(p Spelling) bool {
		switch p {
		case UpperCase:
			return s.Enc == Hex && !strings.Contains(value, hex.EncodeToString(hit))
		case Blanks:
			return s.hasOddBlanks(value)
		case SchemeCase:
			after, ok := strings.CutPrefix(value, s.Prefix)
			return !ok || strings.HasPrefix(after, " ")
		}
		return false
	})
	if i < 0 {
		return ""
	}
	return s.Strict[i]
}

func (s *Scheme) hasOddBlanks(value string) bool {
	want := s.Split != "" && strings.Contains(s.Format, s.Split[:1]+" ")
	for i := range len(value) {
		if strings.IndexByte(s.Split, value[i]) < 0 {
			continue
		}
		before, after := i > 0 && value[i-1] == ' ', strings.HasPrefix(value[i+1:], " ")
		if before || after != want {
			return true
		}
	}
	return false
}
