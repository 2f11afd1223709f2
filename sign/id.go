package sign

import "strings"

// MaxID is the longest id that may be part of what is signed, in bytes.
const MaxID = 256

// idLetters are what ids are made of besides letters and digits: those of UUIDs, ULIDs, base64, paths, URNs and
// addresses. No body in JSON, XML or of a form begins with these alone.
const idLetters = "-_.:+/~@|#"

// checkID refuses an id that the signature cannot carry safely. An id that holds the separator behind it could give up
// its end to the timestamp, and the timestamp to the body, under one and the same signature; the Standard Webhooks
// specification forbids it too. An id of other letters than ids have may be the beginning of a body that was signed for
// another scheme, with a time of its own in it.
func (s *Scheme) checkID(id string) error {
	if strings.Contains(s.Content, "{id}") {
		if id == "" {
			return refuse(MissingID, "no "+s.IDIn.String())
		}
		if sep := separator(s.Content, "id"); sep != "" && strings.Contains(id, sep) {
			return refuse(MalformedID, "the id holds a "+sep+", which ends it in what is signed")
		}
		if !isID(id) {
			return refuse(MalformedID, "the id is signed, and is no id: that has at most 256 letters, digits and "+idLetters)
		}
	}
	return CheckValue(MalformedID, "id", id)
}

// isID reports whether a text is made of what ids are made of.
func isID(text string) bool {
	return len(text) <= MaxID && (IDLength(text) == len(text) || IsPadded(text))
}

// IsPadded reports whether a text is base64 of at least 16 bytes, where an equals sign pads it (RFC 4648, section 4).
// Behind a shorter text that sign may end a name in a form.
func IsPadded(text string) bool {
	_, ok := Base64.decode(text)
	return ok && len(text) >= 24
}

// IDLength is how many of the first bytes of text are letters of ids.
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
