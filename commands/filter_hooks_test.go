package commands

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

// newFilter is a listener that filters by an expression.
func newFilter(t *testing.T, where string, said *bytes.Buffer) *listener {
	t.Helper()
	sh := &shell.Shell{Env: shell.Env{Out: &bytes.Buffer{}, Err: said}}
	sh.Paint(false)
	g := &listener{sh: sh}
	g.gate = &gateway.Gateway{Schemes: new(catalog.Set), Lanes: route.Lanes[*gateway.Lane]{Rest: &gateway.Lane{}},
		Tell: g.tell}
	var err error
	if g.gate.Filter.Where, err = (&flags.HookFilter{Where: where}).Condition(); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAnExpressionThatDoesNotEndIsEnded(t *testing.T) {
	var said bytes.Buffer
	g := newFilter(t, `[range(1e18)] | length > 0`, &said)
	began := time.Now()
	x := &record.Exchange{Request: record.Request{Method: "POST", Body: []byte("{}")}}
	if got := g.gate.Receive(x).Check(began); !slices.Contains(got.Marks, record.Mark{Kind: record.Undecided}) {
		t.Errorf("it is marked %v", got.Marks)
	}
	if took := time.Since(began); took > 10*flags.WhereTimeout {
		t.Errorf("it took %s", took)
	}
	if !strings.Contains(said.String(), "--where took longer than 1s on a webhook") {
		t.Errorf("said %q", said.String())
	}
}

func TestTheExpressionSeesTheParsedBody(t *testing.T) {
	for body, want := range map[string]bool{`{"a":[{"b":7}]}`: true, `{"a":[{"b":8}]}`: false, ``: false, `{"a":`: false,
		strings.Repeat("[", 200_000): false} {
		g := newFilter(t, `.body.a[0].b == 7 and .direction == "received"`, &bytes.Buffer{})
		x := &record.Exchange{Request: record.Request{Method: "POST", Body: []byte(body)}}
		if got := len(g.gate.Receive(x).Check(time.Now()).Marks) == 0; got != want {
			t.Errorf("%.20q passes: %t", body, got)
		}
	}
}
