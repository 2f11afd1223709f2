package flags_test

import (
	"errors"
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/script"
)

// TestValuesAreShownAsTheyAreRead sets each kind of value, and checks that what it shows sets it to the same again.
func TestValuesAreShownAsTheyAreRead(t *testing.T) {
	t.Parallel()
	text := ""
	for _, c := range []struct {
		make   func() pflag.Value
		typ    string
		empty  string
		shown  map[string]string
		refuse []string
	}{
		{func() pflag.Value { return flags.Size(new(int64)) }, "size", "0",
			map[string]string{"512kB": "500KiB", "10MiB": "10MiB"},
			[]string{"", "much"}},
		{func() pflag.Value { return flags.Duration(new(time.Duration)) }, "duration", "0s",
			map[string]string{"1h30m": "1h30m", "2w": "14d"}, []string{"", "5", "-1s"}},
		{func() pflag.Value { return flags.OptionalDuration(new(*time.Duration)) }, "duration", "",
			map[string]string{"0s": "0s", "7d": "7d"}, []string{"soon"}},
		{func() pflag.Value { return flags.Rate(new(deliver.Rate)) }, "rate", "",
			map[string]string{"50/s": "50/s", "100/5s": "100/5s",
				"9/d": "9/d"}, []string{"50", "0/s", "1/w"}},
		{func() pflag.Value { return flags.Word(new(string)) }, "string", "",
			map[string]string{".a": ".a"}, []string{"", " "}},
		{func() pflag.Value { return flags.Speed(new(float64)) }, "speed", "0x",
			map[string]string{"1000": "1000x", "0.5x": "0.5x"},
			[]string{"", "0", "-1x", "+1x", "Inf", "NaN"}},
		{func() pflag.Value { return flags.Percent(new(float64)) }, "percent", "0%",
			map[string]string{"10%": "10%", "0.1": "10%", "1": "100%"}, []string{"10", "101%", "-1%", "NaN", "x"}},
		{func() pflag.Value { return flags.Seed(new(*uint64)) }, "number", "",
			map[string]string{"0": "0", "42": "42"},
			[]string{"-1", "x"}},
		{func() pflag.Value { return flags.Span(new(script.Span)) }, "duration", "",
			map[string]string{"200ms": "200ms", "50ms..2s": "50ms..2s"}, []string{"2s..1s", "1d"}},
		{func() pflag.Value { return flags.Count(new(int64)) }, "number", "0",
			map[string]string{"7": "7"}, []string{"-1", "1.5"}},
		{func() pflag.Value { return flags.Retries(new(int)) }, "int", "0",
			map[string]string{"3": "3", "unlimited": "unlimited"}, []string{"many"}},
		{func() pflag.Value { return new(flags.Breaker) }, "breaker", "off",
			map[string]string{"5/30s": "5/30s", "1/1d": "1/1d", "off": "off"}, []string{"5", "0/1s", "5/0s"}},
		{func() pflag.Value { return new(flags.Targets) }, "URL", "",
			map[string]string{":3000": ":3000"}, []string{""}},
		{func() pflag.Value { return new(flags.Prefixes) }, "cidr", "",
			map[string]string{"10.0.0.7/8": "10.0.0.0/8", "192.168.1.7": "192.168.1.7/32", "fe80::/64": "fe80::/64"},
			[]string{"", "example.com", "10.0.0.0/33", "fe80::1%eth0", "fe80::1%eth0/64", "::ffff:10.0.0.0/104",
				"::ffff:10.0.0.1", "::ffff:10.0.0.0/9"}},
		{func() pflag.Value { text = ""; return &flags.Once{Text: &text} }, "string", "",
			map[string]string{"{}": "{}"}, nil},
	} {
		if v := c.make(); v.Type() != c.typ || v.String() != c.empty {
			t.Errorf("%T: type %q, without a value %q", v, v.Type(), v.String())
		}
		for given, shown := range c.shown {
			v := c.make()
			if err := v.Set(given); err != nil || v.String() != shown {
				t.Errorf("%T: %q is shown as %q, want %q; %v", v, given, v.String(), shown, err)
			}
			again := c.make()
			if err := again.Set(shown); err != nil || again.String() != shown {
				t.Errorf("%T: %q becomes %q; %v", v, shown, again.String(), err)
			}
		}
		for _, given := range c.refuse {
			if v := c.make(); v.Set(given) == nil {
				t.Errorf("%T: %q was taken as %q", v, given, v)
			}
		}
	}
}

