package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/listen"
)

func TestWhySomethingWasRefused(t *testing.T) {
	for want, r := range map[string]listen.Refusal{
		"ip_not_allowed": {Err: listen.ErrNotAllowed},
		"no_room":        {Status: http.StatusServiceUnavailable, Err: fmt.Errorf("body: %w", listen.ErrNoRoom)},
		"broken_off":     {Status: http.StatusBadRequest, Err: io.ErrUnexpectedEOF},
		"malformed":      {Status: http.StatusBadRequest, Err: errors.New("no head")},
		NotStored:        {Status: http.StatusServiceUnavailable, Err: errors.New("disk full")},
		"":               {Err: errors.New("trouble")},
	} {
		same(t, fmt.Sprint(r), ReasonOf(r), want)
	}
}

func TestRefusalsAreCountedAndToldOfWithoutAFlood(t *testing.T) {
	slow, full := listen.Refusal{Status: http.StatusRequestTimeout}, listen.Refusal{Status: http.StatusServiceUnavailable}
	other := listen.Refusal{Err: errors.New("trouble")}
	for _, c := range []struct {
		name           string
		verbose, quiet bool
		lines, objects string
	}{
		{"plain", false, false, "[408×1 503×1 0×1 408×2]", "[408×1 503×1 408×1 408×1]"},
		{"verbose", true, false, "[408×1 503×1 0×1 408×1 408×1]", "[408×1 503×1 408×1 408×1]"},
		{"quiet", false, true, "[503×1 0×1]", "[408×1 503×1 408×1 408×1]"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var lines, objects []string
			into := func(all *[]string) func(listen.Refusal, int) {
				return func(r listen.Refusal, n int) { *all = append(*all, fmt.Sprintf("%d×%d", r.Status, n)) }
			}
			f := NewRefusals(into(&lines), into(&objects))
			f.Verbose, f.Quiet = c.verbose, c.quiet
			for _, r := range []listen.Refusal{slow, full, other, slow, slow} {
				f.See(r)
			}
			time.Sleep(2 * time.Minute)
			f.End()
			same(t, c.name+" lines", lines, c.lines)
			same(t, c.name+" objects", objects, c.objects)
			same(t, c.name, f.Counts(), map[string]int64{"too_slow": 3, NotStored: 1})
		})
	}
	var lines []string
	f := NewRefusals(func(r listen.Refusal, _ int) { lines = append(lines, fmt.Sprint(r.Status)) }, nil)
	f.See(slow)
	f.End()
	if !slices.Equal(lines, []string{"408"}) {
		t.Errorf("without objects: %q", lines)
	}

	held := 0
	f = NewRefusals(func(listen.Refusal, int) {}, func(_ listen.Refusal, n int) { held = n })
	for range refusalObjects + 3 {
		f.See(slow)
	}
	f.End()
	same(t, "objects that the end tells of", held, 3)
}
