//go:build !unix

package live

// Foreground reports whether the terminal behind a file descriptor may be drawn on; without job control always.
func Foreground(int) bool { return true }
