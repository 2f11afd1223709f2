package ui

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// refusalWords are the reasons of package gateway as the summary counts them.
var refusalWords = map[string]string{
	"ip_not_allowed":  "by --allow-ip",
	"tls_handshake":   "TLS handshake",
	"plain_http":      "400 plain http",
	"tls":             "TLS to plain http",
	"no_room":         "503 no room",
	"stopped":         "cut off at the end",
	"enough":          "503 after --count",
	"broken_off":      "400 broken off",
	"malformed":       "400",
	"too_slow":        "408 too slow",
	"too_large":       "413 too large",
	"target_too_long": "414 target too long",
	"expectation":     "417 expectation",
	"rate_limited":    "by --rate-limit",
	"head_too_large":  "431 head too large",
	"not_implemented": "501 not implemented",
	"not_stored":      "503 not stored",
	"version":         "505 version",
}

// Refused returns what was refused as the summary says it, the most frequent reason first; "" for nothing.
func Refused(counts map[string]int64, rate string) string {
	reasons := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(refusalWords[a], refusalWords[b]))
	})
	var words []string
	for _, reason := range reasons {
		switch n, text := counts[reason], refusalWords[reason]; reason {
		case "ip_not_allowed":
			words = append(words, fmt.Sprintf("%d %s", n, text))
		case "rate_limited":
			words = append(words, fmt.Sprintf("%d %s %s", n, text, rate))
		default:
			words = append(words, fmt.Sprintf("%d × %s", n, text))
		}
	}
	return strings.Join(words, ", ")
}
