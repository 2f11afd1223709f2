// Package commands is the command line of barb. Each command turns flags into options for the packages that do the
// work, prints what they tell, and ends with an exit code.
package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/help"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/ui"
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

	// Password reads a line from the terminal without showing it.
	Password func() ([]byte, error)

	InTerminal, OutTerminal, ErrTerminal bool
	Width                                int        // columns of the terminal; 0 when unknown
	Columns                              func() int // current columns: a window may be resized; nil when unknown
	// Foreground reports whether the terminal is this process's to draw on: not in a job started with &. nil: always.
	Foreground func() bool
}

// shell is one run of barb: the environment, the global flags, and what opens lazily from them.
type shell struct {
	Env
	version string
	typed   []string // the arguments, for hints that repeat them

	json    bool
	jq      string
	db      string
	config  string
	trust   bool
	color   string
	quiet   bool
	verbose bool
	helpAll help.All

	root     *cobra.Command
	settings map[string]source // where the value of each flag came from, filled before a command runs
	file     *config.File      // barb.toml, read once
	redactor *redact.Redactor  // with every secret that was resolved
	caution  caution           // of the command, with a barb.toml that was not agreed to
	history  *store.Store      // opened once, closed by Main
	filter   *jq.Expr          // --jq, compiled once
	out, err *ui.Printer       // made once the colour is known
	finder   secret.Finder

	judgements pick.Judgements // how --where and --jq went
	weak       *sync.Map       // the names of the short secrets that were warned of; also of command lines beside this one

	printing sync.Mutex // held for lines that belong together where several goroutines print
	broken   error      // the first of printing, with printing held; see breaks
}

func newShell(env Env, version string) *shell {
	sh := &shell{Env: env, version: version, color: "auto", weak: new(sync.Map)}
	sh.setFinder()
	sh.judgements.Warn = sh.warn
	sh.paint(false) // until the flags are known
	return sh
}

// Main runs one command line and returns the exit code. It does not exit and does not touch the process.
func Main(ctx context.Context, env Env, version string, args []string) int {
	sh := newShell(env, version)
	sh.typed = args
	root := newRoot(sh, args)
	root.SetArgs(args)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		plainUsage(root) // a shell shows the usage as it is
	}
	root.SetIn(env.In)
	root.SetOut(sh.out) // help and completions too must notice a full disk
	root.SetErr(env.Err)
	err := root.ExecuteContext(ctx)
	judged := sh.judgements.End()
	if sh.history != nil {
		if closeErr := sh.history.Close(); err == nil {
			err = closeErr
		}
	}
	code := sh.report(err)
	if code == fail.ExitOK || judged != nil && code == fail.ExitFailed {
		code = worst(code, sh.report(judged))
	}
	// A reader of stdout that went away, as in | head, is no error.
	if err := sh.out.Err(); err != nil && !errors.Is(err, syscall.EPIPE) {
		code = worst(code, sh.report(fail.Local("stdout: %w", err)))
	}
	return code
}

// newRoot makes the command tree, or as much of it as the arguments need.
func newRoot(sh *shell, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:           "barb",
		Version:       sh.version,
		SilenceErrors: true, SilenceUsage: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fail.Usage("unknown command %q", args[0]).Hint(help.Unknown(cmd, args[0]))
			}
			return nil
		},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return sh.prepare(cmd) },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(sh.flagError)
	root.SetVersionTemplate("barb {{.Version}}\n")
	root.SetHelpFunc(sh.showHelp)
	root.CompletionOptions.DisableDefaultCmd = true // there is one of our own
	root.SetHelpCommand(newHelp(sh))
	sh.root = root
	sh.addGlobalFlags(root)
	grow(root, sh, args)
	help.Fill(root)
	return root
}

// plainUsage takes out the marks by which pflag finds the name of a value.
func plainUsage(cmd *cobra.Command) {
	unmark := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
	cmd.Flags().VisitAll(unmark)
	cmd.PersistentFlags().VisitAll(unmark)
	for _, sub := range cmd.Commands() {
		plainUsage(sub)
	}
}

