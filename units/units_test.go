package units_test

import (
	"testing"
	"time"

	"github.com/barbhq/barb/units"
)

func TestSizes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"0": 0, "512": 512, "10MiB": 10 << 20, "2k": 2000, "1.5kB": 1500,
		"200MB": 200e6, "1 GiB": 1 << 30, "7b": 7, "2.7": 3, "4.35kB": 4350} {
		if got, err := units.ParseSize(text); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "MB", "-1", "1XB", "1e400", "10 000", "NaN", "Inf", "5000000000GB"} {
		if got, err := units.ParseSize(text); err == nil {
			t.Errorf("%q was taken as %d", text, got)
		}
	}
	for n, want := range map[int64]string{0: "0", 10 << 20: "10MiB", 1 << 30: "1GiB", 3 << 10: "3KiB", 1500: "1500",
		1<<20 + 1: "1048577"} {
		if got := units.FormatSize(n); got != want {
			t.Errorf("%d is written as %s, want %s", n, got, want)
		}
		if back, err := units.ParseSize(want); err != nil || back != n {
			t.Errorf("%s is read back as %d, %v", want, back, err)
		}
	}
}

func TestSizesAreRoundedAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0B", 512: "512B", 999: "999B", 1000: "1kB", 2148: "2.1kB",
		14_000_000: "14MB", 5_000_000_000: "5GB"} {
		if got := units.RoundSize(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestDurationsKnowDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"15s": 15 * time.Second, "7d": 168 * time.Hour, "2w": 336 * time.Hour,
		"1.5d": 36 * time.Hour, "0s": 0, "0": 0} {
		if got, err := units.ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "5", "-1s", "-1d", "d", "1y", "99999999999w", "NaNd"} {
		if got, err := units.ParseDuration(text); err == nil {
			t.Errorf("%q was taken as %s", text, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", 10 * time.Second: "10s", 5 * time.Minute: "5m",
		90 * time.Minute: "1h30m", 48 * time.Hour: "2d",
		3 * time.Hour: "3h", 100 * time.Second: "1m40s", time.Hour + 5*time.Second: "1h0m5s", 250 * time.Millisecond: "250ms",
		20 * time.Minute: "20m"} {
		if got := units.FormatDuration(d); got != want {
			t.Errorf("%s is written as %s, want %s", d, got, want)
		}
		if back, err := units.ParseDuration(want); err != nil || back != d {
			t.Errorf("%s is read back as %s, %v", want, back, err)
		}
	}
}
