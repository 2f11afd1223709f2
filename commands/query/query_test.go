package query_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

var noon = time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)

func anyScheme(name string) (string, error) { return name, nil }

func read(t *testing.T, line string) *query.Query {
	t.Helper()
	q, err := query.Read(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return q
}

func TestALineHasTheFlagsOfTheHistory(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]store.Filter{
		"status:5xx":                        {Status: store.StatusRange{From: 500, To: 599}},
		"--status 5xx":                      {Status: store.StatusRange{From: 500, To: 599}},
		"--status=5xx --failed":             {Status: store.StatusRange{From: 500, To: 599}, Failed: true},
		"--failed=true --invalid":           {Failed: true, Invalid: true},
		"failed:true":                       {Failed: true},
		"event:invoice.* scheme:stripe":     {Event: "invoice.*", Scheme: "stripe"},
		`event:"invoice.*" --of-scheme 'x'`: {Event: "invoice.*", Scheme: "x"},
		"--received endpoint::3000":         {Kind: record.Received, Endpoint: ":3000"},
		"since:1h":                          {Since: noon.Add(-time.Hour)},
		`id:evt_1  grep:"a  b"`:             {WebhookID: "evt_1", Grep: "a  b"},
		`grep:it's`:                         {Grep: "it's"},
		"marked:duplicate":                  {Marked: record.Duplicate},
	} {
		q := read(t, line)
		got, where, err := q.Filter.Parse(noon, anyScheme)
		if diff := cmp.Diff(want, got); diff != "" || err != nil || where != nil {
			t.Errorf("%s: %v, %v\n%s", line, where, err, diff)
		}
		if !q.Selects() || q.IsEmpty() || !q.Has("") || q.String() != line {
			t.Errorf("%s: selects %t, is empty %t, has words %t, is %s", line, q.Selects(), q.IsEmpty(), !q.Has(""), q)
		}
	}
	q := read(t, `where:'.type == "x"'`)
	if _, where, err := q.Filter.Parse(noon, anyScheme); err != nil || where.String() != `.type == "x"` {
		t.Errorf("where is %v, %v", where, err)
	}
	q = read(t, `where:.type=="x"`)
	if _, where, err := q.Filter.Parse(noon, anyScheme); err != nil || where.String() != `.type == "x"` {
		t.Errorf("where without quotes is %v, %v", where, err)
	}
}

func TestOtherWordsAreLookedFor(t *testing.T) {
	t.Parallel()
	const row = `14:02:11  17  POST /Hooks it's x:1 a "b  c" 42 localhost:3000  500`
	for line, want := range map[string]bool{
		"hooks": true, "HOOKS post": true, "hooks none": false, "it's": true, `"b  c"`: true, `'a "b'`: true, "x:1": true,
		`"42"`: true, `"43"`: false, "14:02:11": true, "localhost:3000": true, "http://x": false, "--": false, "a --": false,
		`"status:500"`: false, "": true, "  ": true,
	} {
		q := read(t, line)
		if q.Has(row) != want || q.Selects() || q.IsEmpty() != (strings.TrimSpace(line) == "") {
			t.Errorf("%s: has %t, selects %t, is empty %t", line, q.Has(row), q.Selects(), q.IsEmpty())
		}
	}
	q := read(t, "push 42 40..47 @ @-2 status:500 main")
	if want := []string{"42", "40..47", "@", "@-2"}; !slices.Equal(q.Selectors, want) || !q.Has("main push") ||
		q.Has("push") {
		t.Errorf("selectors %q, %t", q.Selectors, q.Has("push"))
	}
	if got := read(t, " a  b ").String(); got != `"a  b"` {
		t.Error(got)
	}
}

func TestAMistakeIsOneLineThatNamesWhatWasMeant(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"stauts:500":            "there is no filter stauts:; did you mean status:?",
		"--stauts 500":          "there is no filter --stauts; did you mean --status?",
		"--frobnicate":          "there is no filter --frobnicate; ? lists examples",
		"is:failed":             "there is no filter is:; type --failed or --invalid",
		"path:/x":               "there is no filter path:; type the path alone, as /hooks",
		"type:push":             "there is no filter type:; type event:TYPE",
		"--status":              "status: needs its value right behind it",
		"status: 500":           "status: needs its value right behind it",
		"--failed=no":           "--failed takes no value; --failed",
		"status:500 status:404": "status is given twice",
		`grep:"a b`:             `the quote " is not closed`,
		"event:'a b'":           "event: an event type has no blanks; * matches any part",
	} {
		_, err := query.Read(line)
		if err == nil {
			t.Errorf("%s is read", line)
		} else if got := query.Reason(err); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

// An error that points at a place of an expression with a caret names the place in its one line.
func TestAMistakeOfAnExpressionNamesThePlace(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"where:'.status >>= 4'": "unexpected token \">=\" at >= 4",
		"where:'.status >='":    "it ends too early",
	} {
		q := read(t, line)
		_, _, err := q.Filter.Parse(noon, anyScheme)
		if err == nil {
			t.Errorf("%s is taken", line)
		} else if got := query.Reason(err); !strings.HasPrefix(got, "--where: "+want) || strings.Contains(got, "^") {
			t.Errorf("%s: %s", line, got)
		}
	}
}

func TestTheNewestIsThatOfTheList(t *testing.T) {
	t.Parallel()
	q := read(t, "@ @-2 7 @-0")
	if err := q.Fix([]int64{3, 5, 4}); err != nil || !slices.Equal(q.Selectors, []string{"4", "3", "7", "4"}) {
		t.Errorf("%q, %v", q.Selectors, err)
	}
	if err := read(t, "@-3").Fix([]int64{3, 5, 4}); err == nil ||
		query.Reason(err) != "@-3 is below the last of the 3 rows of the list" {
		t.Error(err)
	}
	if err := read(t, "@").Fix(nil); err == nil {
		t.Error("the newest of nothing")
	}
}

// An error of the selection is about the condition that makes it alone; one of all of them together has no place.
func TestAnErrorIsAboutTheConditionThatMakesIt(t *testing.T) {
	q := read(t, " push since:nonsense  --failed ")
	whole := errors.New("of all")
	err := q.Blame(whole, func(one *query.Query) error {
		if one.Filter.Since != "" {
			return errors.New("no time")
		}
		return nil
	})
	if from, to := query.Place(" push since:nonsense  --failed ", err); from != 6 || to != 20 || err.Error() != "no time" {
		t.Errorf("%v from %d to %d", err, from, to)
	}
	if err := q.Blame(whole, func(*query.Query) error { return nil }); !errors.Is(err, whole) {
		t.Error(err)
	}
}

func TestAWordCanBeLookedForInTheBodies(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"cus_1":                    "grep:cus_1",
		"status:404  cus_1 --sent": "status:404  grep:cus_1 --sent",
		`--failed "a b"`:           `--failed grep:"a b"`,
		"":                         "", "status:404": "", "a b": "", "grep:x cus_1": "", "40..47": "",
	} {
		q, err := query.Read(line)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.InBodies(); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}
