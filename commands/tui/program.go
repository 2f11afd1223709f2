package tui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/barbhq/barb/commands/live"
)

// model runs Update and View in bubbletea.
type model struct {
	v     *Viewer
	state State
	first []Effect
}

// Init does the first effects.
func (m *model) Init() tea.Cmd { return m.do(m.first) }

// View draws the state.
func (m *model) View() string { return View(m.state) }

// Update takes in a message of bubbletea.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.state.Now = m.v.World.Shell.Now()
	if m.v.Counts != nil {
		m.state.Counts = m.v.Counts()
	}
	var all []Effect
	for _, message := range translate(msg) {
		var effects []Effect
		m.state, effects = Update(m.state, message)
		all = append(all, effects...)
	}
	return m, m.do(all)
}

// translate returns a message of the terminal in our words, and what the effects return as it is.
func translate(msg tea.Msg) []Message {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return pressed(msg)
	case tea.WindowSizeMsg:
		return []Message{Size{msg.Width, msg.Height}}
	case tea.MouseMsg:
		switch {
		case msg.Action != tea.MouseActionPress:
		case msg.Button == tea.MouseButtonLeft:
			return []Message{Click{msg.X, msg.Y}}
		case msg.Button == tea.MouseButtonWheelUp:
			return []Message{Wheel{msg.X, msg.Y, -wheelRows}}
		case msg.Button == tea.MouseButtonWheelDown:
			return []Message{Wheel{msg.X, msg.Y, wheelRows}}
		}
	case Loaded, Polled, Opened, Said, Copied, Offered, Remarked, Visited, QueueRead, Changed, Gone:
		return []Message{msg}
	}
	return nil
}

// pressed returns the keys of a message: what was typed fast comes in one.
func pressed(k tea.KeyMsg) (all []Message) {
	switch {
	case k.Paste:
		return []Message{Paste(string(k.Runes))}
	case k.Type == tea.KeyRunes && !k.Alt:
		for _, r := range k.Runes {
			all = append(all, Key(string(r)))
		}
		return all
	}
	return []Message{Key(keyName(k))}
}

// wheelRows is how far one step of the wheel scrolls.
const wheelRows = 3

// keyName returns the name of a key in the table of keys.
func keyName(k tea.KeyMsg) string {
	name := k.String()
	if name == " " {
		return "space"
	}
	return strings.ReplaceAll(name, "+", "-")
}

// do returns what does effects, each beside the others.
func (m *model) do(effects []Effect) tea.Cmd {
	var all []tea.Cmd
	for _, e := range effects {
		all = append(all, m.command(e))
	}
	return tea.Batch(all...)
}

func (m *model) command(e Effect) tea.Cmd {
	v := m.v
	switch e := e.(type) {
	case Quit:
		return tea.Quit
	case Redraw:
		return tea.ClearScreen
	case Suspend:
		return v.suspend
	case Edit:
		return m.edit(e)
	case Load:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.Load(ctx, e) })
	case Poll:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.Poll(ctx, pollEvery) })
	case Open:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.Open(ctx, e) })
	case Run:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.Command(ctx, e) })
	case Copy:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.Copy(ctx, v.screen, e) })
	case Browse:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.Browse(ctx, v.screen, e) })
	case Targets:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.Targets(ctx, e) })
	case Pin:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.Pin(ctx, e) })
	case Note:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.Note(ctx, e) })
	case ReadQueue:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.ReadQueue(ctx, e) })
	case Change:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.Change(ctx, e) })
	case Delete:
		return v.beside(func(ctx context.Context) tea.Msg { return v.World.Delete(ctx, e) })
	}
	return nil
}

// beside does an effect in a goroutine that Run waits for.
func (v *Viewer) beside(do func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		v.mu.Lock()
		over := v.over
		if !over {
			v.group.Add(1)
		}
		v.mu.Unlock()
		if over {
			return nil
		}
		defer v.group.Done()
		return do(v.ctx)
	}
}

// suspend puts the terminal back and stops the process, until the shell continues it.
func (v *Viewer) suspend() tea.Msg {
	if err := v.program.ReleaseTerminal(); err != nil {
		return nil
	}
	live.Stop()
	_ = v.program.RestoreTerminal()
	return nil
}

// edit runs a command line that has the terminal for itself, and shows what it says.
func (m *model) edit(e Edit) tea.Cmd {
	c := &terminalCommand{v: m.v, args: e.Args}
	return tea.Exec(c, func(error) tea.Msg {
		return Said{Run: Run{Args: e.Args, Title: "$ barb " + strings.Join(e.Args, " ")}, Text: c.said.String(), Code: c.code}
	})
}

// terminalCommand is a command line of barb as bubbletea runs programs.
type terminalCommand struct {
	v        *Viewer
	args     []string
	in       io.Reader
	out, err io.Writer
	said     bytes.Buffer
	code     int
}

func (c *terminalCommand) SetStdin(r io.Reader)  { c.in = r }
func (c *terminalCommand) SetStdout(w io.Writer) { c.out = w }
func (c *terminalCommand) SetStderr(w io.Writer) { c.err = w }

// Run runs the command line. What it prints stands on the terminal too, for questions that it asks.
func (c *terminalCommand) Run() error {
	both := io.MultiWriter(c.out, &c.said)
	c.code = c.v.World.Barb(c.v.ctx, Line{Args: c.args, In: c.in, Out: both, Err: both, Terminal: c.v.Out})
	if c.code != 0 {
		return fmt.Errorf("exit code %d", c.code)
	}
	return nil
}