// Root returns the command tree without an environment, for generating documentation.
func Root(version string) *cobra.Command {
	return newRoot(newShell(Env{Out: io.Discard, Err: io.Discard}, version), nil)
}

func (sh *shell) addGlobalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.BoolVar(&sh.json, "json", false, "print NDJSON: one object a line")
	f.StringVar(&sh.jq, "jq", "", "filter the JSON with a jq `expression` (implies --json)")
	f.StringVar(&sh.db, "db", "", "the history `file` (default $XDG_DATA_HOME/barb/history.db)")
	f.StringVar(&sh.config, "config", "", "the configuration `file` (default: the nearest barb.toml)")
	f.BoolVar(&sh.trust, "trust", false, "do not ask before using the barb.toml that was found")
	f.StringVar(&sh.color, "color", "auto", "`when` to use colour: auto, always or never")
	f.BoolVarP(&sh.quiet, "quiet", "q", false, "print less on stderr")
	f.BoolVarP(&sh.verbose, "verbose", "v", false, "print more on stderr")
	f.Var(&sh.helpAll, "help-all", "show the whole help: every flag, example and detail")
	f.Lookup("help-all").NoOptDefVal = "true"
	config.Mark(f, "", "db", "color")
}

// prepare runs before every command: configuration and environment fill the flags that were not given, then what
// depends on the global flags is made. What is wrong here is wrong before anything was touched.
func (sh *shell) prepare(cmd *cobra.Command) error {
	sh.caution = cautionOf(cmd)
	if err := sh.applySettings(cmd); err != nil {
		return err
	}
	if sh.jq != "" {
		filter, err := jq.Compile(sh.jq)
		if err != nil {
			return fail.Usage("--jq: %v", err).Hint(jq.Hint(err, "barb history --jq .status_code"))
		}
		sh.filter, sh.json = filter, true
	}
	switch sh.color {
	case "auto", "always", "never":
		sh.paint(sh.useColor())
		return nil
	}
	return fail.Usage("invalid --color %q: choose auto, always or never", sh.color)
}

// useColor follows flag, NO_COLOR (no-color.org), CLICOLOR_FORCE, then the terminal.
func (sh *shell) useColor() bool {
	switch {
	case sh.color == "always":
		return true
	case sh.color == "never", sh.Getenv("NO_COLOR") != "", sh.Getenv("TERM") == "dumb":
		return false
	}
	force := sh.Getenv("CLICOLOR_FORCE")
	return force != "" && force != "0" || sh.OutTerminal
}

func (sh *shell) paint(color bool) {
	width := 0
	if sh.OutTerminal {
		width = sh.Width
	}
	sh.out = &ui.Printer{W: sh.Out, Color: color, Width: width}
	sh.err = &ui.Printer{W: sh.Err, Color: color && (sh.ErrTerminal || sh.color == "always")}
}

// say writes one line for a person to stderr, unless --quiet. What a path or a peer has in it cannot steer the
// terminal.
func (sh *shell) say(format string, args ...any) {
	if !sh.quiet {
		sh.complain("", format, args)
	}
}

// warn writes a warning to stderr, also with --quiet: what it says would otherwise be missed.
func (sh *shell) warn(format string, args ...any) { sh.complain("barb: warning: ", format, args) }

// warnWeak warns once of a secret that can be guessed.
func (sh *shell) warnWeak(name string) {
	if _, said := sh.weak.LoadOrStore(name, true); !said {
		sh.warn("secret %s is shorter than 16 bytes: it can be guessed", name)
	}
}

// note writes a line to stderr, also with --quiet.
func (sh *shell) note(format string, args ...any) { sh.complain("barb: ", format, args) }

func (sh *shell) complain(prefix, format string, args []any) {
	sh.err.Printf("%s%s\n", prefix, ui.EscapeLine(fmt.Sprintf(format, args...)))
}