func TestAnAddressWithAZoneIsShownWithout(t *testing.T) {
	t.Parallel()
	for given, plain := range map[string]string{"fe80::1%eth0": "fe80::1", "fe80::1%eth0/64": "fe80::/64",
		"::ffff:10.0.0.1": "10.0.0.1", "::ffff:10.0.0.0/104": "10.0.0.0/8"} {
		err := new(flags.Prefixes).Set(given)
		if want := "write " + plain; err == nil || err.Error()[len(err.Error())-len(want):] != want {
			t.Errorf("%s: %v does not end in %q", given, err, want)
		}
	}
	var ranges flags.Prefixes
	if err := ranges.Set("10.0.0.0/8, 192.0.2.1"); err != nil ||
		!slices.Equal(ranges, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}) {
		t.Errorf("%v, %v", ranges, err)
	}
}

func TestAPayloadIsGivenOnce(t *testing.T) {
	t.Parallel()
	text := ""
	v := flags.Once{Text: &text}
	if err := errors.Join(v.Set("a")); err != nil || text != "a" || v.Set("b") == nil || text != "a" {
		t.Errorf("%q, %v", text, err)
	}
	if shown := new(flags.Once).String(); shown != "" {
		t.Errorf("without a value it is shown as %q", shown)
	}
}

func TestUnlimitedRetriesAreManyRetries(t *testing.T) {
	t.Parallel()
	var v int
	if err := flags.Retries(&v).Set("unlimited"); err != nil || v != math.MaxInt32 {
		t.Errorf("%d, %v", v, err)
	}
}

func TestABreakerHasCompletions(t *testing.T) {
	t.Parallel()
	cmd, v := &cobra.Command{Use: "barb"}, flags.Breaker{Failures: 5, Cooldown: 30 * time.Second}
	v.AddFlag(cmd)
	if f := cmd.Flag("breaker"); f == nil || f.DefValue != "5/30s" {
		t.Errorf("%+v", f)
	}
	values, ok := cmd.GetFlagCompletionFunc("breaker")
	if !ok {
		t.Fatal("there are none")
	}
	if got, directive := values(cmd, nil, ""); !slices.Equal(got, []string{"5/30s", "off"}) ||
		directive != cobra.ShellCompDirectiveNoFileComp {
		t.Errorf("%v, %v", got, directive)
	}
}

func TestMoments(t *testing.T) {
	now := time.Date(2026, 1, 20, 14, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"now": now, "1700000000": time.Unix(1700000000, 0), "2026-01-20T13:00:00Z": now.Add(-time.Hour),
		"2026-01-20T14:00:00+02:00": now.Add(-2 * time.Hour),
	} {
		if got, err := flags.ParseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"yesterday", "1700000000000", "2026-13-01"} {
		if got, err := flags.ParseTime(text, now); err == nil {
			t.Errorf("%q was taken as %s", text, got)
		}
	}
	for text, year := range map[string]int{"9999-12-31": 2200, "0001-01-01": 1970} { // the history cannot hold them
		if got, err := flags.ParsePast(text, now); err != nil || got.UTC().Year() != year || got.IsZero() {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	if got, err := flags.ParsePast("1h", now); err != nil || !got.Equal(now.Add(-time.Hour)) {
		t.Errorf("an hour ago is %s, %v", got, err)
	}
}
