// Package shell is one run of barb, as every command needs it. It holds the environment, the global flags, the
// settings, the secrets, the history and the printers of stdout and stderr, and opens each when it is first asked for.
package shell

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/help"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/redact"
)

// Env is everything a command may touch outside its arguments.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	Environ  []string // for the processes barb starts, secrets taken out
	Dir      string   // the working folder, where the search for barb.toml begins
	Now      func() time.Time
	Rand     func() float64 // uniform in [0, 1)
	// Interruptible gives a context that ends at ^C. Only commands that have something to bring to an end ask for it: the
	// others are ended by the signal itself, also while they read stdin, and start a millisecond sooner.
	Interruptible func(context.Context) (context.Context, context.CancelFunc)

	// Learned is told every secret that the run resolves; nil: nobody is.
	Learned func(...sign.Secret)

	// Terminal is where a program draws that fills the terminal, such as an editor; nil: on Err. What it draws is no
	// output of barb.
	Terminal io.Writer

	// Password reads a line from the terminal without showing it.
	Password func() ([]byte, error)

	InTerminal, OutTerminal, ErrTerminal bool
	Width                                int        // columns of the terminal; 0 when unknown
	Columns                              func() int // current columns: a window may be resized; nil when unknown
	// Foreground reports whether the terminal is this process's to draw on: not in a job started with &. nil: always.
	Foreground func() bool
}

// Shell is one run of barb: the environment, the global flags, and what opens lazily from them. Its fields are set
// before the command runs.
type Shell struct {
	Env
	Version string
	Typed   []string // the arguments, for hints that repeat them

	JSON    bool
	jq      string
	db      string
	Config  string
	trust   bool
	Color   string
	Quiet   bool
	Verbose bool
	HelpAll help.All

	Root           *cobra.Command
	Branches       []Branch          // the commands below Root
	Settings       map[string]Source // where the value of each flag came from, filled before a command runs
	File           *config.File      // barb.toml, read once
	Redactor       *redact.Redactor  // with every secret that was resolved
	caution        caution           // of the command, with a barb.toml that was not agreed to
	History        *store.Store      // opened once, closed by Main
	filter         *jq.Expr          // --jq, compiled once
	Stdout, Stderr *ui.Printer       // made once the colour is known
	Finder         secret.Finder

	Judgements pick.Judgements // how --where and --jq went
	Weak       *sync.Map       // the names of the short secrets that were warned of; also of command lines beside this one

	Printing sync.Mutex // held for lines that belong together where several goroutines print
	Broken   error      // the first of printing, with Printing held; see Breaks
}

// New returns a run of barb before its flags are known.
func New(env Env, version string) *Shell {
	sh := &Shell{Env: env, Version: version, Color: "auto", Weak: new(sync.Map)}
	sh.setFinder()
	sh.Judgements.Warn = sh.Warn
	sh.Paint(false) // until the flags are known
	return sh
}

// Beside returns another run in the same process, with the history, the configuration and the secrets of this one, as
// far as they are open, and without a keyboard. Its flags are not known yet.
func (sh *Shell) Beside(out, errs io.Writer) *Shell {
	env := sh.Env
	env.In, env.InTerminal, env.Out, env.Err = strings.NewReader(""), false, out, errs
	env.Interruptible = context.WithCancel
	if sh.Columns != nil {
		env.Width = sh.Columns()
	}
	other := New(env, sh.Version)
	other.History, other.File, other.Redactor, other.Weak = sh.History, sh.File, sh.Redactor, sh.Weak
	other.Root, other.Branches, other.db, other.Config = sh.Root, sh.Branches, sh.db, sh.Config
	other.Finder.Share(&sh.Finder)
	return other
}

