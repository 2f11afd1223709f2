package engine

import "testing"

func TestWithinCutsJoinsAndSorts(t *testing.T) {
	all := Range{1, 100}
	for name, c := range map[string]struct{ in, want []Range }{
		"none":      {nil, []Range{all}},
		"unsorted":  {[]Range{{7, 9}, {1, 2}}, []Range{{1, 2}, {7, 9}}},
		"overlap":   {[]Range{{1, 5}, {5, 9}, {2, 3}}, []Range{{1, 9}}},
		"outside":   {[]Range{{-4, 0}, {101, 200}}, nil},
		"cut":       {[]Range{{-4, 2}, {99, 200}}, []Range{{1, 2}, {99, 100}}},
		"backwards": {[]Range{{9, 7}}, nil},
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
