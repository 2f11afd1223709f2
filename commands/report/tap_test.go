package report_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/report"
)

// The grammar of TAP version 14, as far as a report without subtests needs it.
var (
	tapPlan = regexp.MustCompile(`^1\.\.([0-9]+)( # .*)?$`)
	tapTest = regexp.MustCompile(`^(not )?ok ([0-9]+)( - (.*))?$`)
	tapYAML = regexp.MustCompile(`^  ( {2})?("(?:[^"\\\x00-\x1f\x7f-\x{9f}]|\\["\\/bfnrt]|\\u[0-9a-f]{4})*"|[a-z_]+):` +
		`( ("(?:[^"\\\x00-\x1f\x7f-\x{9f}]|\\["\\/bfnrt]|\\u[0-9a-f]{4})*"|[0-9]+|[a-z]+))?$`)
)

// tapPoint is a test point as a harness reads it.
type tapPoint struct {
	ok                  bool
	description, reason string // without escapes
	skipped             bool
	yaml                []string
}

// parseTAP reads a stream, and says where it is not TAP version 14.
func parseTAP(stream string) (points []tapPoint, err error) {
	lines := strings.Split(strings.TrimSuffix(stream, "\n"), "\n")
	if len(lines) < 2 || lines[0] != "TAP version 14" {
		return nil, fmt.Errorf("it begins with %q", lines[0])
	}
	plan := tapPlan.FindStringSubmatch(lines[1])
	if plan == nil {
		return nil, fmt.Errorf("plan: %q", lines[1])
	}
	inYAML := false
	for i, line := range lines[2:] {
		switch test := tapTest.FindStringSubmatch(line); {
		case inYAML && line == "  ...":
			inYAML = false
		case inYAML && tapYAML.MatchString(line):
			points[len(points)-1].yaml = append(points[len(points)-1].yaml, strings.TrimSpace(line))
		case !inYAML && line == "  ---" && len(points) > 0:
			inYAML = true
		case !inYAML && test != nil && test[2] == strconv.Itoa(len(points)+1):
			points = append(points, readPoint(test))
		default:
			return points, fmt.Errorf("line %d: %q", i+3, line)
		}
	}
	if n, _ := strconv.Atoi(plan[1]); n != len(points) || inYAML {
		return points, fmt.Errorf("%d points, %s planned, a diagnostic is open: %v", len(points), plan[1], inYAML)
	}
	return points, nil
}

// readPoint takes the description apart: a backslash escapes itself and #, and a # that is not escaped begins the
// directive.
func readPoint(test []string) (p tapPoint) {
	p.ok = test[1] == ""
	text, directive := []rune(test[4]), ""
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && (text[i+1] == '\\' || text[i+1] == '#'):
			i++
			p.description += string(text[i])
		case text[i] == '#' && i > 0 && text[i-1] == ' ':
			directive = string(text[i+1:])
			i = len(text)
		default:
			p.description += string(text[i])
		}
	}
	if rest, ok := strings.CutPrefix(strings.TrimSpace(directive), "SKIP"); ok {
		p.skipped, p.reason = true, strings.TrimSpace(rest)
	}
	p.description = strings.TrimSpace(p.description)
	return p
}

func TestTAPIsWhatTheSpecificationSays(t *testing.T) {
	points, err := parseTAP(string(strange().TAP()))
	if err != nil {
		t.Fatal(err)
	}
	cases := strange().Cases
	for i, p := range points {
		c := cases[i]
		if skip, ok := c.Outcome == report.Skip, c.Outcome == report.Pass || c.Outcome == report.Skip; p.skipped != skip ||
			p.ok != ok {
			t.Errorf("%q as %s: %+v", c.Name, c.Outcome, p)
		}
	}
	for i, want := range map[int]string{0: hostile[0], 24: "ok # SKIP forged", 28: `back\slash # TODO`} {
		if points[i].description != want {
			t.Errorf("point %d: %q, want %q", i+1, points[i].description, want)
		}
	}
}

func TestTAPOfASmallReport(t *testing.T) {
	const want = `TAP version 14
1..5
ok 1 - 17 invoice.paid
not ok 2 - 18 invoice.paid
  ---
  message: "regressed\nstatus 200 → 500"
  severity: fail
  duration_ms: 12
  properties:
    "webhook": "msg_1"
  ...
ok 3 - 19 ping
  ---
  duration_ms: 1000
  attempts: 3
  ...
ok 4 - 20 ping # SKIP no answer of then
  ---
  message: "no answer of then"
  severity: skip
  duration_ms: 0
  ...
not ok 5 - 21 ping
  ---
  message: "connection refused"
  severity: error
  duration_ms: 0
  ...
`
	if got := string(small().TAP()); got != want {
		t.Error(got)
	}
	if points, err := parseTAP(string((&report.Report{}).TAP())); err != nil || len(points) != 0 {
		t.Error(points, err)
	}
}
