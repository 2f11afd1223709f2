// Package live lets a person steer a running command from its terminal. It reads keys one by one, keeps the list that
// they choose from, and leaves the terminal as it was whenever the shell gets it back. The command says what keys do.
package live

// suspend is the key that stops the process. continued is handed on as a key once the process goes on, and also where
// nothing could stop it.
const suspend, continued = "ctrl-z", "continued"
