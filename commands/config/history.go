package config

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/store/redact"
)

// leastSize is the smallest max_size: an empty history takes nearly a fifth of it, and a smaller number most likely
// lacks its unit.
const leastSize = 1_000_000

// Retention is [history] of barb.toml: by what limits the history prunes itself. Without one nothing is removed.
type Retention struct {
	MaxSize int64 // bytes
	MaxAge  time.Duration
}

// takeRetention reads max_size and max_age.
func (c *File) takeRetention() error {
	for _, limit := range []struct {
		key   string
		given any
		value pflag.Value
	}{{"max_size", c.History.MaxSize, flags.Size(&c.Retention.MaxSize)},
		{"max_age", c.History.MaxAge, flags.Duration(&c.Retention.MaxAge)}} {
		if limit.given == nil {
			continue
		}
		line := c.lines.line("history", limit.key)
		if err := limit.value.Set(fmt.Sprint(limit.given)); err != nil {
			return fail.Usage("%s:%d: history.%s: %w", c.Path, line, limit.key, err)
		}
		if wrong, right := c.Retention.wrong(limit.key, fmt.Sprint(limit.given)); wrong != "" {
			return fail.Usage("%s:%d: history.%s = %v %s", c.Path, line, limit.key, limit.given, wrong).
				Hint(right + "; leave it out to keep everything")
		}
	}
	return nil
}

// wrong says what is wrong with a limit, and which line to write instead.
func (r *Retention) wrong(key, given string) (what, line string) {
	_, err := strconv.Atoi(given)
	switch {
	case key == "max_age" && r.MaxAge <= 0:
		return "would keep nothing", `max_age = "30d"`
	case key == "max_age" || r.MaxSize >= leastSize:
		return "", ""
	case r.MaxSize <= 0:
		return "would keep nothing", `max_size = "4GB"`
	case err == nil:
		return "is a number of bytes, and less than 1MB", fmt.Sprintf(`max_size = "%sGB"`, given)
	}
	return "is less than 1MB", `max_size = "1MB"`
}

const redactHelp = `redact = ["header:X-Api-Key", "json:/customer/email"], or query:NAME, form:NAME`

// takeRedact reads [history] redact: the places whose values the history does not store.
func (c *File) takeRedact() error {
	if c.History.Redact == nil {
		return nil
	}
	line := c.lines.line("history", "redact")
	list, ok := c.History.Redact.([]any)
	if !ok {
		return fail.Usage("%s:%d: history.redact must be a list", c.Path, line).Hint(redactHelp)
	}
	for _, v := range list {
		text, ok := v.(string)
		if !ok {
			return fail.Usage("%s:%d: history.redact: %v must be text", c.Path, line, v).Hint(redactHelp)
		}
		place, err := redact.ParsePlace(text)
		if err != nil {
			return fail.Usage("%s:%d: history.redact %q: %w", c.Path, line, text, err).Hint(redactHelp)
		}
		c.Redact, c.RedactTexts = append(c.Redact, place), append(c.RedactTexts, text)
	}
	return nil
}
