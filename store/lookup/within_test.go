package lookup

import "testing"

func TestWithinCutsJoinsAndSorts(t *testing.T) {
	all := Span{1, 100}
	for name, c := range map[string]struct{ in, want []Span }{
		"none":      {nil, []Span{all}},
		"unsorted":  {[]Span{{7, 9}, {1, 2}}, []Span{{1, 2}, {7, 9}}},
		"overlap":   {[]Span{{1, 5}, {5, 9}, {2, 3}}, []Span{{1, 9}}},
		"outside":   {[]Span{{-4, 0}, {101, 200}}, nil},
		"cut":       {[]Span{{-4, 2}, {99, 200}}, []Span{{1, 2}, {99, 100}}},
		"backwards": {[]Span{{9, 7}}, nil},
	} {
		got := Within(all, c.in)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
}
