// Package units reads quantities as people write them. Flags, barb.toml, scripts of answers and sample events all use
// this one grammar.
package units

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// ParseDuration parses a duration from 0 up: 500ms, 15s, 1h30m, 7d, 1.5d, 2w. A day has 24 hours.
func ParseDuration(s string) (time.Duration, error) {
	for unit, length := range map[string]time.Duration{"d": day, "w": week} {
		if digits, ok := strings.CutSuffix(s, unit); ok {
			n, err := strconv.ParseFloat(digits, 64)
			if err == nil && n >= 0 && n*float64(length) < math.MaxInt64/2 {
				return time.Duration(n * float64(length)), nil
			}
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration such as 500ms, 15s, 5m, 2h or 7d", s)
	}
	return d, nil
}

// FormatDuration formats a duration for ParseDuration, without zero parts: 2d, 3h, 5m, 1m40s.
func FormatDuration(d time.Duration) string {
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	s := strings.TrimSuffix(d.String(), "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	if s == "" {
		return "0s"
	}
	if s[len(s)-1] >= '0' && s[len(s)-1] <= '9' { // "10s" lost its "0s"
		return d.String()
	}
	return s
}

// ParseSize parses a number of bytes from 0 up, with an optional unit: kB, MB and GB are powers of ten, KiB, MiB and
// GiB powers of two. A fraction of a byte is rounded.
func ParseSize(s string) (int64, error) {
	units := map[string]float64{"": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9,
		"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
	lower := strings.ToLower(s)
	digits := strings.TrimRight(lower, "abcdefghijklmnopqrstuvwxyz ")
	unit, known := units[strings.TrimSpace(lower[len(digits):])]
	n, err := strconv.ParseFloat(digits, 64)
	if !known || err != nil || n < 0 || n*unit > math.MaxInt64/2 {
		return 0, fmt.Errorf("%q is not a size such as 512kB or 10MiB", s)
	}
	return int64(math.Round(n * unit)), nil
}

// FormatSize formats a size for ParseSize, in the largest power of two that divides it: 10MiB, 1500.
func FormatSize(n int64) string {
	for _, u := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= u.size && n%u.size == 0 {
			return fmt.Sprintf("%d%s", n/u.size, u.name)
		}
	}
	return strconv.FormatInt(n, 10)
}

// RoundSize formats a rounded size in powers of ten: 512B, 2.1kB, 14MB.
func RoundSize(n int64) string {
	names := []string{"B", "kB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for f >= 999.5 && i < len(names)-1 {
		f, i = f/1000, i+1
	}
	if i == 0 || f >= 9.95 {
		return fmt.Sprintf("%.0f%s", f, names[i])
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") + names[i]
}
