// Package live lets a person steer a running command from its terminal. It reads keys one by one, keeps the list that
// they choose from, and leaves the terminal as it was whenever the shell gets it back. The command says what keys do.
package live

import "os"

// suspend is the key that stops the process. continued is handed on as a key once the process goes on, and also where
// nothing could stop it.
const suspend, continued = "ctrl-z", "continued"

// IsPipe reports whether a writer is a pipe.
func IsPipe(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// TerminalOf returns the terminal that is read from in and drawn on by out; nil where it has no keys.
func TerminalOf(in, out any) *Terminal {
	from, isFile := in.(*os.File)
	to, areFiles := out.(*os.File)
	if !isFile || !areFiles || !hasKeys {
		return nil
	}
	return &Terminal{In: from, Out: to}
}
