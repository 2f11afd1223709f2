// Package flags is what several commands share on their command lines.
// It reads values and groups of flags and turns them into what the engines take. It prints nothing.
package flags

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/units"
)

// value is a flag's variable, with how its text is read and shown. It is a pflag.Value.
type value[T any] struct {
	to    *T
	word  string // for a value in the help
	parse func(string) (T, error)
	show  func(T) string
}

func (v value[T]) Set(s string) error {
	parsed, err := v.parse(s)
	if err == nil {
		*v.to = parsed
	}
	return err
}

func (v value[T]) String() string { return v.show(*v.to) }

func (v value[T]) Type() string { return v.word }

// optional is a value that may not have been given: then it is nil.
func optional[T any](to **T, word string, parse func(string) (T, error), show func(T) string) pflag.Value {
	return value[*T]{to, word, func(s string) (*T, error) {
		parsed, err := parse(s)
		return &parsed, err
	}, func(given *T) string {
		if given == nil {
			return ""
		}
		return show(*given)
	}}
}

// Size is a number of bytes: 1048576, 512kB, 10MiB.
func Size(to *int64) pflag.Value {
	return value[int64]{to, "size", units.ParseSize, units.FormatSize}
}

// Duration is a duration with days and weeks: 15s, 1h30m, 7d, 2w.
func Duration(to *time.Duration) pflag.Value {
	return value[time.Duration]{to, "duration", units.ParseDuration, units.FormatDuration}
}

// OptionalDuration is a duration that may not have been given.
func OptionalDuration(to **time.Duration) pflag.Value {
	return optional(to, "duration", units.ParseDuration, units.FormatDuration)
}

// Rate is a number of events in a time: 50/s, 100/5s.
func Rate(to *deliver.Rate) pflag.Value {
	return value[deliver.Rate]{to, "rate", parseRate, deliver.Rate.String}
}

func parseRate(s string) (deliver.Rate, error) {
	rate, err := deliver.ParseRate(s)
	if err != nil {
		err = fmt.Errorf("%w; write 50/s, 5/m or 100/5s", err)
	}
	return rate, err
}

// Word is text that must not be empty: a variable of the shell that is not set would otherwise change what a listener
// does.
func Word(to *string) pflag.Value {
	return value[string]{to, "string", func(s string) (string, error) {
		if strings.TrimSpace(s) == "" {
			return "", errors.New("it is empty")
		}
		return s, nil
	}, func(s string) string { return s }}
}

// Speed is how many times shorter waits are, a number above 0: 1000x, 1000, 0.5x.
func Speed(to *float64) pflag.Value {
	return value[float64]{to, "speed", parseSpeed, func(n float64) string {
		return strconv.FormatFloat(n, 'f', -1, 64) + "x"
	}}
}

func parseSpeed(s string) (float64, error) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(s, "x"), 64)
	if err != nil || !(n > 0) || math.IsInf(n, 0) || strings.HasPrefix(s, "+") {
		return 0, fmt.Errorf("%q is not a speed such as 1000x, 10 or 0.5x", s)
	}
	return n, nil
}

// Percent is a part of something, 10% or 0.1, as a number from 0 to 1.
func Percent(to *float64) pflag.Value {
	return value[float64]{to, "percent", parsePercent, FormatPercent}
}

// parsePercent reads a number with a % behind it, or from 0 to 1. 10 alone could be either.
func parsePercent(s string) (float64, error) {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.ParseFloat(digits, 64)
	if percent {
		n /= 100
	}
	if err != nil || math.IsNaN(n) || n < 0 || n > 1 {
		return 0, fmt.Errorf("%q is not a percentage (10%%) or a number from 0 to 1 (0.1)", s)
	}
	return n, nil
}

// FormatPercent writes a part from 0 to 1 as 10%.
func FormatPercent(part float64) string { return strconv.FormatFloat(part*100, 'g', -1, 64) + "%" }

// Seed is a seed that may not have been given.
func Seed(to **uint64) pflag.Value {
	return optional(to, "number", func(s string) (uint64, error) {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			err = fmt.Errorf("%q is not a whole number, 0 or more", s)
		}
		return n, err
	}, func(n uint64) string { return strconv.FormatUint(n, 10) })
}

// Span is a duration, or a range of durations for a random one: 200ms, 50ms..2s.
func Span(to *script.Span) pflag.Value {
	return value[script.Span]{to, "duration", script.ParseSpan, func(s script.Span) string {
		if s == (script.Span{}) {
			return ""
		}
		return s.String()
	}}
}

// Count is a whole number from 0.
func Count(to *int64) pflag.Value {
	return value[int64]{to, "number", func(s string) (int64, error) {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("%q is not a whole number, 0 or more", s)
		}
		return n, nil
	}, func(n int64) string { return strconv.FormatInt(n, 10) }}
}

// unlimited is the text for as many retries as fit in the deadline: math.MaxInt32 of them.
const unlimited = "unlimited"

// Retries is a number of retries, or "unlimited".
func Retries(to *int) pflag.Value {
	return value[int]{to, "int", func(s string) (int, error) {
		if s == unlimited {
			return math.MaxInt32, nil
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("%q is not a whole number, 0 or more, or %s", s, unlimited)
		}
		return n, nil
	}, func(n int) string {
		if n == math.MaxInt32 {
			return unlimited
		}
		return strconv.Itoa(n)
	}}
}

