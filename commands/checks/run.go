package checks

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/child"
	"github.com/barbhq/barb/commands/expect"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/store/webhooks"
)

type runOptions struct {
	flags.Signing
	flags.Reports
	expects         []string
	within, settle  time.Duration
	routes          string
	allowUnexpected bool
	keep            string // the folder of --save-on-fail
}

// NewRun makes barb run.
func NewRun(sh *shell.Shell, listen Listen) *cobra.Command {
	o := runOptions{within: 30 * time.Second, settle: 500 * time.Millisecond}
	cmd := &cobra.Command{
		Use:                   "run [--expect …] -- COMMAND [ARGUMENT…]",
		Args:                  needsCommand,
		DisableFlagsInUseLine: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if o.routes != "" {
				if sh.Config != "" {
					return fail.Usage("--routes and --config both name a barb.toml").Hint("barb run --routes " + o.routes)
				}
				sh.Config = o.routes
			}
			return sh.Prepare(cmd)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runRun(cmd.Context(), sh, &o, listen, args) },
	}
	o.Signing.AddFlags(cmd, "verify with this `scheme`; without --secret barb makes one up", sh.SchemeNames)
	f := cmd.Flags()
	f.SetInterspersed(false) // the flags of the command are its own
	f.StringArrayVar(&o.expects, "expect", nil, "an `expectation`: [none:] [PROVIDER:]EVENT [xN|xN+|xN..M] "+
		"[: EXPRESSION] (repeatable)")
	f.Var(flags.Duration(&o.within), "within", "how long to wait for missing webhooks after the command has ended")
	f.Var(flags.Duration(&o.settle), "settle", "how long to wait then for webhooks that should not come")
	f.StringVar(&o.routes, "routes", "", "verify and forward as the [[route]] tables of this barb.toml `file` say")
	f.BoolVar(&o.allowUnexpected, "allow-unexpected", false, "do not fail when something else comes")
	o.Reports.AddFlags(cmd)
	f.StringVar(&o.keep, "save-on-fail", "", "when the run fails, save what came in this `folder`, as a cassette "+
		"and as HAR")
	flags.Complete(cmd, "expect", func(prefix string) []string { return sh.Samples().Complete(prefix) })
	return cmd
}

func needsCommand(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fail.Usage("barb run needs a command").Hint("barb run --expect stripe:invoice.paid -- npm test")
	}
	return nil
}

// grace is how long a command that was asked to end may go on.
const grace = 5 * time.Second

// runner is one barb run.
type runner struct {
	*runOptions
	sh     *shell.Shell
	args   []string // the command
	began  time.Time
	board  *expect.Board
	child  *child.Child
	caught chan os.Signal

	patience time.Duration // how long processes of the command may go on after they were asked to end

	mu   sync.Mutex
	ids  map[int64]bool // of the webhooks that came
	came chan struct{}  // holds a value when ids has grown or a webhook has changed
}

// note notes a webhook that came.
func (r *runner) note(id int64) {
	r.mu.Lock()
	r.ids[id] = true
	r.mu.Unlock()
	select {
	case r.came <- struct{}{}:
	default:
	}
}

func runRun(ctx context.Context, sh *shell.Shell, o *runOptions, listen Listen, args []string) error {
	r := &runner{runOptions: o, sh: sh, args: args, began: sh.Now(), ids: map[int64]bool{}, came: make(chan struct{}, 1),
		caught: make(chan os.Signal, 4), patience: grace,
		board: &expect.Board{AllowUnexpected: o.allowUnexpected, Within: flags.WhereTimeout}}
	known, err := knownEvents(sh)
	if err != nil {
		return err
	}
	for _, text := range o.expects {
		e, err := expect.Parse(text, known)
		if err != nil {
			return fail.In("--expect", err)
		}
		r.board.Expected = append(r.board.Expected, e)
	}
	if err := o.Check(); err != nil {
		return err
	}
	program, err := lookUp(args[0])
	if err != nil {
		return err
	}
	variables, err := r.secrets(ctx)
	if err != nil {
		return err
	}
	listening, err := listen(ctx, sh, ListenOptions{Signing: o.Signing, Came: r.note})
	if err != nil {
		return err
	}
	sh.Say("barb: listening on %s; history %s", listening.URL, sh.History.Path())
	cmd := exec.Command(program)
	cmd.Args, cmd.Dir = args, sh.Dir
	cmd.Env = environment(sh, listening, variables)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = sh.In, sh.Out, sh.Err
	if sh.JSON {
		cmd.Stdout = sh.Err
	}
	code, err := r.run(ctx, cmd)
	if stopErr := listening.Stop(); err == nil {
		err = stopErr
	}
	if err != nil {
		return err
	}
	return r.report(ctx, code)
}

