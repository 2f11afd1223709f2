package drift_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/barbhq/barb/store/body"
	"github.com/barbhq/barb/store/drift"
)

var paid = drift.Event{Scheme: "stripe", Type: "invoice.paid"}

// shape is the shape of webhooks with these bodies. Their numbers count from first on.
func shape(first int64, bodies ...string) *drift.Shape {
	s := &drift.Shape{Masked: []string{"[secret]"}}
	for i, text := range bodies {
		v, ok := body.JSON([]byte(text))
		switch n := first + int64(i); {
		case ok:
			s.Add(paid, n, v)
		case text == "":
			s.AddOther(paid, n, drift.Empty)
		default:
			s.AddOther(paid, n, drift.Text)
		}
	}
	return s
}

// told lists differences, one a line, with how many webhooks have the field and one of them.
func told(c drift.Compared) string {
	var lines []string
	side := func(s drift.Side) string {
		if s.Webhooks == 0 {
			return fmt.Sprintf("– 0/%d", s.Of)
		}
		return fmt.Sprintf("%s %d/%d @%d", strings.Join(s.Types.Names(), "|"), s.Webhooks, s.Of, s.Example)
	}
	for _, d := range c.Differences {
		lines = append(lines, fmt.Sprintf("%s %s: %s → %s", d.Change, d.Path, side(d.Old), side(d.New)))
	}
	return strings.Join(lines, "\n")
}

