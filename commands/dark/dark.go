// Package dark keeps lipgloss from asking the terminal for the colour of its background. bubbletea has it ask when the
// process starts, in every command. Go initialises this package before bubbletea, since its path sorts before that one
// and it imports nothing else that bubbletea does not; see docs/adr/0035-the-terminal-view-asks-nothing.md.
package dark

import "github.com/charmbracelet/lipgloss"

// Said is true once lipgloss has been told that the background is dark, so that it does not ask.
var Said = say()

func say() bool {
	lipgloss.SetHasDarkBackground(true)
	return true
}
