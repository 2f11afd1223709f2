// Package tui is the view of a history that fills a terminal, barb tui. Its state and what it draws are pure functions,
// Update and View; what they ask for is done by a World, with the queries and the command lines of barb.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/dark"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/store"
)

// Line is a command line of barb that runs beside this one.
type Line struct {
	Args     []string
	In       io.Reader // nil: it has no keyboard
	Out, Err io.Writer
	Width    int // columns of what it prints
	// Terminal is where an editor draws that the command line starts; nil: it starts none.
	Terminal io.Writer
}

// Barb runs a command line of barb and returns its exit code.
type Barb func(ctx context.Context, l Line) int

// New makes the command.
func New(sh *shell.Shell, barb Barb, page Pages) *cobra.Command {
	var filter string
	cmd := &cobra.Command{
		Use:  "tui",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !sh.InTerminal || !sh.OutTerminal {
				return fail.Usage("barb tui needs a terminal").Hint("barb history lists webhooks; barb history -f follows them")
			}
			if sh.JSON {
				return fail.Usage("barb tui prints no JSON").Hint("barb history --json")
			}
			history, err := sh.ReadHistory(cmd.Context())
			if errors.Is(err, store.ErrNotExist) { // the view says how the first webhook comes
				history, err = sh.WriteHistory(cmd.Context())
			}
			if err != nil {
				return err
			}
			ctx, stop := sh.Interruptible(cmd.Context())
			defer stop()
			world := &World{Shell: sh, History: history, Barb: barb, Page: page}
			v := Viewer{World: world, In: sh.In, Out: sh.Out, Filter: filter}
			return v.Run(ctx)
		},
	}
	cmd.Flags().StringVar(&filter, "filter", "", "show only what this `filter` selects, as / in the view")
	return cmd
}

// Viewer is the view on a terminal.
type Viewer struct {
	World   *World
	In      io.Reader
	Out     io.Writer
	Counts  func() string // what a listener says of itself; nil without one
	Filter  string
	At      string // where that listener listens; "" without one
	program *tea.Program
	screen  *screen
	ctx     context.Context

	mu    sync.Mutex
	over  bool // no further effect begins
	group sync.WaitGroup
}

// Run shows the view until the user quits or ctx ends. The terminal is then as it was.
func (v *Viewer) Run(ctx context.Context) error {
	if !dark.Said {
		return errors.New("the background of the terminal is unknown")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer v.end()
	defer cancel()
	v.ctx, v.screen = ctx, &screen{w: v.Out}
	sh := v.World.Shell
	state, effects := Start(sh.HistoryName(), sh.Stdout.Color, sh.Now())
	state.Listening, state.Overlooked = v.At, v.World.Overlooked
	if v.Filter != "" {
		state.filter, state.follow = v.Filter, true
		effects[0] = Load{Gen: 1, Filter: v.Filter}
	}
	var out io.Writer = v.screen
	if f, ok := v.Out.(*os.File); ok {
		out = &fileScreen{f, v.screen}
	}
	v.program = tea.NewProgram(&model{v: v, state: state, first: effects}, tea.WithContext(ctx), tea.WithInput(v.In),
		tea.WithOutput(out), tea.WithAltScreen(), tea.WithMouseCellMotion(), tea.WithoutSignalHandler())
	_, err := v.program.Run()
	switch {
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("a defect in the terminal view; its stack stands above")
	case ctx.Err() != nil:
		return fail.Silent(fail.ExitInterrupted)
	}
	return err
}

// end waits for the effects that are under way.
func (v *Viewer) end() {
	v.mu.Lock()
	v.over = true
	v.mu.Unlock()
	v.group.Wait()
}

// screen writes one text at a time to a terminal.
type screen struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *screen) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(data)
}

// fileScreen is a screen that bubbletea takes for the file it is.
type fileScreen struct {
	*os.File
	screen *screen
}

func (f *fileScreen) Write(data []byte) (int, error)       { return f.screen.Write(data) }
func (f *fileScreen) WriteString(text string) (int, error) { return f.screen.Write([]byte(text)) }