func TestWhatChangedInTheShapeIsNamed(t *testing.T) {
	t.Parallel()
	type bodies []string
	for name, c := range map[string]struct {
		old, now bodies
		ignored  []string
		want     string
	}{
		"other values": {old: bodies{`{"a":1,"b":"x"}`}, now: bodies{`{"b":"y","a":2.5}`}},
		"a new field": {bodies{`{"a":1}`}, bodies{`{"a":1}`, `{"a":1,"b":{"c":[1]}}`}, nil,
			"appeared .b: – 0/1 → object 1/2 @51"},
		"a field is not": {bodies{`{"a":1,"b":2}`, `{"a":1}`}, bodies{`{"a":1}`}, nil,
			"vanished .b: number 1/2 @1 → – 0/1"},
		"another type": {bodies{`{"a":{"b":1}}`}, bodies{`{"a":{"b":"1"}}`}, nil,
			"changed .a.b: number 1/1 @1 → string 1/1 @50"},
		"null as well": {bodies{`{"a":"x"}`}, bodies{`{"a":"x"}`, `{"a":null}`}, nil,
			"changed .a: string 1/1 @1 → string|null 2/2 @51"},
		"no object any more": {bodies{`{"a":{"b":1}}`}, bodies{`{"a":"id"}`}, nil,
			"changed .a: object 1/1 @1 → string 1/1 @50"},
		"elements are one": {bodies{`{"l":[{"i":1},{"i":2}]}`}, bodies{`{"l":[{"i":1},{"i":"2","j":true}]}`}, nil,
			"changed .l[].i: number 1/1 @1 → string|number 1/1 @50\nappeared .l[].j: – 0/1 → boolean 1/1 @50"},
		"an empty array says nothing": {old: bodies{`{"l":[{"i":1}]}`}, now: bodies{`{"l":[]}`}},
		"the body is an array": {bodies{`[{"a":1}]`}, bodies{`[{"b":1}]`}, nil,
			"vanished .[].a: number 1/1 @1 → – 0/1\nappeared .[].b: – 0/1 → number 1/1 @50"},
		"the body": {bodies{`{"a":1}`, ``}, bodies{`no JSON`}, nil, "changed .: object|empty 2/2 @1 → text 1/1 @50"},
		"odd names": {bodies{`{}`}, bodies{`{"a b":1,"":2,"1":3,"<":4,"_a1":5}`}, nil,
			"appeared .\"\": – 0/1 → number 1/1 @50\n" +
				"appeared .\"1\": – 0/1 → number 1/1 @50\nappeared .\"<\": – 0/1 → number 1/1 @50\n" +
				"appeared ._a1: – 0/1 → number 1/1 @50\nappeared .\"a b\": – 0/1 → number 1/1 @50"},
		"ignored":         {bodies{`{"m":{"x":1},"a":1}`}, bodies{`{"m":{"y":"1"}}`}, []string{".m", ".a"}, ""},
		"ignored in each": {bodies{`[{"x":1}]`}, bodies{`[{"x":"1"}]`}, []string{"[].x"}, ""},
		"ignored and new": {bodies{`{}`}, bodies{`{"a":1}`}, []string{".a"}, ""},
		"a masked value": {bodies{`{"a":"[secret]","b":"[secret] x"}`}, bodies{`{"a":1,"b":2}`}, nil,
			"changed .b: string 1/1 @1 → number 1/1 @50"},
		"a masked new value": {bodies{`{}`}, bodies{`{"a":"[secret]"}`}, nil, "appeared .a: – 0/1 →  1/1 @50"},
	} {
		if got := told(drift.Compare(shape(1, c.old...), shape(50, c.now...), c.ignored)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func TestEventsAreComparedWithTheirOwn(t *testing.T) {
	t.Parallel()
	old, now := &drift.Shape{}, &drift.Shape{}
	event := func(scheme, name string) drift.Event { return drift.Event{Scheme: scheme, Type: name} }
	for _, name := range strings.Fields("b/y a/z a/x a/y b/z a/w") {
		scheme, what, _ := strings.Cut(name, "/")
		old.Add(event(scheme, what), 1, map[string]any{"old": true})
	}
	for _, name := range strings.Fields("c/n b/y a/x b/x a/v d/a") {
		scheme, what, _ := strings.Cut(name, "/")
		now.Add(event(scheme, what), 2, map[string]any{"old": true, what: true})
	}
	c := drift.Compare(old, now, nil)
	if got := fmt.Sprint(c.Events, c.OnlyOld, c.OnlyNew); got !=
		"2 [{a w} {a y} {a z} {b z}] [{a v} {b x} {c n} {d a}]" {
		t.Error(got)
	}
	if got := told(c); c.Differences[0].Event != event("a", "x") || !strings.Contains(got, ".x: ") ||
		!strings.Contains(got, ".y: ") || len(c.Differences) != 2 {
		t.Errorf("%+v", c.Differences)
	}
}

// TestAShapeIsBounded adds what a stranger may send, and looks at what is kept and said.
func TestAShapeIsBounded(t *testing.T) {
	nested := func(n int) string { return strings.Repeat(`{"a":`, n) + `1` + strings.Repeat(`}`, n) }
	var many strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&many, `,"%s%d":1`, strings.Repeat("k", 50), i)
	}
	wide := `{"a":1` + many.String() + `}`
	for name, text := range map[string]string{"deep": nested(5000), "deep arrays": strings.Repeat("[", 5000) +
		strings.Repeat("]", 5000), "wide": wide, "a long name": `{"` + strings.Repeat("n", 300) +
		`":1}`} {
		hostile := shape(1, text)
		if !hostile.Cut() {
			t.Errorf("%s: nothing is cut", name)
		}
		if got := told(drift.Compare(hostile, shape(2, text), nil)); got != "" {
			t.Errorf("%s differs from itself: %.300s", name, got)
		}
	}
	few := `"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1`
	first, then := strings.Replace(wide, `"a":1`, few, 1),
		strings.Replace(wide, `"a":1`, strings.ReplaceAll(few, "1", "null"), 1)
	if got := drift.Compare(shape(1, first), shape(2, then), nil).Differences; len(got) != 10 {
		t.Errorf("of ten fields that come first %d are compared", len(got))
	}
	cut, other := shape(1, wide), shape(2, `{"zzz":1}`)
	if got := told(drift.Compare(cut, other, nil)) + told(drift.Compare(other, cut, nil)); strings.Contains(got, "zzz") {
		t.Errorf("what may not be kept is new: %.300s", got)
	}
	if s := shape(1, nested(60)); s.Cut() {
		t.Error("60 levels are cut")
	}
}

func TestMemoryIsBoundedOverManyWebhooks(t *testing.T) {
	var s drift.Shape
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range int64(3000) {
		object := map[string]any{}
		for k := range 100 {
			object[fmt.Sprintf("%d-%d-%s", i, k, strings.Repeat("x", 100))] = nil
		}
		s.Add(drift.Event{Type: fmt.Sprint(i)}, i, object)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 40<<20 || !s.Cut() {
		t.Errorf("%d MiB are kept, cut %t", grown>>20, s.Cut())
	}
	runtime.KeepAlive(&s)
}

func TestTheNumberOfFieldsAndEventsIsBounded(t *testing.T) {
	t.Parallel()
	var events drift.Shape
	for i := range int64(1500) {
		events.Add(drift.Event{Type: fmt.Sprint(i)}, i, nil)
	}
	if events.Webhooks() != 1000 || !events.Cut() {
		t.Errorf("%d events are kept", events.Webhooks())
	}
	full, empty := &drift.Shape{}, &drift.Shape{}
	for i := range int64(40) {
		object := map[string]any{}
		for k := range 1500 {
			object[fmt.Sprint(k)] = nil
		}
		full.Add(drift.Event{Type: fmt.Sprint(i)}, i, object)
		empty.Add(drift.Event{Type: fmt.Sprint(i)}, i, map[string]any{})
	}
	c := drift.Compare(empty, full, nil)
	if n := len(c.Differences); n != 1000 || n+c.More != 50_000 || !full.Cut() {
		t.Errorf("%d fields are kept and %d listed", n+c.More, n)
	}
	empty.Add(paid, 1, []any{"x"})
	full.Add(paid, 1, []any{true})
	if more := drift.Compare(empty, full, nil).More; more != c.More {
		t.Errorf("the elements of one array more are kept: %d differences more", more-c.More)
	}
}

// FuzzAShapeDoesNotDifferFromItself compares shapes of one body, and of two in both directions.
func FuzzAShapeDoesNotDifferFromItself(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, `{"a":[{"b":1}],"c":"[secret]"}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := shape(1, a), shape(2, b)
		if got := told(drift.Compare(x, shape(2, a, a), nil)); got != "" {
			t.Errorf("%q differs from itself: %s", a, got)
		}
		there, back := drift.Compare(x, y, nil).Differences, drift.Compare(y, x, nil).Differences
		if len(there) != len(back) {
			t.Errorf("%q and %q: %v, back %v", a, b, there, back)
		}
	})
}
