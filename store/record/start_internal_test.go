package record

import (
	"strings"
	"testing"
)

// However a long line comes in, it is judged in one pass.
func TestALongRequestLineIsNotJudgedAgainWithEachByte(t *testing.T) {
	line := "GET /" + strings.Repeat("a", 60_000) + " HTTP/1.1\r\n"
	var s start
	most := 0
	for i := range len(line) {
		if err := s.check([]byte(line[i : i+1])); err != nil {
			t.Fatalf("after %d bytes: %v", i, err)
		}
		most = max(most, len(s.begun))
	}
	if most > 100 {
		t.Errorf("up to %d bytes were judged at once", most)
	}
}