// signals are those that are handed on to the command. Under nohup, SIGHUP is not.
func signals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// run runs the command and waits for what is missing after it. It returns the exit code of the command, or
// fail.ExitInterrupted.
func (r *runner) run(ctx context.Context, cmd *exec.Cmd) (code int, err error) {
	signal.Notify(r.caught, signals()...)
	defer signal.Stop(r.caught)
	if r.child, err = child.Start(cmd, r.sh.InTerminal); err != nil {
		return 0, cannotStart(cmd.Args[0], err)
	}
	defer func() { r.child.End(r.patience) }()
	select {
	case <-r.child.Done():
	case s := <-r.caught:
		r.interrupt(s)
		return fail.ExitInterrupted, r.refresh(ctx)
	}
	if code = r.child.Code(); code != 0 {
		return code, r.refresh(ctx)
	}
	isMissing := func() bool { return r.board.Missing() > 0 }
	isInterrupted, err := r.wait(ctx, r.within, isMissing)
	if err == nil && !isInterrupted && r.settle > 0 {
		isInterrupted, err = r.wait(ctx, r.settle, func() bool { return true })
	}
	if isInterrupted {
		code = fail.ExitInterrupted
	}
	return code, err
}

// interrupt hands a signal on, and waits until the command has ended, the patience with it, or a second signal comes.
func (r *runner) interrupt(s os.Signal) {
	if n, ok := s.(syscall.Signal); ok {
		r.child.Signal(n)
	}
	select {
	case <-r.child.Done():
	case <-r.caught:
		r.patience = 0
	case <-time.After(grace):
		r.patience = 0
	}
}

// wait looks at what comes, for as long as goesOn says so and at most for a time. It reports whether a signal came.
func (r *runner) wait(ctx context.Context, limit time.Duration, goesOn func() bool) (isInterrupted bool, err error) {
	over := time.NewTimer(limit)
	defer over.Stop()
	for {
		if err := r.refresh(ctx); err != nil || !goesOn() {
			return false, err
		}
		select {
		case <-r.came:
		case <-r.caught:
			return true, nil
		case <-over.C:
			return false, r.refresh(ctx)
		}
	}
}

// refresh judges all webhooks that came, as they are now.
func (r *runner) refresh(ctx context.Context) error {
	r.mu.Lock()
	ids := make([]int64, 0, len(r.ids))
	for id := range r.ids {
		ids = append(ids, id)
	}
	r.mu.Unlock()
	if err := r.sh.History.Flush(ctx); err != nil { // an answer may have gone out before it is written
		return err
	}
	for _, id := range ids {
		w, err := webhooks.Get(ctx, r.sh.History, id, r.sh.Now())
		if err != nil {
			return err
		}
		read, err := expect.Read(ctx, r.sh.History, w)
		if err != nil {
			return err
		}
		r.board.Put(read)
	}
	return nil
}

// lookUp finds a program as a shell does, before anything is started.
func lookUp(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", cannotStart(name, err)
	}
	return path, nil
}

func cannotStart(name string, err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		err = e.Err
	}
	f := fail.Local("%s cannot be started: %w", name, err)
	if errors.Is(err, exec.ErrNotFound) {
		return f.Hintf("barb run starts no shell: barb run -- sh -c '%s'", name)
	}
	return f
}