// Prefixes is a list of address ranges on the command line: 10.0.0.0/8,192.168.1.7.
type Prefixes []netip.Prefix

// Set adds ranges, separated by commas. A single address is a range of one.
func (v *Prefixes) Set(s string) error {
	for text := range strings.SplitSeq(s, ",") {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if ip, ipErr := netip.ParseAddr(text); ipErr == nil && !strings.Contains(text, "/") {
			prefix, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		switch plain := plainRange(text); {
		case plain == "", plain == text && err != nil:
			return fmt.Errorf("%q is not an address or a range such as 192.0.2.0/24", text)
		case plain != text:
			return fmt.Errorf("%q has a zone or is an IPv4 address written as IPv6; write %s", text, plain)
		}
		*v = append(*v, prefix.Masked())
	}
	return nil
}

// String returns the prefixes, separated by commas.
func (v *Prefixes) String() string {
	words := make([]string, 0, len(*v))
	for _, p := range *v {
		words = append(words, p.String())
	}
	return strings.Join(words, ",")
}

// Type is the word for a value in the help, as pflag asks for it.
func (v *Prefixes) Type() string { return "cidr" }

// plainRange returns an address or a range without its zone, since no range has one, and written as IPv4 where it
// stands for IPv4. It returns "" for other text.
func plainRange(text string) string {
	address, bits, ranged := strings.Cut(text, "/")
	address, _, zoned := strings.Cut(address, "%")
	ip, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		return ""
	case !zoned && !ip.Is4In6():
		return text
	case !ranged:
		return ip.Unmap().String()
	}
	n, err := strconv.Atoi(bits)
	if ip.Is4In6() {
		n -= 96
	}
	prefix, badBits := ip.Unmap().Prefix(n)
	if err != nil || badBits != nil {
		return ""
	}
	return prefix.String()
}

// Breaker says after how many failures in a row an endpoint is paused, and for how long: 5/30s, or off.
type Breaker struct {
	Failures int // 0: off
	Cooldown time.Duration
}

// Set reads a breaker.
func (v *Breaker) Set(s string) error {
	if s == "off" {
		*v = Breaker{}
		return nil
	}
	count, text, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(count)
	d, durationErr := units.ParseDuration(text)
	if err != nil || durationErr != nil || n < 1 || d <= 0 {
		return fmt.Errorf("%q is not a number of failures and a time (5/30s), or off", s)
	}
	*v = Breaker{Failures: n, Cooldown: d}
	return nil
}

// String returns the breaker as Set reads it.
func (v *Breaker) String() string {
	if v.Failures == 0 {
		return "off"
	}
	return strconv.Itoa(v.Failures) + "/" + units.FormatDuration(v.Cooldown)
}

// Type is the word for a value in the help, as pflag asks for it.
func (v *Breaker) Type() string { return "breaker" }

// AddFlag adds --breaker, with v as its default.
func (v *Breaker) AddFlag(cmd *cobra.Command) {
	cmd.Flags().Var(v, "breaker", "pause an endpoint for a time after this many failures in a row, then try one "+
		"message: `5/30s`, or off")
	Complete(cmd, "breaker", func(string) []string { return []string{"5/30s", "off"} })
}

// Targets is --forward-to. It may be given several times.
type Targets []string

// Set adds a target. Whether it is an address is checked where those of barb.toml are.
func (v *Targets) Set(s string) error {
	if s == "" {
		return errors.New("it is empty")
	}
	*v = append(*v, s)
	return nil
}

// String returns the targets, separated by commas.
func (v *Targets) String() string { return strings.Join(*v, ", ") }

// Type is the word for a value in the help, as pflag asks for it.
func (v *Targets) Type() string { return "URL" }

// Globs is a list of patterns on the command line in which * stands for any part.
type Globs []string

// String returns the patterns, separated by commas.
func (v *Globs) String() string { return strings.Join(*v, ",") }

// Type is the word for a value in the help, as pflag asks for it.
func (v *Globs) Type() string { return "type" }

// Set adds patterns, with commas between them.
func (v *Globs) Set(s string) error {
	for pattern := range strings.SplitSeq(s, ",") {
		pattern = strings.TrimSpace(pattern)
		if err := checkEvent(pattern); err != nil {
			return err
		}
		*v = append(*v, pattern)
	}
	return nil
}

// Match reports whether one of the patterns matches; without patterns everything does.
func (v Globs) Match(s string) bool {
	for _, pattern := range v {
		if route.Match(pattern, s) {
			return true
		}
	}
	return len(v) == 0
}

// Once is a text flag that can be given once, since a second -d would silently replace the first.
type Once struct {
	Text  *string
	given bool
}

// Set takes the first value.
func (v *Once) Set(s string) error {
	if v.given {
		return errors.New("a payload can be given once")
	}
	*v.Text, v.given = s, true
	return nil
}

// String returns the payload as it was given, "" before.
func (v *Once) String() string {
	if v.Text == nil {
		return ""
	}
	return *v.Text
}

// Type is the word for a value in the help, as pflag asks for it.
func (v *Once) Type() string { return "string" }
