package commands

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/export"
)

// caution is what a command may do with a barb.toml that nobody has agreed to.
type caution int

const (
	asks   caution = iota // it asks, or ends
	shows                 // it shows the file and does nothing that the file says: barb config
	lists                 // it takes from the file only what does nothing: barb schemes
	ignore                // it goes on without the file and says nothing: the completions of a shell
)

// thisOnce ends the hints about a file that nobody has agreed to.
const thisOnce = "--trust or BARB_TRUST=1 allows it this once"

// cautionOf is the caution of a command.
func cautionOf(cmd *cobra.Command) caution {
	switch cmd.CommandPath() {
	case "barb config":
		return shows
	case "barb schemes":
		return lists
	}
	if strings.HasPrefix(cmd.Name(), cobra.ShellCompRequestCmd) {
		return ignore
	}
	return asks
}

// weakness is how another user could change a file.
type weakness struct {
	place, why string
	mend       string // the command that takes this away, without the place
}

func (w *weakness) Error() string { return w.place + " " + w.why }

// weaknessAt is how another user could change what a path leads to, or put something else there; nil when none can.
func weaknessAt(path string) error {
	absolute, err := filepath.Abs(path)
	if err == nil {
		_, err = follow(absolute, weaknessOf)
	}
	return err
}

// ownData refuses what barb keeps for itself, such as its key and what the user has agreed to, where another user could
// change it.
func (sh *shell) ownData(path string) error {
	err := weaknessAt(path)
	var weak *weakness
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &weak):
		return fail.Local("%w", err)
	}
	f := fail.Local("%s is not used: %w", path, weak)
	if weak.mend != "" {
		f = f.Hint(weak.mend + " " + export.Quote(weak.place))
	}
	return f.Hint("XDG_DATA_HOME names a folder of your own")
}

// guard finds out whether anybody but the user and root could have written the open file: the file itself and, when it
// was found by searching, whatever leads to it.
func (c *configFile) guard(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fail.Local("%w", err)
	}
	if !info.Mode().IsRegular() {
		return fail.Usage("%s is not a regular file", c.path)
	}
	last := info
	if err = weaknessOf(c.path, info); err == nil && c.found {
		absolute, absErr := filepath.Abs(c.path)
		if absErr != nil {
			return fail.Local("%w", absErr)
		}
		_, err = follow(absolute, func(place string, info fs.FileInfo) error {
			last = info
			return weaknessOf(place, info)
		})
	}
	var weak *weakness
	switch {
	case errors.As(err, &weak):
		c.weak = weak
	case err != nil:
		return fail.Local("%w", err)
	case !os.SameFile(info, last):
		return fail.Local("%s was replaced while it was read", c.path).Hint("try again")
	}
	return nil
}

// trusted is by what the user has agreed to the file: a flag, a variable, a record; "" when by nothing.
func (sh *shell) trusted(c *configFile) source {
	switch {
	case sh.trust:
		return "flag"
	case isTrue(sh.Getenv("BARB_TRUST")):
		return "BARB_TRUST"
	}
	record := sh.trustRecord(c)
	if info, err := os.Lstat(record); err == nil && info.Mode().IsRegular() && weaknessAt(record) == nil {
		return source(record)
	}
	return ""
}

func isTrue(text string) bool {
	on, err := strconv.ParseBool(text)
	return err == nil && on
}

// trustRecord is the file that exists once the user has agreed to a barb.toml: to this content at this place, and to
// the files outside its folder that it leads to now.
func (sh *shell) trustRecord(c *configFile) string {
	folder := placeOf(sh.Dir, filepath.Dir(c.path))
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n%q\n", filepath.Join(folder, filepath.Base(c.path)), c.text)
	for _, w := range c.wants {
		fmt.Fprintf(sum, "%q %q %q\n", w.What, w.Value, w.Place)
	}
	return filepath.Join(sh.dataFolder(), "trusted", hex.EncodeToString(sum.Sum(nil)))
}

// recordTrust makes that file.
func (sh *shell) recordTrust(c *configFile) error {
	record := sh.trustRecord(c)
	if err := os.MkdirAll(filepath.Dir(record), 0o700); err != nil {
		return fail.Local("%w", err)
	}
	if err := sh.ownData(record); err != nil {
		return err
	}
	if err := disk.Create(record, []byte(c.path+"\n")); err != nil && !errors.Is(err, fs.ErrExist) {
		return fail.Local("%w", err)
	}
	return nil
}

// checkTrust asks, where it is needed and somebody is there to answer, whether the file is to be used.
func (sh *shell) checkTrust(c *configFile) error {
	if c.weak == nil && len(c.wants) == 0 || sh.caution == shows || sh.trusted(c) != "" {
		return nil
	}
	if c.weak != nil {
		f := fail.Usage("%s is not used: %w", c.path, c.weak)
		if c.weak.mend != "" {
			f = f.Hint(c.weak.mend + " " + export.Quote(c.weak.place))
		}
		return f.Hint("barb config shows it, barb config trust allows it as it is now; " + thisOnce)
	}
	switch {
	case sh.caution == lists:
		return nil
	case sh.caution == asks && sh.InTerminal && sh.ErrTerminal:
		return sh.askTrust(c)
	}
	return c.untrusted().Hint("barb config trust shows all of it and allows it; " + thisOnce)
}

