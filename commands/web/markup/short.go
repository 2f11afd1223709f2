package markup

import "unicode/utf8"

// Tail cuts a path before its end, which says more than its beginning: before its last segments, or else before its
// last characters.
func Tail(path string) (head, tail string) {
	const shown, most = 12, 24
	all := []rune(path)
	if len(all) <= shown {
		return "", path
	}
	at := len(all) - shown
	for i := len(all) - 2; i >= max(len(all)-most, 1); i-- {
		if all[i] == '/' && (at == len(all)-shown || len(all)-i <= shown+4) {
			at = i
		}
	}
	return string(all[:at]), string(all[at:])
}

// Middle cuts the middle out of a text longer than width characters: the end of a path says more than its beginning.
func Middle(s string, width int) string {
	if len(s) <= width || utf8.RuneCountInString(s) <= width {
		return s
	}
	all := []rune(s)
	head := width / 3
	return string(all[:head]) + "…" + string(all[len(all)-(width-head-1):])
}

// Cut cuts the end of a text longer than width characters.
func Cut(s string, width int) string {
	if len(s) <= width || utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}
