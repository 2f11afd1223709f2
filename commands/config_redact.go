package commands

import (
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/store/redact"
)

const redactHelp = `redact = ["header:X-Api-Key", "json:/customer/email"], or query:NAME, form:NAME`

// takeRedact reads [history] redact: the places whose values the history does not keep.
func (c *configFile) takeRedact() error {
	if c.History.Redact == nil {
		return nil
	}
	line := findKeys(c.text).line("history", "redact")
	list, ok := c.History.Redact.([]any)
	if !ok {
		return fail.Usage("%s:%d: history.redact is not a list", c.path, line).Hint(redactHelp)
	}
	for _, v := range list {
		text, ok := v.(string)
		if !ok {
			return fail.Usage("%s:%d: history.redact holds %v, which is not text", c.path, line, v).Hint(redactHelp)
		}
		place, err := redact.ParsePlace(text)
		if err != nil {
			return fail.Usage("%s:%d: history.redact %q: %w", c.path, line, text, err).Hint(redactHelp)
		}
		c.redact, c.redactTexts = append(c.redact, place), append(c.redactTexts, text)
	}
	return nil
}

// redactRow is the setting as barb config prints it.
func (c *configFile) redactRow() configRow {
	return configRow{Key: "history.redact", Value: strings.Join(c.redactTexts, ", "), Source: source(c.path)}
}