// trustRow is what barb config says of it; nothing where no consent is needed.
func (sh *shell) trustRow(c *configFile) []configRow {
	if c.weak == nil && len(c.wants) == 0 {
		return nil
	}
	if by := sh.trusted(c); by != "" {
		return []configRow{{Key: "trusted", Value: "yes", Source: by, Variable: "BARB_TRUST"}}
	}
	if c.weak != nil {
		sh.say("barb: %s", ui.EscapeLine(c.weak.Error()))
	}
	for _, w := range c.wants {
		sh.say("barb: line %d wants to %s", w.Line, ui.EscapeLine(w.String()))
	}
	sh.say("hint: barb config trust")
	return []configRow{{Key: "trusted", Value: "no", Source: "default", Variable: "BARB_TRUST"}}
}

// untrusted says what the file wants, without the values: a command may hold a secret, and this may end in a log.
func (c *configFile) untrusted() *fail.Error {
	wants := make([]string, 0, len(c.wants))
	for _, w := range c.wants {
		wants = append(wants, fmt.Sprintf("%s (line %d)", w.What, w.Line))
	}
	return fail.Usage("%s is not trusted yet; it wants to %s", c.path, strings.Join(wants, ", "))
}

// askTrust shows what a file wants and takes yes or no. The answer yes is kept.
func (sh *shell) askTrust(c *configFile) error {
	sh.err.Printf("barb: %s is new here or has changed; it wants to\n", ui.EscapeLine(c.path))
	for _, w := range c.wants {
		sh.err.Printf("  line %-4d %s\n", w.Line, ui.EscapeLine(w.String()))
	}
	sh.err.Printf("trust it? [y/N] ")
	switch answer, err := readAnswer(sh.In); {
	case err != nil:
		return err
	case answer != "y" && answer != "yes":
		return fail.Usage("%s is not trusted", c.path).Hint("barb config shows it; --config FILE names another")
	}
	if err := sh.recordTrust(c); err != nil {
		sh.warn("the answer could not be kept: %s", ui.EscapeLine(err.Error()))
	}
	return nil
}

// String is what it wants in a line.
func (w want) String() string {
	text := w.What + ": " + w.Value
	if w.Place != "" && w.Place != w.Value {
		text += " → " + w.Place
	}
	return text
}

// readAnswer reads one line of at most 100 bytes and nothing behind it.
func readAnswer(r io.Reader) (string, error) {
	var line []byte
	for one := make([]byte, 1); len(line) < 100; {
		n, err := r.Read(one)
		switch {
		case n == 1 && one[0] == '\n', errors.Is(err, io.EOF):
			return strings.ToLower(strings.TrimSpace(string(line))), nil
		case err != nil:
			return "", fail.Local("stdin: %w", err)
		}
		line = append(line, one[:n]...)
	}
	return "", nil
}

func newConfigTrust(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:   "trust [FILE]",
		Short: "Allow the barb.toml that was found to do what it says",
		Long: `Prints what a barb.toml wants to do that needs your consent and allows it, as long as not
a byte of the file changes: run a command, use a proxy or a CA, use a history that it
names, read files outside its folder, forward to another machine or be reached from one.
barb asks for this when it finds such a file from the working folder upward; one named
with --config needs no consent.`,
		Example:           "  barb config trust\n  barb config trust ../barb.toml",
		Args:              args(0, 1, "one file"),
		PersistentPreRunE: sh.withoutConfig,
		RunE:              func(_ *cobra.Command, args []string) error { return runConfigTrust(sh, args) },
	}
}

func runConfigTrust(sh *shell, args []string) error {
	file, err := sh.findConfig()
	if len(args) > 0 {
		file, err = &configFile{path: filepath.Join(sh.Dir, args[0]), found: true}, nil
		if filepath.IsAbs(args[0]) {
			file.path = filepath.Clean(args[0])
		}
	}
	if err != nil {
		return err
	}
	if file.path == "" {
		return fail.Usage("no barb.toml was found from %s upward", sh.Dir).Hint("barb config trust FILE")
	}
	if err := file.read(sh.Dir); err != nil {
		return err
	}
	if err := sh.recordTrust(file); err != nil {
		return err
	}
	if sh.json {
		trust := schema.Trust{Path: file.path, Wants: make([]schema.Want, len(file.wants))}
		for i, w := range file.wants {
			trust.Wants[i] = schema.Want(w)
		}
		return sh.emit(trust)
	}
	for _, w := range file.wants {
		sh.out.Printf("line %-4d %s\n", w.Line, ui.EscapeLine(w.String()))
	}
	sh.out.Line("trusted  " + ui.EscapeLine(file.path) + "  as it is now")
	return nil
}
