package commands

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// newFilter is a gateway that filters by an expression.
func newFilter(t *testing.T, where string, said *bytes.Buffer) *gateway {
	t.Helper()
	sh := &shell{Env: Env{Out: &bytes.Buffer{}, Err: said}}
	sh.paint(false)
	g := &gateway{shell: sh}
	if err := g.takeFilters(hookFilterFlags{where: flags.Word(where)}); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAnExpressionThatDoesNotEndIsEnded(t *testing.T) {
	var said bytes.Buffer
	g := newFilter(t, `[range(1e18)] | length > 0`, &said)
	began := time.Now()
	if got := g.leftOut(&listen.Checked{}, &record.Request{Method: "POST", Body: []byte("{}")}, began); got != record.Undecided {
		t.Errorf("it is %q", got)
	}
	if took := time.Since(began); took > 10*whereTimeout {
		t.Errorf("it took %s", took)
	}
	if !strings.Contains(said.String(), "--where took longer than 1s on a webhook") {
		t.Errorf("said %q", said.String())
	}
}

func TestTheExpressionSeesTheParsedBody(t *testing.T) {
	for body, want := range map[string]bool{`{"a":[{"b":7}]}`: true, `{"a":[{"b":8}]}`: false, ``: false, `{"a":`: false, strings.Repeat("[", 200_000): false} {
		g := newFilter(t, `.body.a[0].b == 7 and .event_type == "x" and .direction == "received"`, &bytes.Buffer{})
		if got := g.leftOut(&listen.Checked{EventType: "x"}, &record.Request{Method: "POST", Body: []byte(body)}, time.Now()) == ""; got != want {
			t.Errorf("%.20q passes: %t", body, got)
		}
	}
}
