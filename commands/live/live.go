// Package live lets a person steer a running command from its terminal. It reads keys one by one, keeps the list that
// they choose from, and leaves the terminal as it was whenever the shell gets it back. The command says what keys do.
package live
