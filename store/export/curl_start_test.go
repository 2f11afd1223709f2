package export_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

func TestTheStartOfACurlCommandIsItsStart(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "short", strings.Repeat("ü", 40), "\x00\x01", strings.Repeat("a'b", 30_000),
		strings.Repeat("x", 100_000), strings.Repeat("é", 50_001), strings.Repeat("\x00y", 60_000)} {
		r := record.Request{Method: "POST", URL: "http://h/ü", Body: []byte(body),
			Header: record.Header{{Name: "X-A", Value: "ü"}}}
		all := export.Curl(&r)
		limits := []int{1001, 64 << 10, 100_000, len(all) - 1, len(all), len(all) + 1}
		for most := range min(len(all), 120) { // some of them within a character
			limits = append(limits, most)
		}
		for _, most := range limits {
			start, isCut := export.CurlStart(&r, most)
			if !utf8.ValidString(start) {
				t.Errorf("of a body of %d bytes, %d bytes end within a character", len(body), most)
			}
			if !strings.HasPrefix(all, start) || isCut != (len(start) < len(all)) || len(start) > most {
				t.Fatalf("of a body of %d bytes, %d bytes: %d, cut %v", len(body), most, len(start), isCut)
			}
			if missing := min(most, len(all)) - len(start); missing > 3 {
				t.Errorf("of a body of %d bytes, %d bytes: %d are missing", len(body), most, missing)
			}
		}
	}
}
