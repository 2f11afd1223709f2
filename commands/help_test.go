package commands

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/help"
)

// below calls visit for a command and all below it.
func below(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range cmd.Commands() {
		below(sub, visit)
	}
}

// words are the arguments that name a command.
func words(cmd *cobra.Command) []string { return strings.Fields(cmd.CommandPath())[1:] }

func TestTheWholeHelpHasEveryFlag(t *testing.T) {
	below(Root("test"), func(cmd *cobra.Command) {
		whole := printed(t, append(words(cmd), "--help-all")...)
		check := func(f *pflag.Flag) {
			if !f.Hidden && f.Name != "help" && f.Name != "version" && !strings.Contains(whole, "--"+f.Name) {
				t.Errorf("%s --help-all has no --%s", cmd.CommandPath(), f.Name)
			}
		}
		cmd.LocalFlags().VisitAll(check)
		cmd.Root().PersistentFlags().VisitAll(check)
		if len(words(cmd)) == 0 {
			return
		}
		if advanced := printed(t, append(append([]string{"help"}, words(cmd)...), "advanced")...); advanced != whole {
			t.Errorf("barb help %s advanced is not --help-all", strings.Join(words(cmd), " "))
		}
	})
}

func TestTheHelpOfHelpNamesEveryTopic(t *testing.T) {
	text := printed(t, "help", "--help")
	for _, topic := range help.Topics() {
		if !strings.Contains(text, topic) {
			t.Errorf("barb help --help does not name %s", topic)
		}
	}
}

func TestTheHelpOfBarbNamesEveryCommandOnOneScreen(t *testing.T) {
	text := printed(t, "--help")
	if n := strings.Count(text, "\n"); n > 24 {
		t.Errorf("barb --help has %d lines:\n%s", n, text)
	}
	for _, cmd := range Root("test").Commands() {
		if !strings.Contains(text, cmd.Name()) {
			t.Errorf("barb --help does not name %s", cmd.Name())
		}
	}
}

func TestTheHelpOfACommonCommandIsShort(t *testing.T) {
	for _, name := range []string{"listen", "send", "verify", "sign", "replay", "history", "show"} {
		if n := strings.Count(printed(t, name, "--help"), "\n"); n > 60 {
			t.Errorf("barb %s --help has %d lines", name, n)
		}
	}
}

func TestTheHelpFitsEightyColumns(t *testing.T) {
	below(Root("test"), func(cmd *cobra.Command) {
		for line := range strings.Lines(printed(t, append(words(cmd), "--help")...)) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%s --help: %d columns: %s", cmd.CommandPath(), n, line)
			}
		}
	})
	for _, topic := range append(help.Topics(), "flags") {
		for line := range strings.Lines(printed(t, "help", topic)) {
			if n := utf8.RuneCountInString(line) - 1; n > 80 {
				t.Errorf("help %s: %d columns: %s", topic, n, line)
			}
		}
	}
}
