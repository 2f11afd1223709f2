package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/barbhq/barb/store/record"
)

// TestWhatIsLongInAWebhookComesBehindIt puts the pieces where they belong, as the script does, and compares that with
// the page that has everything in its place.
func TestWhatIsLongInAWebhookComesBehindIt(t *testing.T) {
	t.Parallel()
	s := entered(t)
	object := `{"id":7,"name":"<b>x</b>","tags":["a","b"]}`
	many := func(n int) string { return "[" + strings.Repeat(object+",", n-1) + object + "]" }
	for i, c := range []struct {
		body   string
		pieces int // at least
		seen   int // of "id", at first
	}{
		{object, 0, 1},
		{many(560), 15, 0}, // folded
		{many(190), 5, 20}, // open
		{"[" + many(100) + "," + many(190) + "," + object + "]", 6, 20},
		{`{"a":{"b":` + many(300) + `},"c":` + many(3) + `}`, 8, 3},
		{strings.Repeat("line\n", 9000), 1, 0},
	} {
		x := received(1)
		x.Request.Body, x.Request.Header = []byte(c.body), record.Header{{Name: "Content-Type", Value: "application/json"}}
		s.add(x)
		path := fmt.Sprint("/w/", i+1)
		page, behind, _ := strings.Cut(s.get(path+"?part=hook"), "\x00")
		pieces := strings.Split(behind, "\x00")
		if len(pieces) < c.pieces {
			t.Errorf("body %d has %d pieces", i+1, len(pieces))
		}
		if n := strings.Count(page, "<span class=k>&#34;id&#34;"); n < c.seen || n > c.seen+40 {
			t.Errorf("body %d shows %d objects at first, want %d", i+1, n, c.seen)
		}
		for _, piece := range pieces {
			if len(piece) > 200<<10 || strings.Count(piece, "<details") != strings.Count(piece, "</details>") {
				t.Errorf("body %d has a piece of %d bytes that is not whole: %.200s", i+1, len(piece), piece)
			}
			page = strings.Replace(page, "<template></template>", piece, 1)
		}
		whole := s.get(path)
		_, got, _ := strings.Cut(page, "<section id=body>")
		if !strings.Contains(whole, got) || strings.Contains(got, "<template") {
			t.Errorf("body %d is another one with its pieces", i+1)
		}
		if strings.ContainsAny(whole, "\x00") || strings.Contains(whole, "<template") {
			t.Errorf("the page of body %d leaves a piece out", i+1)
		}
	}
}
