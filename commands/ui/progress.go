package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver/batch"
)

// Meter makes the footer's line about progress. It measures the rate between two calls of Text.
type Meter struct {
	Read    func() batch.Progress
	Columns func() int

	rate float64
	done int64
	at   time.Time
}

// steady is the weight of a new rate against the previous one.
const steady = 0.3

// Text returns the line for the current width of the terminal. It omits parts that do not fit, the bar first.
func (m *Meter) Text() string {
	p := m.Read()
	m.measure(p.Done, time.Now())
	return progressText(p, m.rate, m.Columns())
}

func (m *Meter) measure(done int64, now time.Time) {
	if passed := now.Sub(m.at).Seconds(); !m.at.IsZero() && passed > 0 {
		rate := float64(done-m.done) / passed
		if m.rate > 0 {
			rate = steady*rate + (1-steady)*m.rate
		}
		m.rate = rate
	}
	m.done, m.at = done, now
}

// barWidth is the width of the bar if it fits.
const barWidth = 20

func progressText(p batch.Progress, rate float64, columns int) string {
	done := fmt.Sprintf("%d sent", p.Done)
	if p.Total > 0 {
		done = fmt.Sprintf("%d/%d", p.Done, p.Total)
	}
	parts := []string{done, perSecond(rate) + "/s", fmt.Sprintf("%d failed", p.Failed)}
	if p.P99 > 0 {
		parts = append(parts, "p99 "+Duration(p.P99))
	}
	if left := remaining(p, rate); left > 0 {
		parts = append(parts, "ETA "+Duration(left))
	}
	line := strings.Join(parts, "  ")
	if p.Total > 0 && columns-1 >= len(line)+barWidth+4 {
		filled := int(min(p.Done, p.Total) * barWidth / p.Total)
		line = "[" + strings.Repeat("#", filled) + strings.Repeat("-", barWidth-filled) + "]  " + line
	}
	return line
}

// remaining returns the remaining time at a rate; 0 when it is unknown.
func remaining(p batch.Progress, rate float64) time.Duration {
	if p.Total <= p.Done || rate <= 0 {
		return 0
	}
	seconds := float64(p.Total-p.Done) / rate
	if seconds > (1000 * time.Hour).Seconds() {
		return 0
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second)
}
