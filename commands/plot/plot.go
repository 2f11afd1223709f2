// Package plot draws numbers as bars of characters or of a web page.
package plot

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// eighths are bars of one column, one eighth of a line higher each.
var eighths = []rune(" ▁▂▃▄▅▆▇█")

// parts are bars of one line, one eighth of a column wider each.
var parts = []rune(" ▏▎▍▌▋▊▉█")

// Spark draws values in one line of at most a width, the last of them at its end. A value above 0 is never blank.
func Spark(values []int64, width int) string {
	lines := Columns(values, width, 1)
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}

// Columns draws values as bars of so many lines, in a width. Of more values than that, neighbours share a bar. A value
// above 0 is never blank.
func Columns(values []int64, width, height int) []string {
	values = squeeze(values, width)
	if len(values) == 0 || height <= 0 {
		return nil
	}
	most := max(slices.Max(values), 1)
	lines := make([]string, height)
	for i := range lines {
		var b strings.Builder
		below := int64(8 * (height - 1 - i)) // eighths under this line
		for _, v := range values {
			full := (max(v, 0)*int64(8*height) + most - 1) / most
			b.WriteRune(eighths[min(max(full-below, 0), 8)])
		}
		lines[i] = b.String()
	}
	return lines
}

// squeeze adds neighbours up until no more than a width are left.
func squeeze(values []int64, width int) []int64 {
	if width <= 0 || len(values) <= width {
		if width <= 0 {
			return nil
		}
		return values
	}
	each := (len(values) + width - 1) / width
	var out []int64
	for part := range slices.Chunk(values, each) {
		sum := int64(0)
		for _, v := range part {
			sum += v
		}
		out = append(out, sum)
	}
	return out
}

// Row is a bar with its name.
type Row struct {
	Name  string
	Value int64
}

// Bars draws rows as bars that begin below each other, each with its value, in a width. Bars of a value above 0 are
// never blank.
func Bars(rows []Row, width int) []string {
	name, number, most := 0, 0, int64(1)
	for _, r := range rows {
		name, number = max(name, utf8.RuneCountInString(r.Name)), max(number, len(fmt.Sprint(r.Value)))
		most = max(most, r.Value)
	}
	room := max(width-name-number-4, 1)
	lines := make([]string, len(rows))
	for i, r := range rows {
		full := int((max(r.Value, 0)*int64(8*room) + most - 1) / most)
		bar := strings.Repeat(string(parts[8]), full/8)
		if full%8 > 0 {
			bar += string(parts[full%8])
		}
		lines[i] = strings.TrimRight(fmt.Sprintf("%*s  %*d  %s", name, r.Name, number, r.Value, bar), " ")
	}
	return lines
}

// Latencies counts times in steps of 1, 2 and 5.
type Latencies struct{ counts map[time.Duration]int64 }

// Add counts n times.
func (l *Latencies) Add(d time.Duration, n int64) {
	if l.counts == nil {
		l.counts = map[time.Duration]int64{}
	}
	l.counts[step(d)] += n
}

// step returns the upper end of the step of a time.
func step(d time.Duration) time.Duration {
	for unit := 100 * time.Microsecond; ; unit *= 10 {
		for _, times := range []time.Duration{1, 2, 5} {
			if d <= times*unit || unit > math.MaxInt64/100 {
				return times * unit
			}
		}
	}
}

// Rows returns the steps from the lowest with a time to the highest. Format formats the upper end of a step.
func (l *Latencies) Rows(format func(time.Duration) string) (rows []Row) {
	if len(l.counts) == 0 {
		return nil
	}
	lowest, highest := time.Duration(math.MaxInt64), time.Duration(0)
	for d := range l.counts {
		lowest, highest = min(lowest, d), max(highest, d)
	}
	for d := lowest; d <= highest; d = step(d + 1) {
		rows = append(rows, Row{"≤ " + format(d), l.counts[d]})
	}
	return rows
}

// mostTimes is how many steps of time are counted; with more, the steps become twice as long.
const mostTimes = 1024

// Rate counts what happened over time. It takes the same memory however much that was.
type Rate struct {
	step        time.Duration
	counts      map[int64]int64
	first, last int64 // of counts
}

// Add counts something at a moment.
func (r *Rate) Add(at time.Time) {
	if r.counts == nil {
		r.counts, r.step = map[int64]int64{}, time.Second
		r.first, r.last = math.MaxInt64, math.MinInt64
	}
	i := at.UnixNano() / int64(r.step)
	r.counts[i]++
	r.first, r.last = min(r.first, i), max(r.last, i)
	for r.last-r.first >= mostTimes {
		wider := map[int64]int64{}
		for i, n := range r.counts {
			wider[i>>1] += n
		}
		r.counts, r.step, r.first, r.last = wider, 2*r.step, r.first>>1, r.last>>1
	}
}

// Values returns the count of each step, how long a step is, and when the first and the last began; nothing where
// nothing was counted.
func (r *Rate) Values() (values []int64, step time.Duration, first, last time.Time) {
	if len(r.counts) == 0 {
		return nil, 0, first, last
	}
	for i := r.first; i <= r.last; i++ {
		values = append(values, r.counts[i])
	}
	return values, r.step, time.Unix(0, r.first*int64(r.step)), time.Unix(0, r.last*int64(r.step))
}
