package sign

import "strings"

// MaxID is the longest signed id in bytes.
const MaxID = 256

// idLetters are the characters of ids besides letters and digits: those of UUIDs, ULIDs, base64, paths, URNs and
// addresses. No JSON, XML or form body begins with these alone.
const idLetters = "-_.:+/~@|#"

// checkID refuses an id that could be mistaken for other signed content. With a separator inside the id, its end could
// pass for the timestamp under the same signature, and the timestamp for the body; the Standard Webhooks specification
// forbids this too. An id with characters that no id has may be the beginning of a body signed for another scheme.
func (s *Scheme) checkID(id string) error {
	if strings.Contains(s.Content, "{id}") {
		if id == "" {
			return refuse(MissingID, "no "+s.IDIn.String())
		}
		if sep := separator(s.Content, "id"); sep != "" && strings.Contains(id, sep) {
			return refuse(MalformedID, "the id contains a "+sep+", which separates the signed parts")
		}
		if !isID(id) {
			return refuse(MalformedID, "the signed id is not an id, which has at most 256 letters, digits and "+idLetters)
		}
	}
	return CheckValue(MalformedID, "id", id)
}

// isID reports whether text consists of letters of ids.
func isID(text string) bool {
	return len(text) <= MaxID && (IDLength(text) == len(text) || IsPadded(text))
}

// IsPadded reports whether text is the padded base64 of at least 16 bytes (RFC 4648, section 4). In a shorter text
// an equals sign may end the name of a form field.
func IsPadded(text string) bool {
	_, ok := Base64.decode(text)
	return ok && len(text) >= 24
}

// IDLength returns how many leading bytes of text are letters of ids.
func IDLength[T ~string | ~[]byte](text T) int {
	for i := range len(text) {
		if b := text[i]; !isAlphanumeric(b) && strings.IndexByte(idLetters, b) < 0 {
			return i
		}
	}
	return len(text)
}

func isAlphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}