// AddGlobalFlags adds the flags that every command has.
func (sh *Shell) AddGlobalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.BoolVar(&sh.JSON, "json", false, "print NDJSON: one object a line")
	f.StringVar(&sh.jq, "jq", "", "filter the JSON with a jq `expression` (implies --json)")
	f.StringVar(&sh.db, "db", "", "the history: a `file` or a PostgreSQL address (default $XDG_DATA_HOME/barb/history.db)")
	f.StringVar(&sh.Config, "config", "", "the configuration `file` (default: the nearest barb.toml)")
	f.BoolVar(&sh.trust, "trust", false, "do not ask before using the barb.toml that was found")
	f.StringVar(&sh.Color, "color", "auto", "`when` to use colour: auto, always or never")
	f.BoolVarP(&sh.Quiet, "quiet", "q", false, "print less on stderr")
	f.BoolVarP(&sh.Verbose, "verbose", "v", false, "print more on stderr")
	f.Var(&sh.HelpAll, "help-all", "show the whole help: every flag, example and detail")
	f.Lookup("help-all").NoOptDefVal = "true"
	config.Mark(f, "", "db", "color")
}

// Prepare runs before every command: configuration and environment fill the flags that were not given, then what
// depends on the global flags is made. What is wrong here is wrong before anything was touched.
func (sh *Shell) Prepare(cmd *cobra.Command) error {
	if err := sh.prepare(cmd); err != nil {
		return err
	}
	return sh.checkHistoryPlace()
}

func (sh *Shell) prepare(cmd *cobra.Command) error {
	sh.caution = cautionOf(cmd)
	if err := refuseEmpty(cmd); err != nil {
		return err
	}
	if err := sh.ApplySettings(cmd); err != nil {
		return err
	}
	if sh.jq != "" {
		filter, err := jq.Compile(sh.jq)
		if err != nil {
			return fail.Usage("--jq: %v", err).Hint(jq.Hint(err, "barb history --jq .status_code"))
		}
		sh.filter, sh.JSON = filter, true
	}
	switch sh.Color {
	case "auto", "always", "never":
		sh.Paint(sh.UseColor())
		return nil
	}
	return fail.Usage("invalid --color %q: choose auto, always or never", sh.Color)
}

// UseColor follows flag, NO_COLOR (no-color.org), CLICOLOR_FORCE, then the terminal.
func (sh *Shell) UseColor() bool {
	switch {
	case sh.Color == "always":
		return true
	case sh.Color == "never", sh.Getenv("NO_COLOR") != "", sh.Getenv("TERM") == "dumb":
		return false
	}
	force := sh.Getenv("CLICOLOR_FORCE")
	return force != "" && force != "0" || sh.OutTerminal
}

// Paint makes the printers, with or without colour.
func (sh *Shell) Paint(color bool) {
	width := 0
	if sh.OutTerminal {
		width = sh.Width
	}
	sh.Stdout = &ui.Printer{W: sh.Out, Color: color, Width: width}
	sh.Stderr = &ui.Printer{W: sh.Err, Color: color && (sh.ErrTerminal || sh.Color == "always")}
}

// Say writes one line for a person to stderr, unless --quiet. What a path or a peer has in it cannot steer the
// terminal.
func (sh *Shell) Say(format string, args ...any) {
	if !sh.Quiet {
		sh.complain("", format, args)
	}
}

// Warn writes a warning to stderr, also with --quiet: what it says would otherwise be missed.
func (sh *Shell) Warn(format string, args ...any) { sh.complain("barb: warning: ", format, args) }

// warnWeak warns once of a secret that can be guessed.
func (sh *Shell) warnWeak(name string) {
	if _, said := sh.Weak.LoadOrStore(name, true); !said {
		sh.Warn("secret %s is shorter than 16 bytes: it can be guessed", name)
	}
}

// Note writes a line to stderr, also with --quiet.
func (sh *Shell) Note(format string, args ...any) { sh.complain("barb: ", format, args) }

func (sh *Shell) complain(prefix, format string, args []any) {
	sh.Stderr.Printf("%s\n", sh.lines(prefix+ui.EscapeLine(fmt.Sprintf(format, args...))))
}

// lines breaks a line for stderr between words where it is a terminal, which breaks in the middle of one.
func (sh *Shell) lines(text string) string {
	if !sh.ErrTerminal || sh.Columns == nil {
		return text
	}
	return ui.Lines(text, sh.Columns())
}
