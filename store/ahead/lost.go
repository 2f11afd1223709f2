package ahead

import "fmt"

// Lost counts answers that could not be recorded.
type Lost struct {
	n   int
	why error // of the first
}

// Add notes one more, and why.
func (l *Lost) Add(why error) {
	if l.n++; l.n == 1 {
		l.why = why
	}
}

// Take returns an error that says how many were lost since the last call, and why the first was; nil for none.
func (l *Lost) Take() error {
	n, why := l.n, l.why
	*l = Lost{}
	switch n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("1 answer was not recorded: %w", why)
	}
	return fmt.Errorf("%d answers were not recorded: %w", n, why)
}

// Apart returns those of all that are to go first, and the rest, each in order.
func Apart[T any](all []T, first func(T) bool) (firsts, rest []T) {
	for _, one := range all {
		if first(one) {
			firsts = append(firsts, one)
		} else {
			rest = append(rest, one)
		}
	}
	return firsts, rest
}
