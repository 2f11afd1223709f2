package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/export"
)

// weakness is how another user could change a file.
type weakness struct {
	place, why string
	mend       string // the command that takes this away, without the place
}

func (w *weakness) Error() string { return w.place + " " + w.why }

// mended adds the command that takes the weakness away to the hints of an error.
func (w *weakness) mended(f *fail.Error) *fail.Error {
	if w.mend == "" {
		return f
	}
	return f.Hint(w.mend + " " + export.Quote(w.place))
}

// weaknessAt returns how another user could change what a path leads to or put something else there; nil when none can.
func weaknessAt(path string) error {
	absolute, err := filepath.Abs(path)
	if err == nil {
		_, err = follow(absolute, weaknessOf)
	}
	return err
}

// CheckOwn refuses a file that barb keeps for itself, such as its key, where another user could change it.
func CheckOwn(path string) error {
	err := weaknessAt(path)
	if weak, ok := errors.AsType[*weakness](err); ok {
		return weak.mended(fail.Local("%s is not used: %w", path, weak)).Hint("XDG_DATA_HOME names a folder of your own")
	}
	if err != nil {
		return fail.Local("%w", err)
	}
	return nil
}

// guard finds out whether anybody but the user and root could have written the open file: the file itself and, when it
// was found by searching, whatever leads to it.
func (c *File) guard(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fail.Local("%w", err)
	}
	if !info.Mode().IsRegular() {
		return fail.Usage("%s is not a regular file", c.Path)
	}
	last := info
	if err = weaknessOf(c.Path, info); err == nil && c.Found {
		absolute, absErr := filepath.Abs(c.Path)
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
		c.Weak = weak
	case err != nil:
		return fail.Local("%w", err)
	case !os.SameFile(info, last):
		return fail.Local("%s was replaced while it was read", c.Path).Hint("try again")
	}
	return nil
}

// trustRecord returns the path of the file that records the user's consent: to this content of barb.toml at this place,
// and to the files outside its folder that it leads to now.
func (c *File) trustRecord(cwd, data string) string {
	folder := placeOf(cwd, filepath.Dir(c.Path))
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n%q\n", filepath.Join(folder, filepath.Base(c.Path)), c.text)
	for _, w := range c.Wants {
		fmt.Fprintf(sum, "%q %q %q\n", w.What, w.Value, w.Place)
	}
	return filepath.Join(data, "trusted", hex.EncodeToString(sum.Sum(nil)))
}

// Trust records the user's consent to the file.
func (c *File) Trust(cwd, data string) error {
	record := c.trustRecord(cwd, data)
	if err := os.MkdirAll(filepath.Dir(record), 0o700); err != nil {
		return fail.Local("%w", err)
	}
	if err := CheckOwn(record); err != nil {
		return err
	}
	lines := []string{c.Path}
	for _, w := range c.Wants {
		lines = append(lines, w.sum())
	}
	if err := disk.Create(record, []byte(strings.Join(lines, "\n")+"\n")); err != nil && !errors.Is(err, fs.ErrExist) {
		return fail.Local("%w", err)
	}
	return nil
}

// Consent is the user's last consent to an earlier content of a file. Its zero value is none.
type Consent struct {
	At   time.Time
	sums []string // of what the file wanted; empty: an older barb did not note it
}

// Before returns the last consent to the file at this place.
func (c *File) Before(data string) (last Consent) {
	records, err := os.ReadDir(filepath.Join(data, "trusted"))
	if err != nil {
		return last
	}
	for _, r := range records {
		info, err := r.Info()
		if err != nil || !info.Mode().IsRegular() || info.ModTime().Before(last.At) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(data, "trusted", r.Name()))
		if lines := strings.Fields(strings.TrimPrefix(string(text), c.Path+"\n")); err == nil &&
			strings.HasPrefix(string(text), c.Path+"\n") {
			last = Consent{At: info.ModTime(), sums: lines}
		}
	}
	return last
}

// isNew reports whether the file wanted something else when the user agreed to it.
func (b *Consent) isNew(w want) bool { return len(b.sums) > 0 && !slices.Contains(b.sums, w.sum()) }

// Describe returns a want in one line, which says whether it is new.
func (b *Consent) Describe(w want) string {
	if b.isNew(w) {
		return w.String() + "  (new)"
	}
	return w.String()
}

// Changed says since when the file is another one, "" where it was never trusted.
func (b *Consent) Changed() string {
	if b.At.IsZero() {
		return ""
	}
	return "has changed since you trusted it on " + b.At.Local().Format("2006-01-02 15:04")
}

// sum is a digest of a want: the record holds no command, which may have a secret in it.
func (w want) sum() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", w.What, w.Value, w.Place))
	return hex.EncodeToString(sum[:])
}

// Trusted returns the path of the record of the user's consent, "" without consent.
func (c *File) Trusted(cwd, data string) string {
	record := c.trustRecord(cwd, data)
	if info, err := os.Lstat(record); err == nil && info.Mode().IsRegular() && weaknessAt(record) == nil {
		return record
	}
	return ""
}

// Untrusted returns the error for a file that is not used without consent: who else can write it, or what it wants. It
// leaves the values out, since a command may hold a secret and the error may end in a log.
func (c *File) Untrusted(data string) *fail.Error {
	const thisOnce = "--trust or BARB_TRUST=1 allows it this once"
	if c.Weak != nil {
		return c.Weak.mended(fail.Usage("%s is not used: %w", c.Path, c.Weak)).
			Hint("barb config shows it, barb config trust allows it as it is now; " + thisOnce)
	}
	before := c.Before(data)
	wants := make([]string, 0, len(c.Wants))
	for _, w := range c.Wants {
		mark := ""
		if before.isNew(w) {
			mark = ", new"
		}
		wants = append(wants, fmt.Sprintf("%s (line %d%s)", w.What, w.Line, mark))
	}
	state := cmp.Or(before.Changed(), "is not trusted yet")
	return fail.Usage("%s %s: it would %s", c.Path, state, strings.Join(wants, ", ")).
		Hint("barb config trust shows all of it and allows it; " + thisOnce)
}

// String describes the want in one line.
func (w want) String() string {
	text := w.What + ": " + w.Value
	if w.Place != "" && w.Place != w.Value {
		text += " → " + w.Place
	}
	return text
}
