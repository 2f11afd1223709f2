package expect

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// Count is how many webhooks are expected.
type Count struct {
	Min int
	Max int // -1: any number
}

// AtLeast is a count without an upper end.
func AtLeast(n int) Count { return Count{Min: n, Max: -1} }

// mostCounted is the largest number that a count may hold.
const mostCounted = 1_000_000

// ParseCount reads the count of barb wait: 3 and 3+ are at least three, 2..2 is exactly two, 1..3 is from one to three.
func ParseCount(text string) (Count, error) {
	c, open, err := parseCount(text)
	if open {
		c.Max = -1
	}
	return c, err
}

// parseExact is ParseCount with a single number as exactly that many, which is what x2 means in an expectation.
func parseExact(text string) (Count, error) {
	c, _, err := parseCount(text)
	return c, err
}

// parseCount reads N, N+ or N..M. open reports that it was N alone.
func parseCount(text string) (c Count, open bool, err error) {
	form := regexp.MustCompile(`^([0-9]+)(\+|\.\.([0-9]+))?$`).FindStringSubmatch(text)
	if form == nil {
		return c, false, fmt.Errorf("%q is not a count such as 2, 2+ or 2..4", text)
	}
	if c.Min, err = number(form[1]); err != nil {
		return c, false, err
	}
	switch form[2] {
	case "":
		c.Max, open = c.Min, true
	case "+":
		c.Max = -1
	default:
		if c.Max, err = number(form[3]); err != nil {
			return c, false, err
		}
		if c.Max < c.Min {
			return c, false, fmt.Errorf("%s: the smaller number comes first: %d..%d", text, c.Max, c.Min)
		}
	}
	if c.Max == 0 {
		return c, open, errNone
	}
	return c, open, nil
}

// errNone is the error for a count that expects no webhook at all.
var errNone = errors.New("a count of 0 expects nothing")

func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n > mostCounted {
		return 0, fmt.Errorf("%s is more than %d", text, mostCounted)
	}
	return n, nil
}

// String describes the count.
func (c Count) String() string {
	switch {
	case c.Max == 0:
		return "none"
	case c.Max < 0:
		return fmt.Sprintf("at least %d", c.Min)
	case c.Min == c.Max:
		return fmt.Sprintf("exactly %d", c.Min)
	case c.Min == 0:
		return fmt.Sprintf("at most %d", c.Max)
	}
	return fmt.Sprintf("%d to %d", c.Min, c.Max)
}

// tooMany reports whether n is above the upper end.
func (c Count) tooMany(n int) bool { return c.Max >= 0 && n > c.Max }
