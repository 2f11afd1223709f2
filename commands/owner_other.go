//go:build !linux

package commands

// processSpace is not known here: the leases of a process that was killed end by themselves.
func processSpace() string { return "" }

func bornAt(int) string { return "" }

func hasEnded(int, string) bool { return false }

// killMarked finds nothing here: what a command has started outlives a listener that was killed.
func killMarked(func(mark string) bool) int { return 0 }
