package route

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// testLane is a lane that wants a signature where its row has a scheme.
type testLane struct{ row *Route }

func (l *testLane) Row() *Route  { return l.row }
func (l *testLane) Checks() bool { return l.row != nil && l.row.Scheme != "" }

// lanesOf returns a lane for each row. Two lanes check alike where their schemes are the same.
func lanesOf(rows ...Route) *Lanes[*testLane] {
	lanes := &Lanes[*testLane]{Rest: &testLane{},
		ChecksAs: func(a, b *testLane) bool { return a.row.Scheme == b.row.Scheme }}
	for i := range rows {
		lanes.Rows = append(lanes.Rows, &testLane{&rows[i]})
	}
	return lanes
}

// written returns groups of lanes by their schemes, or their paths where they have none.
func written(groups [][]*testLane) string {
	var text []string
	for _, group := range groups {
		var names []string
		for _, l := range group {
			switch {
			case l.row == nil:
				names = append(names, "rest")
			case l.row.Scheme != "":
				names = append(names, l.row.Scheme)
			default:
				names = append(names, l.row.Path)
			}
		}
		text = append(text, strings.Join(names, " "))
	}
	return strings.Join(text, " | ")
}

func TestGuardsAreTheRowsOfTheLongestPathWithASignature(t *testing.T) {
	lanes := lanesOf(
		Route{Path: "/pay", Scheme: "stripe", Event: "a"}, Route{Path: "/pay", Scheme: "github", Event: "b"},
		Route{Path: "/pay", Scheme: "stripe"},
		Route{Path: "/pay/in", Methods: []string{"POST"}}, Route{Path: "/pay/out", Event: "ping"},
		Route{Path: "/pay/deep", Scheme: "square"},
		Route{Path: "/pay/deep.x"}, Route{Path: "/pay/free", Where: ".body.free"},
	)
	for _, c := range []struct{ method, target, want string }{
		{"POST", "/", "rest"},
		{"POST", "/pay", "stripe github"},
		{"POST", "/pay/in", "/pay/in rest"},
		{"PUT", "/pay/in", "stripe github"},                   // the exemption is for POST
		{"POST", "/pay/out", "stripe github"},                 // an event type exempts nothing
		{"POST", "/pay/free", "stripe github"},                // nor does an expression
		{"POST", "/pay/deep", "square"},                       // the longest path
		{"POST", "/pay/in/../deep", "square"},                 // what an app finds without following the dots is exempt
		{"POST", "/free/..%2fpay", "stripe github"},           // one reading is free
		{"POST", "/pay/deep/../x", "stripe github | square"},  // both readings want one
		{"POST", "/pay.json", "stripe github"},                // Rails takes the extension off
		{"POST", "/pay/deep.x", "/pay/deep.x rest"},           // a row of its own, which is not the one of /pay/deep
		{"POST", "/" + strings.Repeat("a/../", 40), "square"}, // too many readings are every path
	} {
		got := written(lanes.Guards(c.method, c.target))
		if c.target[1:] == strings.Repeat("a/../", 40) { // any order
			if !strings.Contains(got, "square") || !strings.Contains(got, "stripe github") {
				t.Errorf("a target of too many readings: %s", got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s %s: %s, want %s", c.method, c.target, got, c.want)
		}
	}
}

func TestAWebhookGoesToTheMostExactLaneThatAcceptsIt(t *testing.T) {
	lanes := lanesOf(Route{Path: "/"}, Route{Path: "/a"}, Route{Path: "/a", Event: "x.*"},
		Route{Path: "/a", Event: "x.*", Methods: []string{"PUT"}},
		Route{Path: "/a", Scheme: "github"}, Route{Path: "/a/b", Event: "never"}, Route{Path: "/c"},
		Route{Path: "/c", Where: ".body.c"})
	for _, c := range []struct {
		found Found
		want  int
	}{
		{Found{"POST", "/b", "x.y", ""}, 0}, {Found{"POST", "/a", "y", ""}, 1}, {Found{"POST", "/a/b", "x.y", ""}, 2},
		{Found{"PUT", "/A/", "x.y", ""}, 3}, {Found{"POST", "/a", "y", "github"}, 4},
		{Found{"POST", "/c", "y", ""}, 7},
	} {
		l, ok := lanes.Forward(c.found, func(*testLane) bool { return true })
		if got := slices.Index(lanes.Rows, l); !ok || got != c.want {
			t.Errorf("%+v: row %d (%t), want %d", c.found, got, ok, c.want)
		}
	}
	if l, ok := lanes.Forward(Found{"POST", "/a", "", ""}, func(l *testLane) bool { return l.row == nil }); !ok ||
		l != lanes.Rest {
		t.Errorf("where only Rest accepts: %v, %t", l, ok)
	}
	if l, ok := lanes.Forward(Found{"POST", "/a", "", ""}, func(*testLane) bool { return false }); ok {
		t.Errorf("nobody accepts it, and it goes to %v", l)
	}
}

func TestWithoutRowsTheRestGuardsEachTarget(t *testing.T) {
	lanes, other := lanesOf(), lanesOf(Route{Path: "/other"})
	for _, target := range []string{"/", "/a", "/a/../b", "/a%2fb", "/" + strings.Repeat("a/../", maxReadings+1), ""} {
		got, want := written(lanes.Guards("POST", target)), written(other.Guards("POST", target))
		if got != "rest" || got != want && len(target) < 20 {
			t.Errorf("%.20q: %q, with a row for another path %q", target, got, want)
		}
	}
}

func TestReadingsAreBounded(t *testing.T) {
	if got := readings("/plain"); fmt.Sprint(got) != "[/plain]" {
		t.Errorf("a plain path is read as %v", got)
	}
	for name, target := range map[string]string{
		"dot segments": "/" + strings.Repeat("a/../", maxReadings+1),
		"decodings":    "/a;b?c/" + strings.Repeat("x%2f..%2f", 40),
	} {
		if got := readings(target); name == "dot segments" && got != nil || len(got) > maxReadings {
			t.Errorf("%s: %d readings", name, len(got))
		}
	}
}
