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

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/units"
)

// Size is a number of bytes on the command line: 1048576, 512kB, 10MiB.
type Size int64

// Set reads a size.
func (v *Size) Set(s string) error {
	n, err := units.ParseSize(s)
	if err == nil {
		*v = Size(n)
	}
	return err
}

func (v *Size) String() string { return units.FormatSize(int64(*v)) }

// Type is the word for a value in the help, as pflag asks for it.
func (v *Size) Type() string { return "size" }

// Duration is a duration on the command line with days and weeks: 15s, 1h30m, 7d, 2w.
type Duration time.Duration

// Set reads a duration.
func (v *Duration) Set(s string) error {
	d, err := units.ParseDuration(s)
	if err == nil {
		*v = Duration(d)
	}
	return err
}

func (v *Duration) String() string { return units.FormatDuration(time.Duration(*v)) }

// Type is the word for a value in the help, as pflag asks for it.
func (v *Duration) Type() string { return "duration" }

// OptionalDuration is a duration that may not have been given.
type OptionalDuration struct{ D *time.Duration }

// Set reads a duration.
func (v *OptionalDuration) Set(s string) error {
	d, err := units.ParseDuration(s)
	if err == nil {
		v.D = &d
	}
	return err
}

func (v *OptionalDuration) String() string {
	if v.D == nil {
		return ""
	}
	return units.FormatDuration(*v.D)
}

// Type is the word for a value in the help, as pflag asks for it.
func (v *OptionalDuration) Type() string { return "duration" }

// Rate is a rate on the command line.
type Rate struct{ deliver.Rate }

// Set reads a rate.
func (v *Rate) Set(s string) (err error) {
	if v.Rate, err = deliver.ParseRate(s); err != nil {
		return fmt.Errorf("%w; a rate is so many in a time: 50/s, 1000/s, 5/m, 100/5s", err)
	}
	return nil
}

func (v *Rate) String() string { return v.Rate.String() }

// Type is the word for a value in the help, as pflag asks for it.
func (v *Rate) Type() string { return "rate" }

// Word is text on the command line that must not be empty: a variable of the shell that is not set would otherwise
// change what a listener does.
type Word string

// Set reads text.
func (v *Word) Set(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("it is empty")
	}
	*v = Word(s)
	return nil
}

func (v *Word) String() string { return string(*v) }

// Type is the word for a value in the help, as pflag asks for it.
func (v *Word) Type() string { return "string" }

// Speed is how many times shorter waits are, on the command line: 1000x, 1000, 0.5x.
type Speed float64

// Set reads a number above 0, with or without an x behind it.
func (v *Speed) Set(s string) error {
	n, err := strconv.ParseFloat(strings.TrimSuffix(s, "x"), 64)
	if err != nil || !(n > 0) || math.IsInf(n, 0) || strings.HasPrefix(s, "+") {
		return fmt.Errorf("%q is not a speed such as 1000x, 10 or 0.5x", s)
	}
	*v = Speed(n)
	return nil
}

func (v *Speed) String() string {
	return strconv.FormatFloat(float64(*v), 'f', -1, 64) + "x"
}

// Type is the word for a value in the help, as pflag asks for it.
func (v *Speed) Type() string { return "speed" }

// Percent is a part of something on the command line, 10% or 0.1, as a number from 0 to 1.
type Percent float64

// Set reads a number with a % behind it, or from 0 to 1. 10 alone could be either.
func (v *Percent) Set(s string) error {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.ParseFloat(digits, 64)
	if percent {
		n /= 100
	}
	if err != nil || math.IsNaN(n) || n < 0 || n > 1 {
		return fmt.Errorf("%q is not a part such as 10%% or 0.1", s)
	}
	*v = Percent(n)
	return nil
}

func (v *Percent) String() string {
	return strconv.FormatFloat(float64(*v)*100, 'g', -1, 64) + "%"
}

// Type is the word for a value in the help, as pflag asks for it.
func (v *Percent) Type() string { return "percent" }

// Seed is a seed that may not have been given.
type Seed struct{ Seed *uint64 }

// Set reads a whole number.
func (v *Seed) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number from 0", s)
	}
	v.Seed = &n
	return nil
}

func (v *Seed) String() string {
	if v.Seed == nil {
		return ""
	}
	return strconv.FormatUint(*v.Seed, 10)
}

// Type is the word for a value in the help, as pflag asks for it.
func (v *Seed) Type() string { return "number" }

// Span is a duration on the command line, or a range of durations of which chance takes one.
type Span struct{ script.Span }

// Set reads 200ms or 50ms..2s.
func (v *Span) Set(s string) (err error) {
	v.Span, err = script.ParseSpan(s)
	return err
}

func (v *Span) String() string {
	if v.Span == (script.Span{}) {
		return ""
	}
	return v.Span.String()
}

// Type is the word for a value in the help, as pflag asks for it.
func (v *Span) Type() string { return "duration" }

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
			return fmt.Errorf("%q has a zone or is IPv4 as IPv6, which no sender's address has here; write %s", text, plain)
		}
		*v = append(*v, prefix.Masked())
	}
	return nil
}

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

// Count is a whole number from 0 on the command line.
type Count int64

// Set reads a whole number.
func (v *Count) Set(s string) error {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a whole number from 0", s)
	}
	*v = Count(n)
	return nil
}

func (v *Count) String() string { return strconv.FormatInt(int64(*v), 10) }

// Type is the word for a value in the help, as pflag asks for it.
func (v *Count) Type() string { return "number" }

// Retries is a number of retries on the command line. math.MaxInt32 is Unlimited.
type Retries int

// Set reads a number, or "unlimited".
func (v *Retries) Set(s string) error {
	if s == Unlimited {
		*v = math.MaxInt32
		return nil
	}
	n, err := strconv.Atoi(s)
	if err == nil {
		*v = Retries(n)
	}
	return err
}

func (v *Retries) String() string {
	if *v == math.MaxInt32 {
		return Unlimited
	}
	return strconv.Itoa(int(*v))
}

// Type is the word for a value in the help, as pflag asks for it.
func (v *Retries) Type() string { return "int" }

// Unlimited is the text for as many retries as fit in the deadline.
const Unlimited = "unlimited"

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
		return fmt.Errorf("%q is not failures and a time such as 5/30s, nor off", s)
	}
	*v = Breaker{Failures: n, Cooldown: d}
	return nil
}

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
	cmd.Flags().Var(v, "breaker", "after so many failures in a row send nothing to an endpoint for a time, then try "+
		"with one: `5/30s`, or off")
	Complete(cmd, "breaker", func(string) []string { return []string{"5/30s", "off"} })
}

// Targets is --forward-to. It may be given several times.
type Targets []string

// Set adds a target. Whether it is an address is checked where those of barb.toml are.
func (v *Targets) Set(s string) error {
	if s == "" {
		return errors.New("it names no app")
	}
	*v = append(*v, s)
	return nil
}

func (v *Targets) String() string { return strings.Join(*v, ", ") }

// Type is the word for a value in the help, as pflag asks for it.
func (v *Targets) Type() string { return "URL" }

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

func (v *Once) String() string {
	if v.Text == nil {
		return ""
	}
	return *v.Text
}

// Type is the word for a value in the help, as pflag asks for it.
func (v *Once) Type() string { return "string" }
